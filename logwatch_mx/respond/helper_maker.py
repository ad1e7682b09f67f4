"""makemap by the helper's hand: for a sendmail map where the daemon may not write."""

from collections.abc import Mapping
from pathlib import Path

from logwatch_mx.errors import EffectError
from logwatch_mx.respond.helper_client import HelperClient
from logwatch_mx.respond.makemap import Makemap, live_file


class HelperMaker:
    """Has maps made by the helper that listens at *helper*, and lists them itself."""

    def __init__(self, helper: Path, makemap: str) -> None:
        self._client = HelperClient(helper)
        self._makemap = Makemap(makemap)

    def build(self, path: Path, rows: Mapping[str, str]) -> None:
        """Make ``<path>.db`` of *rows*; the helper's own configuration must name the same map."""
        self._client.makemap(dict(rows))
        if not live_file(path).exists() or self.contents(path) != dict(rows):
            raise EffectError(f'{path}: the helper made another map: helper.toml: "sendmail_map"')

    def contents(self, path: Path) -> dict[str, str]:
        """Return the whole map at ``<path>.db``."""
        return self._makemap.contents(path)
