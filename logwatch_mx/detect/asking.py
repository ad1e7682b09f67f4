"""What a loop asks the log before it: who brought its messages in, and whether it is about us."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from logwatch_mx.detect.case import Case
from logwatch_mx.model.line import Line
from logwatch_mx.model.trail import TrailQuestion


def questions_about(
    subject: str,
    line: Line,
    at: datetime,
    messages: Mapping[str, tuple[str, ...]],
    case: Case | None,
) -> Iterator[TrailQuestion]:
    """Yield what to ask about new *messages* (with their passes) and, again, about unknown ones.

    *case* is None when it has just opened: then the first question is also whether mail for the
    subject is delivered here.
    """
    home = case is None
    for key, passes in messages.items():
        yield TrailQuestion(
            subject=subject, queue_id=key, line=line, at=at, passes=passes, home=home
        )
        home = False
    for key in case.ask_again(at) if case is not None and case.unknown else ():
        yield TrailQuestion(subject=subject, queue_id=key, line=line, at=at, again=True)
