"""A rule as its author wrote it: values only; ``rulebook`` reads and compiles it.

``detect`` counts with it.
"""

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from logwatch_mx.model.incident import IncidentKind, SignalKind


class Severity(StrEnum):
    """How much an admin should care."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Example(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Real log lines, and what the rule must make of them.

    *expect*: the subjects it raises; empty where it must raise nothing.
    """

    title: str
    lines: tuple[str, ...]
    expect: tuple[str, ...] = ()
    own_domains: tuple[str, ...] = ()
    own_addresses: tuple[str, ...] = ()


class Rule(Struct, frozen=True, kw_only=True):
    """One rule file.

    *when* is the condition; *by* the field whose value is the subject; *count* the field whose
    distinct values are
    counted (events when None); *threshold* of them within *window* raise an incident of *kind*.
    *signal* says which
    kind of evidence a loop rule gives. *spike* hands the events to the spike test in place of the
    threshold.
    """

    id: str
    title: str
    when: str
    description: str = ""
    severity: Severity = Severity.WARNING
    kind: IncidentKind = IncidentKind.RULE
    signal: SignalKind | None = None
    by: str = "domain"
    count: str | None = None
    window: timedelta = timedelta(minutes=10)
    threshold: int = 3
    spike: bool = False
    respond: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    enabled: bool = True
    source: str = ""
