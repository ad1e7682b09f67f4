"""Rules and conditions in English, for ``rules explain``."""

from datetime import timedelta

from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.rule import Rule
from logwatch_mx.rulebook.fields import FIELDS, KINDS, Type
from logwatch_mx.rulebook.tree import All, Compare, Node, Not, Op, Some, Word

_KINDS = {
    "message": "a message that enters the queue",
    "delivery": "a delivery attempt",
    "bounce": "a notice made from a message",
    "removed": "a message that leaves the queue",
    "reject": "a refused client",
    "verdict": "a line in which the MTA itself tells of a loop",
    "auth": "an authentication",
    "gap": "a gap in the log",
    "other": "a line without news of mail",
    "unparsed": "a line that is not understood",
    "foreign": "a line of another program",
    "malformed": "a line without a syslog header",
}
_CLASSES = {
    "loopback": "loopback",
    "own": "one of our own",
    "self": "this site itself (loopback or one of our own)",
    "protected": "protected",
}
_OPS = {
    Op.LESS: ("is less than", "is not less than"),
    Op.AT_MOST: ("is at most", "is not at most"),
    Op.MORE: ("is more than", "is not more than"),
    Op.AT_LEAST: ("is at least", "is not at least"),
    Op.CONTAINS: ("contains", "does not contain"),
    Op.STARTS: ("starts with", "does not start with"),
    Op.ENDS: ("ends with", "does not end with"),
    Op.MATCHES: ("matches the pattern", "does not match the pattern"),
    Op.IS: ("is", "is not"),
    Op.IN: ("is one of", "is none of"),
    Op.EXISTS: ("is given", "is not given"),
}
#: Every field that is true or false, and its contrary.
_FLAGS = {
    "ok": ("it succeeded", "it failed"),
    "repeated": ("the last line was repeated", "lines were dropped"),
    "unread": ("a part of the log was gone before it was read", "the logger says so itself"),
    "relay.absolute": (
        "the relay was found through MX (a name with a final dot)",
        "the relay was not found through MX (no final dot)",
    ),
    "relay.literal": (
        "the relay was configured as an address",
        "the relay was not configured as an address",
    ),
}
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def say(node: Node) -> str:
    """Say the condition *node*, without a full stop."""
    if isinstance(node, All) and isinstance(node.parts[0], Word) and node.parts[0].name in KINDS:
        return f"{_KINDS[node.parts[0].name]} where {_join(node.parts[1:], 'and')}"
    if isinstance(node, Some):
        return "either " + ", or ".join(say(part) for part in node.parts)
    if isinstance(node, Word) and node.name in KINDS:
        return _KINDS[node.name]
    if isinstance(node, Not) and isinstance(node.part, Word) and node.part.name in KINDS:
        return f"any line but {_KINDS[node.part.name]}"
    if isinstance(node, All):
        return f"a line where {_join(node.parts, 'and')}"
    return f"a line where {_phrase(node)}"


def explain(rule: Rule, condition: Node) -> str:
    """Say in one sentence when *rule* raises what; a rule that is switched off says so."""
    done = f"; then {', '.join(rule.respond)}" if rule.respond else ""
    said = f"{_raised(rule)} {say(condition)}{done}."
    return said if rule.enabled else f"Switched off: {said[0].lower()}{said[1:]}"


def _raised(rule: Rule) -> str:
    match rule.kind:
        case IncidentKind.LOOP:
            sign = str(rule.signal or "").replace("_", " ")
            return f"Evidence ({sign}) of a loop of the recipient's domain ({rule.severity}) is"
        case IncidentKind.SPIKE | IncidentKind.OUTAGE:
            return f"The spike test, kept for each {_key(rule.by)} ({rule.severity}), counts"
        case IncidentKind.FORWARDING_LOOP | IncidentKind.RULE:
            name = "A forwarding loop" if rule.kind is not IncidentKind.RULE else "An incident"
            return (
                f"{name} ({rule.severity}) for {_key(rule.by)} is raised when {_counted(rule)}"
                f" within {spell_duration(rule.window)}:"
            )


def _counted(rule: Rule) -> str:
    if rule.count is not None:
        return f"{rule.threshold} different values of {_key(rule.count)} are seen"
    return "one line is seen" if rule.threshold == 1 else f"{rule.threshold} lines are seen"


def spell_duration(span: timedelta) -> str:
    """Return *span* in words: ``10 minutes``, ``1 hour 30 minutes``."""
    left = int(span.total_seconds())
    words = []
    for size, name in _UNITS:
        number, left = divmod(left, size)
        if number:
            words.append(f"{number} {name}{'s' if number > 1 else ''}")
    return " ".join(words) or "0 seconds"


def _key(path: str) -> str:
    return FIELDS[path].noun if path in FIELDS else path.replace(".", "'s ")


def _phrase(node: Node, *, holds: bool = True) -> str:
    match node:
        case Word() if node.name in KINDS:
            return f"the line is {'' if holds else 'not '}{_KINDS[node.name]}"
        case Word() if FIELDS[node.name].type is Type.PEER:
            return f"{FIELDS[node.name].noun} is {'' if holds else 'not '}given"
        case Word():
            return _FLAGS[node.name][not holds]
        case Compare():
            return _compared(node, holds=holds)
        case Not():
            return _phrase(node.part, holds=not holds)
        case All() | Some():
            joined = f"({_join(node.parts, 'and' if isinstance(node, All) else 'or')})"
            return joined if holds else f"not {joined}"


def _join(parts: tuple[Node, ...], word: str) -> str:
    said = [_phrase(part) for part in parts]
    if len(said) == 1:
        return said[0]
    return f"{', '.join(said[:-1])} {word} {said[-1]}"


def _compared(node: Compare, *, holds: bool) -> str:
    field = FIELDS[node.name]
    verb = _OPS[node.op][not holds]
    if node.op is Op.EXISTS:
        return f"{field.noun} {verb}"
    first = node.values[0].text
    if node.op is Op.IS and field.type not in {Type.TEXT, Type.NUMBER} and first in _CLASSES:
        return f"{field.noun} {verb} {_CLASSES[first]}"
    if node.op is Op.IN:
        if len(node.values) == 1:
            verb = "is in" if holds else "is not in"
        return f"{field.noun} {verb} {', '.join(value.text for value in node.values)}"
    quoted = node.op in {Op.CONTAINS, Op.STARTS, Op.ENDS, Op.MATCHES}
    return f"{field.noun} {verb} {_quote(first) if quoted else first}"


def _quote(text: str) -> str:
    return f'"{text}"'
