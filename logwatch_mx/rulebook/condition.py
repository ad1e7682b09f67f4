"""Conditions: the ``when`` of a rule, compiled. Text in, a ``Condition`` or a ``ConfigError`` out.

The language is described in docs/rules.md: ``syntax`` reads it, ``meaning`` checks and compiles it,
``reach`` says what it can match at all, ``sentence`` says it in English.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from logwatch_mx.errors import ConfigError
from logwatch_mx.model.event import KIND_OF, Event
from logwatch_mx.model.site import Site
from logwatch_mx.rulebook.fields import KINDS
from logwatch_mx.rulebook.fold import fold
from logwatch_mx.rulebook.meaning import Test, compile_tree
from logwatch_mx.rulebook.reach import kinds_of, needles_of
from logwatch_mx.rulebook.sentence import say
from logwatch_mx.rulebook.syntax import Fault, parse
from logwatch_mx.rulebook.tree import Node

#: A test, and texts in lower case: one is in every lower-case line that passes it (none: unknown).
Given = tuple[Test, tuple[str, ...]]
#: Columns of the line with the fault that are shown.
_SHOWN = 96


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition.

    *kinds*: the kinds of event that can match, None for any. *literals*: one of them is in every
    raw line that matches, as it stands (empty: not known). *folded*: the same for lines whose ASCII
    letters were lowered, which is known far more often, since text is compared without case.
    """

    text: str
    tree: Node
    kinds: frozenset[str] | None
    literals: tuple[str, ...]
    folded: tuple[str, ...]
    _tests: dict[type[Event], Test]

    def matches(self, event: Event, domain: str | None, site: Site) -> bool:
        """Tell whether *event* matches, seen for the recipient domain *domain* (None: none)."""
        test = self._tests.get(type(event))
        return test is not None and test(event, domain, site)

    def given(self, kind: str, known: Mapping[str, str | None]) -> Given | None:
        """Return the test for events of *kind* of which so much is *known*, None if all fail it.

        *known* are values of ``status`` and ``mta``, as ``fold`` takes them.
        """
        left = fold(self.tree, kind, known) if self.kinds is None or kind in self.kinds else False
        if isinstance(left, bool):
            return ((lambda _event, _domain, _site: True), ()) if left else None
        return compile_tree(left), tuple(sorted(needles_of(left) or ()))

    def sentence(self) -> str:
        """Say in English when the condition is true."""
        return say(self.tree)


def compile_condition(text: str, place: str = "") -> Condition:
    """Return the condition that *text* writes.

    Raises ConfigError with *place* (file, rule, key), the column, and a caret under it.
    """
    try:
        tree = parse(text)
        compile_tree(tree)  # says what is wrong with it
    except Fault as fault:
        raise ConfigError(_located(text, fault, place)) from None
    kinds = kinds_of(tree)
    if not kinds:
        nothing = Fault(0, "no event can match this: its parts speak of different kinds")
        raise ConfigError(_located(text, nothing, place))
    needles = tuple(sorted(needles_of(tree) or ()))
    return Condition(
        text=text,
        tree=tree,
        kinds=None if kinds == KINDS else kinds,
        literals=needles if all(needle.upper() == needle for needle in needles) else (),
        folded=needles,
        _tests={cls: _test_of(tree, kind) for cls, kind in KIND_OF.items() if kind in kinds},
    )


def _test_of(tree: Node, kind: str) -> Test:
    left = fold(tree, kind)
    if isinstance(left, bool):
        return lambda _event, _domain, _site: left
    return compile_tree(left)


def _located(text: str, fault: Fault, place: str) -> str:
    """Return the fault with its line of the condition, and a caret under its column."""
    at = min(fault.at, len(text))
    start = text.rfind("\n", 0, at) + 1
    line = text[start:].partition("\n")[0]
    column = at - start
    where = f"column {column + 1}"
    if "\n" in text.strip("\n"):
        where = f"line {text.count(chr(10), 0, at) + 1}, {where}"
    left = max(0, column - _SHOWN * 2 // 3)
    # One column each, whatever the character does to a terminal.
    shown = "".join(c if c.isprintable() else " " for c in line[left : left + _SHOWN])
    head = f"{place}: " if place else ""
    return f"{head}{where}: {fault.said}\n    {shown}\n    {' ' * (column - left)}^"
