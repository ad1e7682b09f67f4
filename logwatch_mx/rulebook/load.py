"""Rule files in, compiled rules out; every fault of every file at once.

A fault reads ``FILE: rule "ID": KEY: what was expected``. A user's rule with the id of a shipped
one replaces it; one that has nothing but ``id`` and ``enabled`` switches the shipped one on or off.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from msgspec import structs

from logwatch_mx.errors import ConfigError, ConfigErrors
from logwatch_mx.model.rule import Example, Rule
from logwatch_mx.rulebook.condition import Condition, compile_condition
from logwatch_mx.rulebook.keys import EXAMPLE_KEYS, RULE_KEYS, Key
from logwatch_mx.rulebook.meaning import nearest
from logwatch_mx.rulebook.sense import contradictions

Place = Path | Traversable

#: A rule is written by hand, its examples are a few hundred lines at most.
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule and its condition, ready to be asked."""

    rule: Rule
    condition: Condition


@dataclass(frozen=True, slots=True)
class _Switch:
    """A user's file that only switches a shipped rule on or off."""

    id: str
    enabled: bool
    source: str


def shipped_place() -> Traversable:
    """Return the directory of the shipped rules: inside the wheel, or at the top of a checkout."""
    return place_in(files("logwatch_mx"))


def place_in(package: Traversable) -> Traversable:
    """Return where the rules of *package* are: in it, or beside it when it was not built."""
    inside = package / "_data" / "rules"
    if inside.is_dir():
        return inside
    return Path(str(package)).parent / "rules"


def shipped_rules(*, disabled: bool = False) -> tuple[CompiledRule, ...]:
    """Return the shipped rules that are switched on (or all of them, with *disabled*)."""
    return load_rules([shipped_place()], disabled=disabled)


def load_rules(
    paths: Iterable[Place], own: Iterable[Place] = (), *, disabled: bool = False
) -> tuple[CompiledRule, ...]:
    """Return the rules in *paths* (files, or directories of ``*.toml``) and a user's *own*, by id.

    An own rule replaces one of *paths*. Rules that are switched off are left out unless *disabled*.
    Raises ConfigErrors with every fault of every file.
    """
    faults: list[ConfigError] = []
    rules = _collect(paths, faults)
    mine = _collect(own, faults)
    for identity, found in mine.items():
        if isinstance(found, CompiledRule):
            rules[identity] = found
    for identity, found in [*rules.items(), *mine.items()]:
        if not isinstance(found, _Switch):
            continue
        there = rules.get(identity)
        if isinstance(there, CompiledRule):
            rule = structs.replace(there.rule, enabled=found.enabled)
            rules[identity] = CompiledRule(rule, there.condition)
        else:
            faults.append(ConfigError(f'{found.source}: rule "{identity}": no rule to switch'))
    if faults:
        raise ConfigErrors("the rules have faults", faults)
    every = sorted(
        (found for found in rules.values() if isinstance(found, CompiledRule)),
        key=lambda found: found.rule.id,
    )
    return tuple(found for found in every if disabled or found.rule.enabled)


def _collect(
    paths: Iterable[Place], faults: list[ConfigError]
) -> dict[str, CompiledRule | _Switch]:
    found: dict[str, CompiledRule | _Switch] = {}
    sources: dict[str, str] = {}
    for path in paths:
        for file in _rule_files(path, faults):
            one = _load(file, faults)
            if one is None:
                continue
            identity = one.id if isinstance(one, _Switch) else one.rule.id
            if identity in found:
                faults.append(
                    ConfigError(
                        f'{file}: rule "{identity}": id: already used in {sources[identity]}'
                    )
                )
                continue
            found[identity] = one
            sources[identity] = str(file)
    return found


def _rule_files(path: Place, faults: list[ConfigError]) -> list[Place]:
    try:
        if path.is_dir():
            inside = [one for one in path.iterdir() if one.name.endswith(".toml")]
            return sorted(inside, key=lambda one: one.name)
        if path.is_file():
            return [path]
    except OSError as error:
        faults.append(ConfigError(f"{path}: {error.strerror or error}"))
        return []
    faults.append(ConfigError(f"{path}: no such file or directory"))
    return []


def _load(file: Place, faults: list[ConfigError]) -> CompiledRule | _Switch | None:
    try:
        # A pipe or a device would make us wait, or never end.
        if not file.is_file():
            faults.append(ConfigError(f"{file}: not a file"))
            return None
        with file.open("rb") as opened:
            raw = opened.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            faults.append(ConfigError(f"{file}: larger than {_LARGEST >> 20} MiB"))
            return None
        table = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        faults.append(ConfigError(f"{file}: {error.strerror or error}"))
    except UnicodeDecodeError as error:
        faults.append(ConfigError(f"{file}: not UTF-8 at byte {error.start}"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        faults.append(ConfigError(f"{file}: not TOML: {_plain(str(error))}"))
    else:
        return read_rule(table, str(file), faults)
    return None


def read_rule(
    table: Mapping[str, Any], source: str, faults: list[ConfigError]
) -> CompiledRule | _Switch | None:
    """Return the rule that *table* holds; add what is wrong with it to *faults*."""
    identity = table.get("id")
    place = f'{source}: rule "{_plain(identity)}"' if isinstance(identity, str) else source
    before = len(faults)
    if set(table) == {"id", "enabled"}:
        values = _values(table, RULE_KEYS, place, faults, switch=True)
        if len(faults) > before:
            return None
        return _Switch(values["id"], values["enabled"], source)
    plain = {key: value for key, value in table.items() if key != "examples"}
    values = _values(plain, RULE_KEYS, place, faults)
    values["examples"] = _examples(table.get("examples", []), place, faults)
    faults.extend(ConfigError(f"{place}: {said}") for said in contradictions(values, set(table)))
    condition = None
    if "when" in values:
        try:
            condition = compile_condition(table["when"], f"{place}: when")
        except ConfigError as error:
            faults.append(error)
    if condition is None or len(faults) > before:
        return None
    return CompiledRule(Rule(**values, source=source), condition)


def _values(
    table: Mapping[str, Any],
    keys: Mapping[str, Key],
    place: str,
    faults: list[ConfigError],
    *,
    switch: bool = False,
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in keys:
            shown = _plain(name)
            faults.append(ConfigError(f"{place}: {shown}: no such key{nearest(shown, keys)}"))
            continue
        try:
            values[name] = keys[name].read(value)
        except ValueError as error:
            faults.append(ConfigError(f"{place}: {name}: {_plain(str(error))}"))
    if not switch:
        faults.extend(
            ConfigError(f"{place}: {name}: this key is missing")
            for name, key in keys.items()
            if key.required and name not in table
        )
    return values


def _examples(tables: Any, place: str, faults: list[ConfigError]) -> tuple[Example, ...]:  # noqa: ANN401 - TOML
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        faults.append(ConfigError(f"{place}: examples: write each one under [[examples]]"))
        return ()
    found = []
    for number, table in enumerate(tables, 1):
        before = len(faults)
        values = _values(table, EXAMPLE_KEYS, f"{place}: examples: number {number}", faults)
        if len(faults) == before:
            found.append(Example(**values))
    return tuple(found)


def _plain(text: str) -> str:
    """Return *text* for a message: one line without terminal escapes, and not too long."""
    return "".join(c if c.isprintable() else "?" for c in text)[:200]
