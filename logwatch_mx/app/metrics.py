"""Metrics over HTTP, where ``[metrics] listen`` asks for them.

The figures are those of the last save: asking costs the reading nothing. prometheus-client is
imported only here, and only then.
"""

from collections.abc import Callable, Iterator
from typing import Any

from logwatch_mx.errors import ConfigError


class Metrics:
    """Serves what *figures* returns, from a thread of its own; see ``app.figures``."""

    def __init__(self, listen: str, figures: Callable[[], dict[str, Any]]) -> None:
        from prometheus_client import start_http_server  # noqa: PLC0415  # 5 MB, seldom wanted
        from prometheus_client.registry import CollectorRegistry  # noqa: PLC0415

        self._figures = figures
        host, _, port = listen.rpartition(":")
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        try:
            self._server, self._thread = start_http_server(
                int(port), host.strip("[]"), registry=registry
            )
        except OSError as error:
            said = error.strerror or str(error)
            raise ConfigError(f"metrics.listen: cannot listen at {listen}: {said}") from error

    def collect(self) -> Iterator[Any]:
        """Yield the metrics; prometheus-client calls this for each request."""
        from prometheus_client.core import CounterMetricFamily  # noqa: PLC0415  # see above
        from prometheus_client.core import GaugeMetricFamily as Gauge  # noqa: PLC0415

        now = self._figures()
        yield Gauge("lwmx_lag_bytes", "Bytes of the logs that wait to be read", now.get("lag", 0))
        yield Gauge("lwmx_saved_seconds", "When the state was last looked at", now.get("at", 0))
        for name, text, labelled, key in (
            ("lwmx_incidents", "Incidents by state", "state", "incidents"),
            ("lwmx_actions", "Actions of the incidents known now, by state", "state", "actions"),
        ):
            gauge = Gauge(name, text, labels=[labelled])
            for label, count in sorted(now.get(key, {}).items()):
                gauge.add_metric([label], count)
            yield gauge
        for name, text, key in (
            ("lwmx_notices_pending", "Notices that wait to be sent", "notices"),
            ("lwmx_outcomes_unwritten", "Outcomes that wait for the state", "unwritten"),
            ("lwmx_troubles", "Things that are wrong now; `status` names them", "troubles"),
        ):
            value = now.get(key, 0)
            yield Gauge(name, text, len(value) if isinstance(value, list) else value)
        for name, text, labelled, key in (
            ("lwmx_lines", "Lines read since the start, by kind", "kind", "kinds"),
            ("lwmx_forgotten", "What was forgotten for want of room", "table", "forgotten"),
            ("lwmx_gone", "How often lines were gone before they were read", "how", "lost"),
        ):
            counter = CounterMetricFamily(name, text, labels=[labelled])
            for label, count in sorted(now.get(key, {}).items()):
                counter.add_metric([label], count)
            yield counter
        for name, text, key in (
            ("lwmx_late_lines", "Lines that were older than one before", "late"),
            ("lwmx_refused_incidents", "Incidents beyond the highest number", "refused"),
            ("lwmx_failures", "Lines or rounds that went wrong inside", "failed"),
            ("lwmx_lost_lines", "Lines that the logger says it dropped", "gaps"),
        ):
            yield CounterMetricFamily(name, text, now.get(key, 0))

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)
