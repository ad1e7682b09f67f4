"""What rules count: events of one subject, and lines that the logger did not write again."""

from collections.abc import Callable, Sequence
from datetime import datetime

from logwatch_mx.app.book import Book
from logwatch_mx.app.watch import Watch
from logwatch_mx.detect.case import Case, case_name, plain
from logwatch_mx.detect.counting import CountingDetector, CountingState
from logwatch_mx.model.change import Changes
from logwatch_mx.model.event import Event, Gap


class Counts:
    """Events that match rules in; *opened* is told the cases that begin."""

    def __init__(
        self,
        state: CountingState,
        book: Book,
        watches: Sequence[Watch],
        opened: Callable[[Case, Changes], None],
    ) -> None:
        self._detector = CountingDetector(state)
        self._book = book
        self._rules = {watch.rule.id: watch.rule for watch in watches}
        self._opened = opened

    def count(
        self, at: datetime, event: Event, watch: Watch, domain: str | None, changes: Changes
    ) -> None:
        """Count *event*, which the rule of *watch* matches."""
        rule = watch.rule
        subject = domain if rule.by == "domain" else watch.get(event, rule.by, domain)
        if not subject:
            return
        subject = plain(subject)
        value = watch.get(event, rule.count, domain) if rule.count else None
        case = self._book.awake(case_name(rule.kind, rule.id, subject), at, changes)
        opened = self._detector.note(at, event, rule, subject, value, case)
        if opened is not None:
            self._opened(opened, changes)

    def remember(self, event: Event, stream: str) -> None:
        """Keep what *event* of the log *stream* counted for: the next line may repeat it."""
        self._detector.remember(event, stream)

    def repeated(self, gap: Gap, stream: str) -> Sequence[tuple[str, str]]:
        """Return the rules and subjects for which *gap* says that the line before came again.

        Only those that count lines: a message that is deferred or delivered again under one queue
        id is one message, and no second pass.
        """
        return self._detector.repeated(gap, stream)

    def again(
        self, at: datetime | None, gap: Gap, counted: Sequence[tuple[str, str]], changes: Changes
    ) -> None:
        """Count for the rules and subjects *counted* as often as *gap* says."""
        for name, subject in counted:
            rule = self._rules.get(name)
            if rule is None or at is None:
                continue
            case = self._book.awake(case_name(rule.kind, name, subject), at, changes)
            opened = self._detector.note(at, gap, rule, subject, None, case, times=gap.count)
            if opened is not None:
                self._opened(opened, changes)
