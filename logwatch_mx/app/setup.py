"""Put an engine together from settings, rules and what is ours."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from logwatch_mx.app.engine import Engine
from logwatch_mx.app.engine_state import EngineState
from logwatch_mx.app.needles import has_usual_spikes, static_needles
from logwatch_mx.app.watch import Watch
from logwatch_mx.config.load import Overrides, find_config, load_settings
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.site import Site
from logwatch_mx.rulebook.fields import get
from logwatch_mx.rulebook.load import CompiledRule, load_rules, shipped_place


@lru_cache(maxsize=2)
def _suffixes(*, encoded: bool):  # type: ignore[no-untyped-def]  # noqa: ANN202  # a library without types
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415  # 10 000 rules, read when needed

    # To encode the suffixes of other alphabets takes most of the time, and few hosts need them.
    return PublicSuffixList(accept_encoded_idn=encoded)


@lru_cache(maxsize=16384)
def provider_of(host: str) -> str:
    """Return the registrable domain of *host*, or *host* itself where it has none."""
    name = host.rstrip(".").lower()
    # Most are names; to try costs as much as to look for the suffix.
    if name[-1:].isdigit() or ":" in name or name.endswith("]"):
        try:
            # A filter or a configured route: the suffix of "127.0.0.1" is no domain.
            return str(ip_address(name.strip("[]")))
        except ValueError:
            pass
    return _suffixes(encoded="xn--" in name).privatesuffix(name) or name


def load_all_rules(own: Sequence[Path]) -> tuple[CompiledRule, ...]:
    """Return the shipped rules and those in the directories *own*.

    Which may replace shipped ones.
    """
    return load_rules([shipped_place()], own)


def build_engine(
    settings: Settings,
    *,
    site: Site,
    rules: Sequence[CompiledRule],
    state: EngineState | None = None,
) -> Engine:
    """Return the engine that these *rules* make."""
    watches = [
        Watch(
            rule=compiled.rule,
            get=get,
            given=compiled.condition.given,
        )
        for compiled in rules
    ]
    engine = Engine(
        settings=settings, watches=watches, site=site, provider=provider_of, state=state
    )
    engine.needles = static_needles(rules, site)
    engine.has_usual_spikes = has_usual_spikes(rules)
    return engine


def read_settings(config: Path | None, **words: Any) -> Settings:  # noqa: ANN401  # as Overrides has them
    """Return the settings of *config* (without it those of the default file) under *words*."""
    return load_settings(find_config(config), Overrides(**words), check_hooks=False)
