"""What a condition means: its tree checked against the fields, and turned to one function.

Nothing of the text is ever executed: each node becomes a closure over checked values. Text is
compared without regard to ASCII case, addresses by value, domains as A-labels.
"""

import re
from collections.abc import Callable
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from operator import ge, gt, le, lt

from logwatch_mx.model.event import KIND_OF, Client, Event, Relay
from logwatch_mx.model.site import Site
from logwatch_mx.rulebook.fields import FIELDS, KINDS, Field, Type
from logwatch_mx.rulebook.pattern import PatternError, compile_pattern
from logwatch_mx.rulebook.syntax import Fault
from logwatch_mx.rulebook.tree import All, Compare, Form, Node, Not, Op, Some, Value, Word
from logwatch_mx.rulebook.whose import (
    address,
    alabel,
    is_loopback,
    is_own,
    is_own_domain,
    is_protected_domain,
)

Test = Callable[[Event, str | None, Site], bool]
#: What of one value is asked; ``object`` because a field's type was checked before.
_Ask = Callable[..., bool]

_HOST_CLASSES: dict[str, Callable[[str, Site], bool]] = {
    "loopback": lambda text, _site: is_loopback(text),
    "own": is_own,
    "self": lambda text, site: is_loopback(text) or is_own(text, site),
}
_DOMAIN_CLASSES: dict[str, Callable[[str, Site], bool]] = {
    "own": is_own_domain,
    "protected": is_protected_domain,
}
_ORDER = {Op.LESS: lt, Op.AT_MOST: le, Op.MORE: gt, Op.AT_LEAST: ge}
_NUMBERS = frozenset({Type.NUMBER, Type.SECONDS, Type.BYTES})
_TEXTS = frozenset({Type.TEXT, Type.HOST, Type.DOMAIN})
_UNITS = {
    Type.NUMBER: {"": 1},
    Type.SECONDS: {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800},
    Type.BYTES: {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30},
}


def field_at(name: str, at: int) -> Field:
    """Return the field *name*; raise ``Fault`` with the nearest one when there is none."""
    if name not in FIELDS:
        raise Fault(at, f"no field is called {name!r}{nearest(name, FIELDS)}")
    return FIELDS[name]


def nearest(name: str, known: object) -> str:
    """Return a hint at the name in *known* that *name* was probably meant to be, or nothing."""
    close = get_close_matches(name, list(known), 1)  # type: ignore[call-overload]  # any iterable
    return f" (did you mean {close[0]!r}?)" if close else ""


def compile_tree(node: Node) -> Test:
    """Return the function that answers *node*; raise ``Fault`` where it makes no sense."""
    match node:
        case Word():
            return _word(node)
        case Compare():
            return _compare(node)
        case Not():
            inner = compile_tree(node.part)
            return lambda event, domain, site: not inner(event, domain, site)
        case All():
            return _every([compile_tree(part) for part in node.parts])
        case Some():
            return _any([compile_tree(part) for part in node.parts])


def _every(tests: list[Test]) -> Test:
    def every(event: Event, domain: str | None, site: Site) -> bool:
        # Every line pays for this: `all` with a generator costs twice as much.
        for test in tests:  # noqa: SIM110 - see above
            if not test(event, domain, site):
                return False
        return True

    return every


def _any(tests: list[Test]) -> Test:
    def some(event: Event, domain: str | None, site: Site) -> bool:
        for test in tests:  # noqa: SIM110 - as above
            if test(event, domain, site):
                return True
        return False

    return some


def _word(node: Word) -> Test:
    if node.name in KINDS:
        (wanted,) = (cls for cls, kind in KIND_OF.items() if kind == node.name)
        return lambda event, _domain, _site: type(event) is wanted
    if node.name not in FIELDS:
        known = sorted(KINDS | FIELDS.keys())
        raise Fault(
            node.at, f"no event or field is called {node.name!r}{nearest(node.name, known)}"
        )
    field = FIELDS[node.name]
    read = field.read
    if field.type is Type.FLAG:
        return lambda event, domain, _site: read(event, domain) is True
    if field.type is Type.PEER:
        return lambda event, domain, _site: read(event, domain) is not None
    raise Fault(
        node.at + len(node.name), f"{node.name} is a {field.type}: compare it, or ask if it exists"
    )


def _compare(node: Compare) -> Test:
    field = field_at(node.name, node.at)
    read = field.read
    if node.op is Op.EXISTS:
        return lambda event, domain, _site: read(event, domain) not in {None, ()}
    if node.op is Op.IS and (named := _class(field, node.values[0])) is not None:
        return named
    ask = _asked(node, field)

    def compare(event: Event, domain: str | None, _site: Site) -> bool:
        value = read(event, domain)
        if value is None:
            return False
        if isinstance(value, tuple):
            return any(map(ask, value))
        return ask(value)

    return compare


