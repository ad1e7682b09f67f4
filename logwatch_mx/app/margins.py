"""How near to an alarm a log came without one: hits, passes and messages, against what raises one.

Each detector is asked what it keeps below its threshold. Deferrals leave their window again, so the
fullest window of each key is remembered as the log is read.
"""

from collections.abc import Container, Iterator, Sequence
from datetime import datetime

from logwatch_mx.app.engine import Engine
from logwatch_mx.config.settings import Settings
from logwatch_mx.detect.baseline import Moment
from logwatch_mx.detect.spike_counts import POOL
from logwatch_mx.model.incident import SignalKind
from logwatch_mx.rulebook.load import CompiledRule

#: How many subjects below a threshold are shown, of each detector.
NEAREST = 10

Near = tuple[float, str, str]


class Margins:
    """Asks *engine*, which the rules *compiled* made under *settings*, after each event."""

    def __init__(
        self, engine: Engine, compiled: Sequence[CompiledRule], settings: Settings
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._thresholds = {one.rule.id: one.rule.threshold for one in compiled}
        self._peaks: dict[str, Near] = {}
        self._minute: datetime | None = None

    def note(self) -> None:
        """Look at the deferrals in the window, once a minute of the log."""
        now = self._engine.state.now
        minute = now and now.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute = minute
            self.look()

    def look(self) -> None:
        """Remember the fullest windows."""
        now, spike = self._engine.state.now, self._engine.state.spike
        if now is None:
            return
        moment = Moment.of(now, self._settings.spike.window, spike.begun)
        for name in spike.active:
            key = spike.keys.peek(name)
            if key is None or key.frozen is not None or name == POOL:
                continue
            needed = moment.needed(key, self._settings.spike.ceiling)
            near = (key.total / needed, name, f"{key.total} of {needed} messages in a window")
            self._peaks[name] = max(near, self._peaks.get(name, near))

    def said(self, told: Container[str]) -> Iterator[str]:
        """Yield the subjects that came nearest, those in *told* left out."""
        spikes = [
            (ratio, name.partition(" ")[2] or name, said)
            for ratio, name, said in self._peaks.values()
        ]
        for found in (self._hits(), self._loops(), spikes):
            near = [one for one in found if one[1] not in told]
            for _, subject, said in sorted(near, key=lambda one: (-one[0], one[1]))[:NEAREST]:
                yield f"below   {subject}  {said}"

    def _hits(self) -> list[Near]:
        found = []
        for key, hits in self._engine.state.counting.hits.items():
            rule, _, subject = key.partition("/")
            count = len({hit.value for hit in hits})
            of = self._thresholds.get(rule, 0)
            found.append((float(count), subject, f"{count} of {of} in its last window"))
        return found

    def _loops(self) -> list[Near]:
        loop = self._settings.loop
        found = []
        for domain, pending in self._engine.state.loop.pending.items():
            since = pending.hints[-1].at - loop.window
            loud = {
                h.key
                for h in pending.hints
                if h.at >= since and SignalKind.MTA_VERDICT in h.signals
            }
            hops = max(h.hops for h in pending.hints)
            what = "passes" if hops >= len(loud) else "messages called looping"
            count = max(hops, len(loud))
            found.append((float(count), domain, f"{count} of {loop.passes} {what}"))
        return found
