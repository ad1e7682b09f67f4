"""Proof: ask every resolver about a domain, and say when to ask again."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from msgspec import structs

from logwatch_mx.confirm.confirm import Resolver, combine, confirm
from logwatch_mx.model.deed import Confirmation
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import LOOPS, Outcome, Verdict
from logwatch_mx.respond.guard import FRESH, Proof, proof

#: No verdict yet: DNS may be back soon. A verdict that is one: it changes when somebody mends a
#: zone.
SOON = timedelta(seconds=20)
#: The second confirmation by the same resolver counts after a minute (``respond.plan``).
SECOND = timedelta(seconds=61)
AGAIN = timedelta(minutes=10)


class Prover:
    """Asks DNS; *is_ours* tells this host's own addresses.

    *openers* make the resolvers, when the first question is asked: an idle daemon needs none of
    their memory.
    """

    again = AGAIN
    soon = SECOND

    def __init__(
        self,
        openers: Sequence[Callable[[], Resolver]],
        site: Site,
        *,
        is_ours: Callable[[IPv4Address | IPv6Address], bool],
    ) -> None:
        self._openers = tuple(openers)
        self._opening: asyncio.Future[tuple[Resolver, ...]] | None = None
        self._site = site
        self._is_ours = is_ours

    async def ask(
        self, domain: str, heard: Iterable[Confirmation] = ()
    ) -> tuple[Verdict, tuple[Confirmation, ...]]:
        """Return what the resolvers say together, and each one's answer to be remembered.

        *heard* is what they said of *domain* before.
        """
        resolvers = await self._resolvers()
        verdicts = await asyncio.gather(
            *(confirm(domain, r, self._site, is_ours=self._is_ours) for r in resolvers)
        )
        at = self.now()
        answers = tuple(
            Confirmation(domain=domain, resolver=v.resolver or "", outcome=v.outcome, at=at)
            for v in verdicts
        )
        return believe(verdicts, (*heard, *answers), at), answers

    async def _resolvers(self) -> tuple[Resolver, ...]:
        """Return the resolvers; the first time they are loaded, in a thread."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(
                asyncio.to_thread(lambda: tuple(opened() for opened in self._openers))
            )
        return await asyncio.shield(self._opening)

    def wait_for(self, verdict: Verdict | None) -> timedelta | None:
        """Return how long after the last question to ask again.

        None when there is nobody to ask.
        """
        if not self._openers:
            return None
        if verdict is None or verdict.outcome in {Outcome.UNANSWERED, Outcome.FILTERED}:
            return SOON
        # One resolver alone must say it twice before anything is done.
        return SECOND if self.is_loop(verdict) and len(self._openers) == 1 else AGAIN

    @staticmethod
    def is_loop(verdict: Verdict) -> bool:
        """Say whether *verdict* is a loop."""
        return verdict.outcome in LOOPS

    @staticmethod
    def now() -> datetime:
        """Return the wall clock's time: effects live in it, the engine does not."""
        return datetime.now(UTC)


def believe(verdicts: Sequence[Verdict], heard: Iterable[Confirmation], now: datetime) -> Verdict:
    """Return what *verdicts* of one moment come to; *heard* is all that was said, these included.

    They must agree. Only where some give no answer, and within the hour nobody said anything but
    that it is a loop, a loop is believed of those who do answer, once it was said twice
    (``respond.guard.proof``): a resolver that is down must not keep a loop spinning for ever.
    """
    together = combine(verdicts)
    spoken = [v for v in verdicts if v.outcome not in _SILENT]
    if together.outcome is not Outcome.UNANSWERED or not spoken:
        return together
    alone = combine(spoken)
    of_late = [c for c in heard if c.domain == alone.domain and now - c.at <= FRESH]
    if (
        alone.outcome not in LOOPS
        or any(c.outcome not in LOOPS | _SILENT for c in of_late)
        or proof(of_late, alone.domain, now) not in _TOLD_TWICE
    ):
        return together
    silent = ", ".join(v.resolver or "" for v in verdicts if v.outcome in _SILENT)
    why = f"{alone.why} ({silent} gives no answer; within the hour it was said twice)"
    return structs.replace(alone, why=why)


_SILENT = {Outcome.UNANSWERED, Outcome.NOT_ASKED}
_TOLD_TWICE = {Proof.ALONE, Proof.TWICE}
