"""The keys of a rule file: what each may hold, and the words for a person when it does not.

A TOML value in, a checked value out, or ValueError; ``load`` adds the place. ``schema`` reads the
same table, so that an editor and the loader agree.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from logwatch_mx.config.address import canonical
from logwatch_mx.config.domain import a_labels
from logwatch_mx.config.duration import parse_duration
from logwatch_mx.model.action import Verb
from logwatch_mx.model.incident import IncidentKind, SignalKind
from logwatch_mx.model.rule import Severity
from logwatch_mx.rulebook.fields import FIELDS
from logwatch_mx.rulebook.meaning import nearest

#: ``detect`` keeps as many events of one subject and no more.
MOST = 1000
#: Groups that are no field of an event: the spike test makes them itself.
GROUPS = frozenset({"relay.provider"})

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_ID = 64


class Key(Struct, frozen=True):
    """One key: *read* checks its value, *schema* describes it to an editor."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]
    about: str
    required: bool = False


def _text(value: Any) -> str:  # noqa: ANN401 - TOML may hold anything
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected a text in quotes")
    return value.strip()


def _id(value: Any) -> str:  # noqa: ANN401 - as above
    text = _text(value)
    if not _ID.fullmatch(text) or len(text) > _LONGEST_ID:
        raise ValueError(
            'expected lower-case words with hyphens between them, such as "sasl-failures"'
        )
    return text


def _flag(value: Any) -> bool:  # noqa: ANN401 - as above
    if not isinstance(value, bool):
        raise ValueError("expected true or false")  # noqa: TRY004 - one kind of error for all
    return value


def _number(value: Any) -> int:  # noqa: ANN401 - as above
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        raise ValueError(f"expected a whole number from 1 to {MOST}")
    return value


def _window(value: Any) -> Any:  # noqa: ANN401 - as above
    if not isinstance(value, str):
        raise ValueError('expected a duration in quotes, such as "10m"')  # noqa: TRY004 - as above
    try:
        return parse_duration(value)
    except ValueError:
        raise ValueError(f'not a duration: "{value}" (such as "90s", "10m", "6h", "7d")') from None


def _field(value: Any) -> str:  # noqa: ANN401 - as above
    text = _text(value)
    if text not in FIELDS and text not in GROUPS:
        raise ValueError(f"no field is called {text!r}{nearest(text, FIELDS)}")
    return text


def _one_of(words: type[StrEnum], but: frozenset[str] = frozenset()) -> Callable[[Any], Any]:
    names = [str(word) for word in words if str(word) not in but]

    def read(value: Any) -> Any:  # noqa: ANN401 - as above
        if value not in names:
            raise ValueError(f"expected one of {', '.join(names)}, not {value!r}")
        return words(value)

    return read


def _many(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    def each(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as above
        if not isinstance(value, list):
            raise ValueError("expected a list in [...]")  # noqa: TRY004 - as above
        return tuple(read(item) for item in value)

    return each


def _lines(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """Return log lines: a list of them, or one text as it was copied from the log."""
    if isinstance(value, str):
        value = [line for line in value.split("\n") if line.strip()]
    lines = _many(_text)(value)
    if not lines:
        raise ValueError("expected at least one log line")
    return lines


def _enum(words: type[StrEnum], but: frozenset[str] = frozenset()) -> dict[str, Any]:
    return {"type": "string", "enum": [str(word) for word in words if str(word) not in but]}


_STRING: dict[str, Any] = {"type": "string", "minLength": 1}
_STRINGS: dict[str, Any] = {"type": "array", "items": _STRING}
_DURATION: dict[str, Any] = {"type": "string", "pattern": "^([0-9]{1,9}(ms|[wdhms])){1,6}$"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": MOST}
_PATH: dict[str, Any] = {"type": "string", "enum": sorted(FIELDS.keys() | GROUPS)}
_NO_RULE = frozenset({IncidentKind.OUTAGE.value})
_NO_ANSWER = frozenset({Verb.RELEASE.value})

#: The keys of ``[[examples]]``.
EXAMPLE_KEYS: dict[str, Key] = {
    "title": Key(_text, _STRING, "What these lines are.", required=True),
    "lines": Key(
        _lines,
        {"anyOf": [_STRING, {**_STRINGS, "minItems": 1}]},
        "Log lines as they stand in the log: one text, or a list.",
        required=True,
    ),
    "expect": Key(
        _many(_text), _STRINGS, "The subjects that the rule raises; none when it must stay silent."
    ),
    "own_domains": Key(_many(lambda value: a_labels(_text(value))), _STRINGS, "Domains of ours."),
    "own_addresses": Key(
        _many(lambda value: canonical(_text(value))), _STRINGS, "Addresses of ours."
    ),
}

#: The keys of a rule but for ``examples``.
RULE_KEYS: dict[str, Key] = {
    "id": Key(_id, {"type": "string", "pattern": f"^{_ID.pattern}$"}, "Its name.", required=True),
    "title": Key(_text, _STRING, "What it finds, in a few words.", required=True),
    "description": Key(_text, _STRING, "Why that matters, and what to do."),
    "severity": Key(_one_of(Severity), _enum(Severity), "How much an admin should care."),
    "kind": Key(
        _one_of(IncidentKind, _NO_RULE),
        _enum(IncidentKind, _NO_RULE),
        "What the incident is about; rule when it is none of the others.",
    ),
    "signal": Key(_one_of(SignalKind), _enum(SignalKind), "The kind of evidence for a loop."),
    "when": Key(_text, _STRING, "The condition, see docs/rules.md.", required=True),
    "by": Key(_field, _PATH, "The field whose value is the subject of the incident."),
    "count": Key(_field, _PATH, "The field whose different values are counted; events without it."),
    "window": Key(_window, _DURATION, "The time within which is counted."),
    "threshold": Key(_number, _COUNT, "How many raise an incident."),
    "spike": Key(_flag, {"type": "boolean"}, "Left to the spike test in place of a threshold."),
    "respond": Key(
        _many(_one_of(Verb, _NO_ANSWER)),
        {"type": "array", "items": _enum(Verb, _NO_ANSWER)},
        "What may be done beyond a notice.",
    ),
    "references": Key(_many(_text), _STRINGS, "Where to read more."),
    "enabled": Key(_flag, {"type": "boolean"}, "false switches the rule off."),
}
