"""The daemon as a whole: settings in, everything put together, signals obeyed.

Everything put away.
"""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from logwatch_mx.app.desk import Desk
from logwatch_mx.app.engine import Engine
from logwatch_mx.app.heap import keep_heap_small
from logwatch_mx.app.inlet import Inlet
from logwatch_mx.app.learning import learn
from logwatch_mx.app.live import Live
from logwatch_mx.app.maps import open_maps
from logwatch_mx.app.memory import Memory, unpack_memory
from logwatch_mx.app.metrics import Metrics
from logwatch_mx.app.proof import Prover
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.app.site_keeper import ask_site, keep_site
from logwatch_mx.config.settings import Settings
from logwatch_mx.confirm.confirm import Resolver
from logwatch_mx.confirm.open import open_resolver
from logwatch_mx.errors import ConfigErrors, LogwatchError
from logwatch_mx.model.event import Mta
from logwatch_mx.model.site import Site
from logwatch_mx.mta.interfaces import is_own_address
from logwatch_mx.mta.site import host_name
from logwatch_mx.respond.recover import recover
from logwatch_mx.respond.route import RouteMap
from logwatch_mx.sources.watch import Watcher
from logwatch_mx.state.store import Store

Log = Callable[[str], None]


async def run_daemon(
    settings: Settings,
    *,
    zone: tzinfo,
    log: Log,
    reload: Callable[[], Settings],
    from_start: bool,
    lessons: Sequence[Path] = (),
) -> None:
    """Run until SIGTERM or SIGINT.

    SIGHUP calls *reload*, and the old settings stay when that fails. *from_start*: a log without a
    saved place is read from its beginning, else from its end. *lessons*: old logs that tell what is
    usual.
    """
    keep_heap_small()
    with Store.open(settings.state.path) as store:
        for note in store.notes:
            log(note)
        ended = await _serve(
            settings,
            store,
            zone=zone,
            log=log,
            reload=reload,
            from_start=from_start,
            lessons=lessons,
        )
    log("stopped")
    if not ended:
        # A thread that waits for a server that does not answer cannot be ended, and Python would
        # wait for it. Everything is saved and closed by now.
        os._exit(0)


async def _serve(
    settings: Settings,
    store: Store,
    *,
    zone: tzinfo,
    log: Log,
    reload: Callable[[], Settings],
    from_start: bool,
    lessons: Sequence[Path],
) -> bool:
    """Return whether all that was begun has ended."""
    memory = _load_memory(store, log)
    site = ask_site(settings, log)
    if lessons:
        spikes = memory.engine.spike
        # A replay has a loop of its own, and one thread has room for one.
        await asyncio.to_thread(
            learn, spikes, lessons, settings=settings, site=site, zone=zone, log=log
        )
    maps = open_maps(settings, log)
    _recover(store, maps, log, acting=settings.mode == "act", expiry=settings.respond.expiry)
    inlet = Inlet(settings.source, store.load_checkpoints(), from_start=from_start)
    engine = build_engine(
        settings, site=site, rules=load_all_rules(settings.rules), state=memory.engine
    )
    notify_systemd = _Systemd()
    live = Live(
        inlet=inlet,
        engine=engine,
        memory=memory,
        store=store,
        zone=zone,
        log=log,
        alive=notify_systemd.alive,
    )
    desk = Desk(
        settings=settings,
        site=site,
        store=store,
        state=memory.desk,
        prover=_prover(settings, site),
        maps=maps,
        judge=live.judge,
        stirred=live.stir,
        log=log,
        host=host_name(site),
    )
    live.attach(desk)
    metrics = _metrics(settings.metrics.listen, live, log)
    loop = asyncio.get_running_loop()

    def nudge() -> None:
        with suppress(RuntimeError):  # the loop is closed: we are stopping
            loop.call_soon_threadsafe(live.wake)

    watcher = Watcher(settings.source.files, nudge)

    def on_hup() -> None:
        try:
            fresh = reload()
            ours = ask_site(fresh, log)
            live.engine = _reloaded(fresh, ours, memory)
        except (ConfigErrors, LogwatchError) as error:
            faults = error.exceptions if isinstance(error, ConfigErrors) else (error,)
            for fault in faults:
                log(f"not reloaded, the old settings stay: {fault}")
            return
        desk.settings, desk.site = fresh, ours
        log("settings reloaded")

    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, live.stop)
    loop.add_signal_handler(signal.SIGHUP, on_hup)
    live.begin()
    watcher.start()
    keeping = asyncio.create_task(keep_site(desk, log))
    for descriptor in inlet.descriptors():
        loop.add_reader(descriptor, live.wake)
    log(f"watching {', '.join(inlet.names)} in {settings.mode} mode")
    notify_systemd.ready()
    try:
        await live.run()
    finally:
        notify_systemd.stopping()
        keeping.cancel()
        watcher.stop()
        ended = await desk.close()
        inlet.close()
        if metrics is not None:
            metrics.close()
    return ended


def _metrics(listen: str | None, live: Live, log: Log) -> Metrics | None:
    if listen is None:
        return None
    try:
        return Metrics(listen, lambda: live.figures)
    except LogwatchError as error:
        # Whoever watches us must not be able to stop us.
        log(str(error))
        return None


def _load_memory(store: Store, log: Log) -> Memory:
    saved = store.load_engine()
    if saved is None:
        return Memory()
    try:
        return unpack_memory(saved)
    except ValueError as error:
        log(f"what was remembered cannot be read and is begun anew: {error}")
        return Memory()


def _reloaded(settings: Settings, site: Site, memory: Memory) -> Engine:
    return build_engine(
        settings, site=site, rules=load_all_rules(settings.rules), state=memory.engine
    )


def _prover(settings: Settings, site: Site) -> Prover:
    def opener(servers: tuple[str, ...]) -> Callable[[], Resolver]:
        return lambda: open_resolver(
            servers, timeout=settings.dns.timeout, lifetime=settings.dns.lifetime
        )

    openers = [opener(settings.dns.nameservers)]
    if settings.dns.second_opinion:
        openers.append(opener(settings.dns.second_opinion))
    return Prover(openers, site, is_ours=is_own_address)


def _recover(
    store: Store, maps: Mapping[Mta, RouteMap], log: Log, *, acting: bool, expiry: timedelta
) -> None:
    """Finish or take back what a crash left half done: memory and map agree again."""
    route = next(iter(maps.values()), None)
    now = datetime.now(UTC)
    steps = recover(
        store.actions(),
        route.entries() if route is not None else None,
        now=now,
        acting=acting,
        expiry=expiry,
    )
    for step in steps:
        if step.adopt:
            with store.transaction() as t:
                t.add_action(step.action)
        if step.take_back and route is not None:
            try:
                route.unset(step.action.target)
            except LogwatchError as error:
                log(f"{step.action.target}: could not be taken back: {error}")
                continue
        with store.transaction() as t:
            t.finish_action(step.outcome)
        log(f"{step.outcome.action}: {step.outcome.state.value}: {step.outcome.said}")


class _Systemd:
    """Tells systemd how we are, where it wants to know (sd_notify(3)); silent elsewhere."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        self._told_at = float("-inf")

    def ready(self) -> None:
        self._send("READY=1")

    def alive(self, state: str) -> None:
        now = time.monotonic()
        if self._address and now - self._told_at >= 1:
            self._told_at = now
            self._send(f"WATCHDOG=1\nSTATUS={state}", socket.MSG_DONTWAIT)

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, text: str, flags: int = 0) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(1)  # a service manager that does not listen must not stop us
            sock.sendto(text.encode(), flags, address)
