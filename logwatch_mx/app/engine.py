"""The engine: events, verdicts and minutes in, changes out. Pure: no clock, no file, no socket.

Contract
1. Events come in (time, source, offset) order. Before an event, every whole log minute that has
   passed is ticked, so that live and replay evaluate at the same moments. Late events count at the
   newest time that was seen. Times go on in UTC: a state that was saved and loaded says the same.
2. All memory is one value, ``state``: what is saved and loaded is the whole engine.
3. A verdict changes what is believed of an incident, never its counts, id or evidence.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from logwatch_mx.app.book import Book
from logwatch_mx.app.counts import Counts
from logwatch_mx.app.engine_state import EngineState
from logwatch_mx.app.watch import Watch, Watches, spike_test
from logwatch_mx.config.settings import Settings
from logwatch_mx.detect.asking import questions_about
from logwatch_mx.detect.case import Case, case_name
from logwatch_mx.detect.domains import domains_of
from logwatch_mx.detect.loop import Hint, LoopDetector
from logwatch_mx.detect.ours import subject_of
from logwatch_mx.detect.reasons import is_deferral, is_own_remedy
from logwatch_mx.detect.refused import RULE as REFUSED
from logwatch_mx.detect.refused import RefusedDetector, is_refused
from logwatch_mx.detect.spike import SpikeDetector
from logwatch_mx.model.change import Change, ChangeKind, Changes
from logwatch_mx.model.deferral import Deferral
from logwatch_mx.model.event import Delivery, Event, Gap, MtaVerdict
from logwatch_mx.model.incident import Incident, IncidentKind, SignalKind
from logwatch_mx.model.site import Site
from logwatch_mx.model.trail import Doubt, Trail
from logwatch_mx.model.verdict import Outcome, Verdict
from logwatch_mx.sources.sieve import Needle

MINUTE = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: What comes of an event that does nothing but count.
UNCHANGED = Changes()


class Engine:
    """Detection as one object; ``state`` is its whole memory."""

    def __init__(
        self,
        *,
        settings: Settings,
        watches: Sequence[Watch],
        site: Site,
        provider: Callable[[str], str],
        state: EngineState | None = None,
    ) -> None:
        self.state = state if state is not None else EngineState()
        self.site = site
        self.needles: Sequence[Needle] | None = None  # of lines that concern it; None: not known
        self.has_usual_spikes = False  # spikes are what the shipped rule says
        self._book = Book(self.state.cases, settings.loop.close_after)
        self._loop = LoopDetector(
            passes=settings.loop.passes, window=settings.loop.window, state=self.state.loop
        )
        self._refused = RefusedDetector(
            messages=settings.loop.passes,
            window=settings.loop.window,
            state=self.state.unanswered,
        )
        self._spike = SpikeDetector(
            window=settings.spike.window,
            ceiling=settings.spike.ceiling,
            provider=provider,
            state=self.state.spike,
            counts=spike_test(watches, site),
        )
        self._counts = Counts(self.state.counting, self._book, watches, self._open)
        # The minute after the one in which now is: found anew when now has left that.
        self._next = EPOCH
        self.watches = Watches(watches, site, self._loop.heeds)
        self._match = self.watches.match

    def begin(self, at: datetime) -> None:
        """Let the log begin *at*, the stamp of its first line; only the first call counts."""
        if self.state.now is None:
            self.state.now = self.state.spike.begin(at.astimezone(UTC))

    def feed(self, event: Event | Deferral, stream: str = "") -> Changes:
        """Take one event of the log *stream*.

        One without a readable stamp counts at the newest time that was seen.
        """
        if isinstance(event, Deferral):
            return self._feed_usual(event)
        changes = Changes()
        if isinstance(event, Gap) and self._feed_gap(event, stream, changes):
            return changes
        if self.state.now is None and event.time is not None:
            self.begin(event.time)
        matched = self._match(event)
        if not matched and not self._concerns(event, stream):
            return changes
        if event.time is not None:
            self._advance(event.time.astimezone(UTC), changes)
        at = self.state.now
        if at is None:
            return changes
        match event:
            case Delivery():
                self._feed_delivery(at, event, stream, matched, changes)
            case MtaVerdict():
                self._feed_verdict(at, event, stream, matched, changes)
            case _:
                for watch, domain in matched:
                    self._counts.count(at, event, watch, domain, changes)
        self._counts.remember(event, stream)
        return changes

    def _concerns(self, event: Event, stream: str) -> bool:
        """Say whether *event*, which no rule matches, matters: a first deferral, part of a story.

        What does not matter leaves no trace, not even in the time: so it need not be read.
        """
        if not isinstance(event, Delivery):
            return False
        is_news = (
            bool(event.recipients)
            and is_deferral(event)
            and (self._spike.heeds(event.queue_id, event.delay) or is_refused(event))
        )
        return is_news or self._loop.concerns(event, stream)

    def _feed_gap(self, event: Gap, stream: str, changes: Changes) -> bool:
        """Note what was lost; return whether all is said with counting the line before again."""
        self._book.note_gap(event)
        again = self._counts.repeated(event, stream)
        if again and event.time is not None:
            self._advance(event.time.astimezone(UTC), changes)
            self._counts.again(self.state.now, event, again, changes)
        return bool(again)

    def _feed_usual(self, event: Deferral) -> Changes:
        """Take a deferral of the usual shape: it is only counted, and only once."""
        state = self.state
        if event.message in state.spike.seen:
            return UNCHANGED
        time = event.time if event.time.tzinfo is UTC else event.time.astimezone(UTC)
        if state.now is None:
            self.begin(time)
        now = state.now
        changes = UNCHANGED
        if now is not None and now < time < self._next and now >= self._next - MINUTE:
            self._book.turn()
            state.now = time
        else:
            changes = Changes()
            self._advance(time, changes)
        if state.now is not None:
            self._spike.note_usual(state.now, event, state.cases)
        return changes

    @property
    def version(self) -> int:
        """A number that changes whenever ``following`` does."""
        return self._loop.version

    def following(self) -> tuple[dict[str, datetime], tuple[int, ...]]:
        """Return the queue ids, the newest last, and pids whose lines go on with a story.

        A reader that looks for literals has to look for these too from the next line on.
        """
        return self._loop.following()

    def tick(self, now: datetime) -> Changes:
        """Let the log's time advance to *now* without an event (its end, or silence).

        Before the log began nothing is observed, and no time passes.
        """
        changes = Changes()
        self._advance(now.astimezone(UTC), changes)
        return changes

    def finish(self, last: datetime) -> Changes:
        """Evaluate once more at the end of the input, at its *last* stamp, closing nothing."""
        changes = self.tick(last)
        if self.state.now is not None:
            opened, _ = self._spike.tick(self.state.now, self.state.cases, closing=False)
            self._open_spikes(opened, self.state.now, changes)
        return changes

    def dispel(self, doubt: Doubt) -> None:
        """Take back an incident that was doubted: what it is about is usual here."""
        if self.state.now is not None and self._book.drop(doubt.incident):
            self._spike.accept(doubt.subject, self.state.now)

    def judge(self, verdict: Verdict) -> Changes:
        """Take what DNS says of a domain, for the loop about it, or for a suspect.

        No answer takes nothing back: what is known stays known until DNS says otherwise.
        """
        changes = Changes()
        case = self.state.cases.get(f"{IncidentKind.LOOP.value}/{verdict.domain}")
        if case is not None and case.hear(verdict):
            case.blame(self.site)
            changes.changes.append(Change(ChangeKind.JUDGED, case.id))
        elif case is None and verdict.outcome is Outcome.LOOPBACK:
            found = self._refused.take(verdict.domain)
            if found is not None:
                found.verdict = verdict
                found.own_up(self.site)
                self._open(found, changes)
        return changes

    def recall(self, trail: Trail) -> None:
        """Take the answer to a question about a message's past."""
        case = self.state.cases.get(f"{IncidentKind.LOOP.value}/{trail.subject}")
        if case is not None and self.state.now is not None:
            case.add_origin(trail, self.state.now)
            if trail.home and not case.own:
                case.own_up(self.site, home=True)

    def incidents(self) -> tuple[Incident, ...]:
        """Return all incidents that are open or were closed within the hour, by opening and id."""
        return self._book.incidents()

    def incident(self, identity: str) -> Incident | None:
        """Return one incident by its id, also one that the last call has put an end to."""
        return self._book.find(identity)

    def _feed_delivery(
        self,
        at: datetime,
        event: Delivery,
        stream: str,
        matched: list[tuple[Watch, str | None]],
        changes: Changes,
    ) -> None:
        if is_own_remedy(event):
            return
        if is_deferral(event):
            self._spike.note_deferral(at, event, self.state.cases)
        # Most deferrals have to do with no loop.
        if matched or is_refused(event) or self._loop.concerns(event, stream):
            self._feed_domains(at, event, stream, matched, changes)

    def _feed_domains(
        self,
        at: datetime,
        event: Delivery,
        stream: str,
        matched: list[tuple[Watch, str | None]],
        changes: Changes,
    ) -> None:
        domains = domains_of(event)
        joined = self._loop.join(at, event, tuple(d for d in domains if d is not None), stream)
        for domain in domains:
            signals: list[SignalKind] = []
            for watch, about in matched:
                rule = watch.rule
                if about != domain:
                    continue
                if rule.kind is not IncidentKind.LOOP:
                    self._counts.count(at, event, watch, domain, changes)
                elif rule.signal is not None and rule.signal not in signals:
                    signals.append(rule.signal)
            if domain is None:
                continue
            if is_refused(event):
                self._note_refused(at, event, domain, changes)
            hint = self._loop.note_delivery(at, event, domain, signals, joined)
            if hint is not None:
                self._weigh(domain, hint, event, changes)

    def _note_refused(self, at: datetime, event: Delivery, domain: str, changes: Changes) -> None:
        case = self.state.cases.get(name := case_name(IncidentKind.LOOP, REFUSED, domain))
        if case is not None and case.closed is not None:
            # What began with passes does not begin anew because nobody answers any more.
            case = self._book.awake(name, at, changes) if case.rule == REFUSED else None
        if self._refused.note(at, event, domain, case):
            changes.suspects.append(domain)

    def _feed_verdict(
        self,
        at: datetime,
        event: MtaVerdict,
        stream: str,
        matched: list[tuple[Watch, str | None]],
        changes: Changes,
    ) -> None:
        is_noted = False
        for watch, domain in matched:
            if watch.rule.kind is not IncidentKind.LOOP:
                self._counts.count(at, event, watch, domain, changes)
            elif not is_noted:
                is_noted = True
                hint = self._loop.note_verdict(at, event, domain, stream)
                if hint is not None and domain:
                    self._weigh(domain, hint, event, changes)

    def _weigh(self, domain: str, hint: Hint, event: Event, changes: Changes) -> None:
        domain, routed = subject_of(event, domain, hint.signals)
        name = f"{IncidentKind.LOOP.value}/{domain}"
        case = self._book.awake(name, hint.at, changes)
        opened, messages = self._loop.weigh(domain, hint, case)
        if opened is not None:
            opened.own_up(self.site, routed=routed)
            self._open(opened, changes)
        changes.questions.extend(questions_about(domain, event.line, hint.at, messages, case))

    def _open(self, case: Case, changes: Changes) -> None:
        self.state.refused += not self._book.open(case, changes)

    def _advance(self, to: datetime, changes: Changes) -> None:
        now = self.state.now
        if now is None:
            return
        self._book.turn()
        if to <= now:
            if self.state.be_late(now, to):
                self._spike.rewind(to)
            return
        self.state.behind = 0
        minute = self._next
        if now < minute - MINUTE or now >= minute:
            minute = self._next = now.replace(second=0, microsecond=0) + MINUTE
        # With nothing open and nothing counted, the minutes of a long silence change nothing.
        while minute <= to and (self.state.cases or self.state.spike.active):
            self._minute(minute, changes)
            minute += MINUTE
        if minute <= to:
            self._minute(to.replace(second=0, microsecond=0), changes)
        self.state.now = to

    def _open_spikes(self, opened: Sequence[Case], now: datetime, changes: Changes) -> None:
        for case in opened:
            self._open(case, changes)
            doubt = self._spike.doubt(case, now)
            if doubt is not None:
                changes.doubts.append(doubt)

    def _minute(self, minute: datetime, changes: Changes) -> None:
        cases = self.state.cases
        opened, closed = self._spike.tick(minute, cases)
        self._open_spikes(opened, minute, changes)
        changes.changes.extend(Change(ChangeKind.CLOSED, case.id) for case in closed)
        self._book.close(minute, changes)
        self._loop.forget(minute)
