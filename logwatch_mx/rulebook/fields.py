"""The fields that a condition and a rule's ``by`` and ``count`` may name, and how an event answers.

One table, read by the checker, by the sentences and by the documentation test. An event that does
not say has no value: then every comparison is false (and its ``not`` true).
"""

import re
from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from logwatch_mx.model.event import (
    KIND_OF,
    Client,
    Delivery,
    Event,
    Mta,
    MtaVerdict,
    Reject,
    Relay,
    Said,
    Status,
)
from logwatch_mx.rulebook.whose import address, alabel

KINDS = frozenset(KIND_OF.values())
#: ``Too many hops 26 (25 max): from <s@a.test> via mail.b.test, to <r@c.test>``
_VIA = re.compile(r" via ([^ ,<>]{1,255}), to [^ ]+\Z")


class Type(StrEnum):
    """What a field holds, which decides what may be asked of it."""

    TEXT = "text"
    NUMBER = "number"
    SECONDS = "duration"
    BYTES = "size"
    FLAG = "yes or no"
    ADDRESS = "IP address"
    HOST = "host name"
    DOMAIN = "domain"
    PEER = "host with its address"


Answer = str | int | float | bool | Relay | Client | tuple[str, ...] | None
Getter = Callable[[Event, str | None], Answer]


class Field(Struct, frozen=True, kw_only=True):
    """One field: *noun* in a sentence, the *kinds* of event that may have it, *read* its value.

    *words*: the only values there are. *verbatim*: the value is a piece of the raw line but for
    ASCII case.
    """

    path: str
    type: Type
    noun: str
    kinds: frozenset[str]
    read: Getter
    words: frozenset[str] = frozenset()
    verbatim: bool = False


def get(event: Event, path: str, domain: str | None) -> str | None:
    """Return the value of the field *path* as a key to group or count by, None when there is none.

    Hosts, domains and addresses come in one spelling, so that case does not make two of one.
    *domain* is the recipient domain under consideration. Raises KeyError for what is no field.
    """
    return next(iter(get_all(event, path, domain)), None)


def get_all(event: Event, path: str, domain: str | None) -> tuple[str, ...]:
    """Return every value of the field *path*: more than one only for ``recipient``."""
    field = FIELDS[path]
    value = field.read(event, domain)
    if isinstance(value, tuple):
        return tuple(text.lower() for text in value)
    if isinstance(value, Relay | Client):
        value = value.ip or value.host
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    text = str(value)
    match field.type:
        case Type.ADDRESS | Type.PEER:
            found = address(text)
            return (text.lower() if found is None else str(found),)
        case Type.DOMAIN:
            return (alabel(text) or text.lower(),)
        case Type.HOST:
            return (text.lower().removesuffix("."),)
        case _:
            return (text.lower() if path == "sender" else text,)


def _plain(name: str) -> Getter:
    def read(event: Event, _domain: str | None) -> Answer:
        value: Answer = getattr(event, name, None)
        return value

    return read


def _part(whole: str, name: str) -> Getter:
    def read(event: Event, _domain: str | None) -> Answer:
        value: Answer = getattr(getattr(event, whole, None), name, None)
        return value

    return read


def _kinds(*names: str) -> frozenset[str]:
    """Return the kinds whose events have one of the attributes *names*."""
    return frozenset(
        kind for cls, kind in KIND_OF.items() if not set(names).isdisjoint(cls.__struct_fields__)
    )


def _domain(event: Event, domain: str | None) -> str | None:
    """Return the domain that the detector asks about, or the only one that the line names."""
    if domain is not None:
        return domain
    if isinstance(event, MtaVerdict):
        return event.domain
    # A name without a domain is local: such a line has no domain of its own to speak of.
    domains = {"@" in text and text.rpartition("@")[2].lower() for text in _addressed(event)}
    return (domains.pop() or None) if len(domains) == 1 else None


def _addressed(event: Event) -> tuple[str, ...]:
    if isinstance(event, Delivery):
        return event.recipients
    if isinstance(event, Reject) and event.recipient is not None:
        return (event.recipient,)
    return ()


def _recipients(event: Event, domain: str | None) -> tuple[str, ...] | None:
    """Return the recipients at *domain*; all of them where none is (an alias was expanded)."""
    everyone = _addressed(event)
    if domain is not None and len(everyone) > 1:
        there = tuple(text for text in everyone if alabel(text.rpartition("@")[2]) == domain)
        return there or everyone
    return everyone or None


def _sender_domain(event: Event, _domain: str | None) -> str | None:
    sender = getattr(event, "sender", None)
    return sender.rpartition("@")[2] if sender and "@" in sender else None


