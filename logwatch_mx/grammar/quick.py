"""Read the usual delivery lines by one match, header and text together.

Comes in: a line in which a sieve found what only deliveries hold. Goes out: what ``Reader.read``
would say of it, or None when the line is not of the usual shape, and must be read by ``Reader``.
Both are made of the same tokens: see ``header.USUAL``, ``postfix_delivery.DELIVERY``,
``sendmail_delivery.USUAL``.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache

from logwatch_mx.grammar import postfix_delivery, sendmail_delivery
from logwatch_mx.grammar.compile import compile_slots
from logwatch_mx.grammar.header import BLANKS, USUAL, name_host
from logwatch_mx.grammar.kind import Written
from logwatch_mx.grammar.program import read_tag
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Delivery, Mta
from logwatch_mx.model.line import Line

_Build = Callable[[Line, Written, Sequence[str | None]], Delivery | None]
_HEAD = ("stamp", "host", "program", "pid")


class QuickReader:
    """Reads the delivery lines of one log in its order; *stamps* are those of its ``Reader``."""

    def __init__(self, stamps: Stamps) -> None:
        self._read_stamp = stamps.read

    def read(self, line: Line) -> Delivery | None:
        """Return what *line* says, None when another has to read it."""
        text = line.text
        mta = Mta.POSTFIX if ", status=" in text else Mta.SENDMAIL
        match, build = _dialect(mta)
        found = match(text.rstrip(BLANKS))
        if found is None:
            return None
        stamp, host, program, pid, *slots = found.groups()
        logged_by, agent = read_tag(program)
        if logged_by is not mta:
            return None
        time = self._read_stamp(stamp)
        if time is None:
            return None
        return build(line, (time, name_host(host), program, agent, int(pid), mta), slots)


@cache
def _dialect(mta: Mta) -> tuple[Callable[[str], re.Match[str] | None], _Build]:
    build: _Build = postfix_delivery.build_slots
    slots: tuple[str, ...] = postfix_delivery.SLOTS
    expr = postfix_delivery.DELIVERY
    if mta is Mta.SENDMAIL:
        expr, slots = sendmail_delivery.USUAL, sendmail_delivery.USUAL_SLOTS
        build = sendmail_delivery.build_slots
    match, names = compile_slots(f"usual delivery of {mta}", USUAL + expr)
    if names != (*_HEAD, *slots):
        raise AssertionError(names)
    return match, build
