"""Settings → TOML text that may be shown to anybody: every key, no secret."""

import json
import re
from datetime import timedelta

from msgspec import Struct, structs

from logwatch_mx.config.duration import duration_text
from logwatch_mx.config.reading import mask_url
from logwatch_mx.config.settings import NotifyTarget, Settings

_MASK = "…"
# What people pass to a hook on its command line although they should not.
_NAMED_SECRET = re.compile(
    r"((?:token|secret|passw(?:or)?d|pass|api[_-]?key|key|auth)[\w-]*[=:]).+",
    re.IGNORECASE | re.DOTALL,
)
_SECRET_OPTION = re.compile(
    r"--?(?:[\w-]*(?:token|secret|passw(?:or)?d|api[_-]?key))", re.IGNORECASE
)
_URL = re.compile(r"([a-z][a-z0-9+.-]*://).+", re.IGNORECASE | re.DOTALL)


def show_settings(settings: Settings) -> str:
    """Return *settings* as TOML; notification URLs keep their scheme alone.

    It can be read back as a configuration but for what is masked.
    """
    top, tables = [], []
    for name, value in _fields(settings):
        if isinstance(value, Struct):
            tables.append(f"[{name}]\n{_table(value)}")
        elif isinstance(value, tuple) and name in {"hook", "notify"}:
            tables += [f"[[{name}]]\n{_table(each)}" for each in value]
        else:
            top.append(_line(name, value))
    return "".join(top) + "".join(f"\n{table}" for table in tables)


def _table(values: Struct) -> str:
    fields = dict(_fields(values))
    if isinstance(values, NotifyTarget):
        # The file says where the secret is without saying it.
        hidden = "url" if values.url_file is not None else "url_file"
        del fields[hidden]
        if "url" in fields:
            fields["url"] = mask_url(values.url)
    if "command" in fields:
        fields["command"] = _mask_arguments(fields["command"])
    return "".join(_line(name, value) for name, value in fields.items())


def _mask_arguments(command: object) -> tuple[str, ...]:
    assert isinstance(command, tuple)  # noqa: S101 -- the type of Hook.command
    shown: list[str] = []
    for before, argument in zip(("", *command), command, strict=False):
        if _SECRET_OPTION.fullmatch(before):
            shown.append(_MASK)
        else:
            shown.append(_URL.sub(rf"\1{_MASK}", _NAMED_SECRET.sub(rf"\1{_MASK}", argument)))
    return tuple(shown)


def _fields(values: Struct) -> list[tuple[str, object]]:
    return [(field.name, getattr(values, field.name)) for field in structs.fields(values)]


def _line(name: str, value: object) -> str:
    return f"# {name} is not set\n" if value is None else f"{name} = {_literal(value)}\n"


def _literal(value: object) -> str:
    match value:
        case tuple():
            return f"[{', '.join(_literal(each) for each in value)}]"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case timedelta():
            return f'"{duration_text(value)}"'
        case _:
            # A JSON text is a TOML text but for DEL, which TOML wants escaped.
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