def _client(event: Event, _domain: str | None) -> Client | None:
    """Return who connected; sendmail's ``Too many hops`` names the host that handed it over."""
    if isinstance(event, MtaVerdict):
        found = _VIA.search(event.line.text) if event.verdict is Said.TOO_MANY_HOPS else None
        return Client(host=found[1]) if found else None
    client: Client | None = getattr(event, "client", None)
    return client


def _client_part(name: str) -> Getter:
    def read(event: Event, domain: str | None) -> Answer:
        value: Answer = getattr(_client(event, domain), name, None)
        return value

    return read


def _relay_literal(event: Event, _domain: str | None) -> bool:
    """Tell whether the next hop was given as an address, so that no MX record led there.

    Postfix prints ``127.0.0.1[127.0.0.1]:10024``, sendmail ``[127.0.0.1] [127.0.0.1]``.
    """
    relay = event.relay if isinstance(event, Delivery) else None
    if relay is None or relay.host is None:
        return False
    found = address(relay.host)
    return found is not None and (relay.ip is None or found == address(relay.ip))


def _line(event: Event, _domain: str | None) -> str:
    return event.line.text


def _words(values: type[StrEnum]) -> frozenset[str]:
    return frozenset(str(value) for value in values)


def _table(*fields: Field) -> dict[str, Field]:
    return {field.path: field for field in fields}


def _text(name: str, noun: str, *, words: type[StrEnum] | None = None, path: str = "") -> Field:
    """Return a text field that is the attribute *name*; *words* of ours are not in the line."""
    return Field(
        path=path or name,
        type=Type.TEXT,
        noun=noun,
        kinds=_kinds(name),
        read=_plain(name),
        words=_words(words) if words else frozenset(),
        verbatim=words is None,
    )


def _other(path: str, kind: Type, noun: str, *attributes: str, read: Getter | None = None) -> Field:
    whole, _, part = path.partition(".")
    return Field(
        path=path,
        type=kind,
        noun=noun,
        kinds=_kinds(*(attributes or (whole,))),
        read=read or (_part(whole, part) if part else _plain(whole)),
        # An address has many spellings, a domain may be in Unicode; a host is a piece of the line.
        verbatim=kind is Type.HOST,
    )


#: Every field by its path.
FIELDS = _table(
    Field(
        path="domain", type=Type.DOMAIN, noun="the recipient's domain", kinds=KINDS, read=_domain
    ),
    Field(
        path="recipient",
        type=Type.TEXT,
        noun="the recipient",
        kinds=_kinds("recipients", "recipient"),
        read=_recipients,
        verbatim=True,
    ),
    _text("orig_to", "the recipient as first addressed"),
    _text("sender", "the sender"),
    _other("sender.domain", Type.DOMAIN, "the sender's domain", "sender", read=_sender_domain),
    _other("relay", Type.PEER, "the relay"),
    _other("relay.host", Type.HOST, "the relay's name"),
    _other("relay.ip", Type.ADDRESS, "the relay's address"),
    _other("relay.port", Type.NUMBER, "the relay's port"),
    _other("relay.absolute", Type.FLAG, "the final dot of the relay"),
    _other(
        "relay.literal",
        Type.FLAG,
        "the relay being an address",
        "relay",
        read=_relay_literal,
    ),
    _text("status", "the status", words=Status),
    _text("dsn", "the DSN code"),
    _text("reply", "the reply"),
    _text("next_queue_id", "the next queue id"),
    _text("mailer", "the mailer"),
    _other("delay", Type.SECONDS, "the delay"),
    _other("client", Type.PEER, "the client", "client", "verdict", read=_client),
    _other(
        "client.host",
        Type.HOST,
        "the client's name",
        "client",
        "verdict",
        read=_client_part("host"),
    ),
    _other("client.ip", Type.ADDRESS, "the client's address"),
    _other("size", Type.BYTES, "the size"),
    _other("nrcpt", Type.NUMBER, "the number of recipients"),
    _text("message_id", "the message-id"),
    _text("child_queue_id", "the notice's queue id"),
    _text("cause", "the cause"),
    _text("verdict", "the MTA's verdict", words=Said),
    _other("mx_host", Type.HOST, "the mail exchanger"),
    _text("method", "the method"),
    _other("ok", Type.FLAG, "the success"),
    _other("count", Type.NUMBER, "the number of lines"),
    _other("repeated", Type.FLAG, "the repetition"),
    _other("unread", Type.FLAG, "the part that was gone"),
    _text("text", "the text after the header"),
    Field(
        path="line",
        type=Type.TEXT,
        noun="the whole line",
        kinds=KINDS,
        read=_line,
        verbatim=True,
    ),
    _text("queue_id", "the queue id"),
    _text("host", "the logging host"),
    _text("program", "the program"),
    _text("agent", "the daemon"),
    _other("pid", Type.NUMBER, "the process id"),
    _text("mta", "the MTA", words=Mta),
)