def _class(field: Field, value: Value) -> Test | None:
    """Return the test for a class of hosts or domains (``relay is self``), None for a plain value.

    A name in quotes is never a class.
    """
    read = field.read
    classes = _DOMAIN_CLASSES if field.type is Type.DOMAIN else _HOST_CLASSES
    if value.form is not Form.BARE or field.type not in {
        Type.PEER,
        Type.HOST,
        Type.ADDRESS,
        Type.DOMAIN,
    }:
        return None
    belongs = classes.get(value.text)
    of_named = _nobodys if value.text == "loopback" else is_own
    if belongs is None:
        if field.type is Type.PEER:
            raise Fault(value.at, f"{field.path} is one of {_listed(classes)}; {_parts(field)}")
        return None

    def named(event: Event, domain: str | None, site: Site) -> bool:
        found = read(event, domain)
        if isinstance(found, Relay | Client):
            ip, host = found.ip, found.host
            if ip is not None and belongs(ip, site):
                return True
            if host is None:
                return False
            # Where the address is known, it says what is loopback: anybody may call a host of his
            # `mx.localhost`, and lead it anywhere.
            return (belongs if ip is None else of_named)(host, site)
        return isinstance(found, str) and belongs(found, site)

    return named


def _nobodys(_text: str, _site: Site) -> bool:
    return False


def _asked(node: Compare, field: Field) -> _Ask:
    """Return what is asked of one value; raise ``Fault`` when the type has no such thing."""
    if field.type in _NUMBERS and node.op in {Op.IS, Op.IN}:
        numbers = frozenset(_number(value, field) for value in node.values)
        return numbers.__contains__
    if field.type in _NUMBERS and node.op in _ORDER:
        order, limit = _ORDER[node.op], _number(node.values[0], field)
        return lambda value: order(value, limit)
    if field.type is Type.ADDRESS and node.op in {Op.IS, Op.IN}:
        return _in_networks([_network(value, node.op) for value in node.values])
    if field.type in _TEXTS:
        return _asked_of_text(node, field)
    hint = f"; {_parts(field)}" if field.type is Type.PEER else ""
    raise Fault(
        node.values[0].at, f"{field.path} is a {field.type}: {node.op!s} is not for it{hint}"
    )


def _parts(field: Field) -> str:
    return f"or ask {field.path}.host or {field.path}.ip"


def _asked_of_text(node: Compare, field: Field) -> _Ask:
    first = node.values[0]
    match node.op:
        case Op.IS | Op.IN:
            for value in node.values:
                _check_word(value, field)
            spell = _domain_key if field.type is Type.DOMAIN else _fold
            wanted = frozenset(spell(value.text) for value in node.values)
            if field.words:
                return wanted.__contains__
            return lambda value: spell(value) in wanted
        case Op.CONTAINS | Op.STARTS | Op.ENDS if not first.text:
            raise Fault(first.at, "every text has nothing in it: this is always true")
        case Op.CONTAINS:
            needle = _fold(first.text)
            return lambda value: needle in _fold(value)
        case Op.STARTS:
            needle = _fold(first.text)
            return lambda value: _fold(value).startswith(needle)
        case Op.ENDS:
            needle = _fold(first.text)
            return lambda value: _fold(value).endswith(needle)
        case Op.MATCHES:
            try:
                return compile_pattern(first.text, any_case=first.form is Form.REGEX_ANY_CASE)
            except PatternError as error:
                raise Fault(first.at + 1 + error.at, error.said) from None
        case _:
            raise Fault(first.at, f"{field.path} is a {field.type}: {node.op!s} is for numbers")


_UPPER = re.compile("[A-Z]+")


def _fold(text: str) -> str:
    """Return *text* with ASCII letters lowered and nothing else changed.

    ``str.lower`` also makes a ``k`` of the Kelvin sign: then a byte sieve that lowers ASCII only
    would lose lines that match.
    """
    return text.lower() if text.isascii() else _UPPER.sub(lambda found: found[0].lower(), text)


def _domain_key(text: str) -> str:
    return alabel(text) or _fold(text)


def _check_word(value: Value, field: Field) -> None:
    if field.words and _fold(value.text) not in field.words:
        raise Fault(value.at, f"{field.path} is one of {_listed(field.words)}")


def _listed(words: object) -> str:
    return ", ".join(sorted(words))  # type: ignore[call-overload]  # any iterable


def _number(value: Value, field: Field) -> float:
    units = _UNITS[field.type]
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)([A-Za-z]?)", value.text)
    if found is None or found[2] not in units:
        more = [unit for unit in units if unit]
        raise Fault(
            value.at, "expected a number" + (f", with one of {', '.join(more)}" if more else "")
        )
    return float(found[1]) * units[found[2]]


def _network(value: Value, op: Op) -> IPv4Network | IPv6Network:
    if op is Op.IS and "/" in value.text:
        raise Fault(value.at, f'a network is asked with "in": in {value.text}')
    text = value.text
    if "/" not in text:
        found = address(text)
        if found is None:
            raise Fault(value.at, "expected an IP address")
        text = str(found)
    try:
        return ip_network(text)
    except ValueError as error:
        raise Fault(value.at, f"expected a network: {error}") from None


def _in_networks(networks: list[IPv4Network | IPv6Network]) -> _Ask:
    def inside(value: str) -> bool:
        found = address(value)
        return found is not None and any(
            found.version == network.version and found in network for network in networks
        )

    return inside
