"""Ask and judge: in comes a domain, out comes a Verdict; never an exception for a bad answer.

The questions that need each other's answers are asked in turn (MX, then addresses), the others at
once; what is not answered by the deadline counts as unanswered.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Protocol

from logwatch_mx.config.address import Address
from logwatch_mx.confirm.judge import judge, never_ours
from logwatch_mx.confirm.question import (
    Answer,
    Question,
    Status,
    first_question,
    next_questions,
)
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Mx, Outcome, Verdict

#: Questions of one domain that are under way at once.
AT_ONCE = 16
#: MX and addresses take one lifetime (3 s) each, and an alias may need another.
DEADLINE = timedelta(seconds=10)
_SILENT = {Outcome.UNANSWERED, Outcome.NOT_ASKED}


class Resolver(Protocol):
    """Who answers: ``dns.DnsResolver`` or ``zone.ZoneResolver``."""

    @property
    def name(self) -> str:
        """What the verdict calls it: ``9.9.9.9:53``, ``zone:dns.zone``."""

    async def answer(self, question: Question) -> Answer:
        """Return what came back; a failure is an Answer as well."""


async def confirm(
    domain: str,
    resolver: Resolver,
    site: Site,
    *,
    is_ours: Callable[[Address], bool] = never_ours,
    deadline: timedelta = DEADLINE,
) -> Verdict:
    """Return what *resolver* makes of the A-label *domain*, at the latest after *deadline*."""
    until = asyncio.get_running_loop().time() + deadline.total_seconds()
    asked = first_question(domain)
    answers = await _ask([asked], resolver, until)
    answers |= await _ask(next_questions(domain, answers[asked]), resolver, until)
    return judge(domain, answers, site, is_ours=is_ours, resolver=resolver.name)


async def confirm_by_all(
    domain: str,
    resolvers: Sequence[Resolver],
    site: Site,
    *,
    is_ours: Callable[[Address], bool] = never_ours,
    deadline: timedelta = DEADLINE,
) -> Verdict:
    """Return what all *resolvers* (at least one) together make of *domain*, asked at once."""
    asked = (
        confirm(domain, resolver, site, is_ours=is_ours, deadline=deadline)
        for resolver in resolvers
    )
    return combine(await asyncio.gather(*asked))


def combine(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the one verdict on which all *verdicts* (at least one, of one domain) agree.

    Blocklists answer 127.0.0.1 for good names, so who alone says something is not believed: a
    missing answer makes the whole *unanswered*, any other disagreement *filtered*. The exchangers
    are those of the first verdict with the combined outcome, else of the first that knows any.
    """
    first, *others = verdicts
    if not others:
        return first
    outcomes = {verdict.outcome for verdict in verdicts}
    each = "; ".join(
        f"{verdict.resolver}: {verdict.outcome}, {verdict.why}" for verdict in verdicts
    )
    agreed = len(outcomes) == 1
    missing = not outcomes.isdisjoint(_SILENT)
    heading = "all agree" if agreed else "the resolvers do not agree"
    if agreed:
        outcome = first.outcome
    elif missing and Outcome.FILTERED not in outcomes:
        outcome = Outcome.UNANSWERED
        if len(outcomes - _SILENT) == 1:
            heading = "not all resolvers answer"
    else:
        outcome = Outcome.FILTERED
    return Verdict(
        domain=first.domain,
        outcome=outcome,
        mx=_exchangers(verdicts, outcome),
        resolver=", ".join(verdict.resolver or "" for verdict in verdicts),
        why=f"{heading}: {each}",
    )


def _exchangers(verdicts: Sequence[Verdict], outcome: Outcome) -> tuple[Mx, ...]:
    alike = [verdict.mx for verdict in verdicts if verdict.outcome is outcome and verdict.mx]
    return next(iter(alike or [verdict.mx for verdict in verdicts if verdict.mx]), ())


async def _ask(
    questions: Iterable[Question], resolver: Resolver, until: float
) -> dict[Question, Answer]:
    slots = asyncio.Semaphore(AT_ONCE)

    async def ask(asked: Question) -> Answer:
        async with slots:
            return await resolver.answer(asked)

    tasks = {asked: asyncio.create_task(ask(asked)) for asked in questions}
    if not tasks:
        return {}
    left = until - asyncio.get_running_loop().time()
    try:
        await asyncio.wait(tasks.values(), timeout=max(left, 0.0))
    finally:
        # Also when we are cancelled ourselves: no question outlives the one who asked.
        late = [task for task in tasks.values() if not task.done()]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    return {
        asked: Answer(question=asked, status=Status.FAILED, said="the deadline passed")
        if task in late
        else task.result()
        for asked, task in tasks.items()
    }
