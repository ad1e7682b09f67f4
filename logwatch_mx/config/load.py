"""config.toml → Settings: defaults, then the file, then the command line, then one check.

Every fault is told at once, each as ``FILE:LINE: KEY: what was expected, not what was there``.
Nothing else is ever raised but PermissionDeniedError when the file may not be read.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from msgspec import Struct, structs

from logwatch_mx.config import reading
from logwatch_mx.config.document import Document, printable, quote, read_document
from logwatch_mx.config.files import check_hook, read_secret_url
from logwatch_mx.config.place import Key, key_text
from logwatch_mx.config.reading import ListOf, Reader
from logwatch_mx.config.schema import ARRAYS, SECRET, TABLES, TOP, Section
from logwatch_mx.config.settings import Hook, Settings, Source
from logwatch_mx.errors import ConfigError, ConfigErrors

DEFAULT_PATH = Path("/etc/logwatch-mx/config.toml")
_T = TypeVar("_T")


class Overrides(Struct, frozen=True, kw_only=True):
    """Words of the command line: *mode* and *nameservers* replace, the others are added."""

    mode: str | None = None
    nameservers: tuple[str, ...] = ()
    own_domains: tuple[str, ...] = ()
    own_addresses: tuple[str, ...] = ()
    rules: tuple[Path, ...] = ()


def find_config(asked: Path | None) -> Path | None:
    """Return *asked*, else the usual place when there is a file, else None for the defaults."""
    return asked if asked is not None or not DEFAULT_PATH.exists() else DEFAULT_PATH


def load_settings(
    path: Path | None, overrides: Overrides | None = None, *, check_hooks: bool = True
) -> Settings:
    """Return the settings of the file *path* (None: the defaults) under *overrides*.

    Raise ConfigErrors with every fault. *check_hooks*: also look at the programs on disk.
    """
    document = read_document(path) if path is not None else Document()
    loading = _Loading(document, check_hooks=check_hooks)
    settings = loading.override(loading.read_all(), overrides or Overrides())
    if loading.faults:
        number = len(loading.faults)
        raise ConfigErrors(f"{number} fault{'s' * (number > 1)}", loading.faults)
    return settings


class _Loading:
    """One reading of one document, and the faults found so far."""

    def __init__(self, document: Document, *, check_hooks: bool) -> None:
        self.faults: list[ConfigError] = []
        self._document = document
        self._check_hooks = check_hooks

    def read_all(self) -> Settings:
        known = [*TOP, *TABLES, *ARRAYS]
        parts: dict[str, object] = {}
        for name, raw in self._document.tables.items():
            if name in TOP:
                self._read_into(parts, (name,), TOP[name], raw)
            elif name in TABLES:
                if isinstance(raw, dict):
                    section = TABLES[name]
                    parts[name] = section.made(**self._read_table((name,), section, raw))
                else:
                    self._fault((name,), f"expected a table [{name}]", raw)
            elif name in ARRAYS:
                parts[name] = self._read_array(name, raw)
            else:
                self._unknown((name,), known)
        settings = _beside_state(structs.replace(Settings(), **parts), self._document.tables)
        self._check_whole(settings)
        return settings

    def override(self, settings: Settings, words: Overrides) -> Settings:
        mode = {"mode": self._word("--mode", TOP["mode"], words.mode)} if words.mode else {}
        domains = tuple(
            self._word("--own-domain", reading.domain, word) for word in words.own_domains
        )
        addresses = tuple(
            self._word("--own-address", reading.address, word) for word in words.own_addresses
        )
        servers = tuple(
            self._word("--nameserver", reading.nameserver, word) for word in words.nameservers
        )
        if self.faults:
            return settings
        mta, dns = settings.mta, settings.dns
        return structs.replace(
            settings,
            mta=structs.replace(
                mta,
                own_domains=_joined(mta.own_domains, domains),
                own_addresses=_joined(mta.own_addresses, addresses),
            ),
            dns=structs.replace(dns, nameservers=servers or dns.nameservers),
            rules=_joined(settings.rules, words.rules),
            **mode,
        )

    def _word(self, option: str, reader: Reader | ListOf, raw: str) -> object:
        assert not isinstance(reader, ListOf)  # noqa: S101 -- an option holds one word
        try:
            return reader(raw)
        except ValueError as error:
            self.faults.append(ConfigError(f"{option}: {error}, not {quote(raw)}"))
            return None

    def _read_table(self, at: Key, section: Section, raw: dict[str, object]) -> dict[str, object]:
        values: dict[str, object] = {}
        for name, value in raw.items():
            if name in section.keys:
                self._read_into(values, (*at, name), section.keys[name], value)
            else:
                self._unknown((*at, name), list(section.keys))
        # The default file is for who names no source at all.
        names_other = values.get("journal") or values.get("syslog")
        if section is TABLES["source"] and "files" not in raw and names_other:
            values["files"] = ()
        return values

    def _read_array(self, name: str, raw: object) -> tuple[Struct, ...]:
        section = ARRAYS[name]
        if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
            self._fault((name,), f"expected tables [[{name}]]", raw)
            return ()
        made = []
        for number, table in enumerate(raw, start=1):
            before = len(self.faults)
            at: Key = (name, number)
            for missing in [key for key in section.required if key not in table]:
                self.faults.append(self._error(at, f'expected a key "{missing}" in it'))
            if name == "notify":
                table = self._with_url(at, table)  # noqa: PLW2901 -- the same table, completed
            values = self._read_table(at, section, table)
            if len(self.faults) == before:
                made.append(section.made(**values))
        return tuple(made)

    def _with_url(self, at: Key, table: dict[str, object]) -> dict[str, object]:
        if ("url" in table) == ("url_file" in table):
            self.faults.append(self._error(at, 'expected either a key "url" or a key "url_file"'))
        elif "url_file" in table:
            try:
                return {**table, "url": read_secret_url(reading.path(table["url_file"]))}
            except ValueError as error:
                self._fault((*at, "url_file"), str(error), table["url_file"])
        return table

    def _read_into(
        self, values: dict[str, object], at: Key, reader: Reader | ListOf, raw: object
    ) -> None:
        if not isinstance(reader, ListOf):
            try:
                values[str(at[-1])] = reader(raw)
            except ValueError as error:
                self._fault(at, str(error), raw)
            return
        if not isinstance(raw, list) or len(raw) < reader.at_least:
            some = "a list that is not empty" if reader.at_least else "a list"
            self._fault(at, f"expected {some}", raw)
            return
        elements: dict[str, object] = {}
        for number, element in enumerate(raw, start=1):
            self._read_into(elements, (*at, number), reader.one, element)
        if len(elements) == len(raw):
            values[str(at[-1])] = tuple(elements.values())

    def _check_whole(self, settings: Settings) -> None:
        source: Source = settings.source
        if not (source.files or source.journal or source.syslog):
            self.faults.append(
                self._error(("source", "files"), "expected at least one file, journal or syslog")
            )
        if settings.dns.lifetime < settings.dns.timeout:
            self.faults.append(
                self._error(("dns", "lifetime"), "expected at least as long as dns.timeout")
            )
        if self._check_hooks:
            for number, hook in enumerate(settings.hook, start=1):
                self._check_program(("hook", number, "command"), hook)

    def _check_program(self, at: Key, hook: Hook) -> None:
        try:
            check_hook(hook.command[0])
        except ValueError as error:
            self._fault(at, str(error), hook.command[0])

    def _unknown(self, at: Key, known: list[str]) -> None:
        name = str(at[-1])
        near = difflib.get_close_matches(name, known, 1)
        elsewhere = [table for table, section in TABLES.items() if name in section.keys]
        said = "unknown key"
        if near:
            said += f', did you mean "{near[0]}"?'
        elif elsewhere:
            said += f", it belongs in [{elsewhere[0]}]"
        else:
            said += ", expected one of " + ", ".join(sorted(known))
        self.faults.append(self._error(at, said))

    def _fault(self, at: Key, expected: str, raw: object) -> None:
        hidden = SECRET.intersection(str(part) for part in at)
        self.faults.append(self._error(at, expected if hidden else f"{expected}, not {quote(raw)}"))

    def _error(self, at: Key, said: str) -> ConfigError:
        return ConfigError(f"{self._document.place(at)}: {printable(key_text(at))}: {said}")


def _joined(first: tuple[_T, ...], more: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys((*first, *more)))


def _beside_state(settings: Settings, tables: Mapping[str, object]) -> Settings:
    """Return *settings* with our maps beside the state, where the file names no other place."""
    named = tables.get("respond")
    folder = settings.state.path.parent
    respond = settings.respond
    for key in ("postfix_map", "sendmail_map"):
        if not (isinstance(named, dict) and key in named):
            place = folder / getattr(respond, key).name
            respond = structs.replace(respond, **{key: place})
    return structs.replace(settings, respond=respond)
