"""A rule on watch: what the engine needs of a compiled rule, as plain functions."""

from collections.abc import Callable

from msgspec import Struct

from logwatch_mx.model.event import Event
from logwatch_mx.model.rule import Rule
from logwatch_mx.model.site import Site


class Watch(Struct, frozen=True):
    """A rule with its compiled condition and its field getter, as ``rulebook`` made them."""

    rule: Rule
    matches: Callable[[Event, str | None, Site], bool]
    get: Callable[[Event, str, str | None], str | None]
    kinds: frozenset[str] | None = None
