"""What ``doctor`` finds: how bad, what it leads to, the line that shows it, the lines to paste."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    """How bad: mail loops or is lost as it stands; it may; good to know."""

    DANGER = "danger"
    WARNING = "warning"
    NOTE = "note"


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is not as it should be.

    *key* never changes, for scripts. *about*: ``postfix``, ``sendmail`` or ``daemon``. *fix*: lines
    to paste into a root shell, and comments with ``#`` where a human must choose.
    """

    key: str
    severity: Severity
    about: str
    what: str
    evidence: str
    fix: str


_RANK = {severity: rank for rank, severity in enumerate(Severity)}


def by_severity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return *findings*, the worst first; what comes first of equals (root causes) stays first."""
    return tuple(sorted(findings, key=lambda finding: _RANK[finding.severity]))
