"""The case that a spike or an outage makes, and the keys that it is about.

A key is called ``domain d.test``, ``provider example.net`` or ``outage``.
"""

from collections.abc import Sequence
from datetime import datetime

from logwatch_mx.detect.baseline import Sample
from logwatch_mx.detect.case import Case, Kept, incident_id
from logwatch_mx.detect.window import Table
from logwatch_mx.model.incident import IncidentKind, SignalKind

#: The key of what is everybody's trouble, and the subject of its incident.
OUTAGE = "outage"


def names_of(subject: str) -> tuple[str, str]:
    """Return the names of the keys that an incident about *subject* may be of."""
    return f"domain {subject}", f"provider {subject}"


def open_case(name: str, cases: dict[str, Case]) -> Case | None:
    """Return the open case of the key *name*, None when there is none."""
    if not cases:
        return None
    subject = name.partition(" ")[2]
    case = cases.get(f"spike/{subject}" if subject else f"outage/{name}")
    return case if case is not None and case.closed is None else None


def make_case(
    samples: Sequence[Sample],
    lines: Table[Kept],
    kind: IncidentKind,
    subject: str,
    opened: datetime,
) -> Case:
    """Return the case that begins with *samples*, whose lines are taken out of *lines*."""
    case = Case(
        id=incident_id(kind, subject, opened),
        kind=kind,
        subject=subject,
        rule="spike",
        opened=opened,
        first=samples[0].at,
        last=samples[0].at,
    )
    for sample in samples:
        count_in(case, sample, lines.pop(sample.message))
    return case


def count_in(case: Case, sample: Sample, kept: Kept | None) -> None:
    """Count *sample* in *case*, its line *kept* as evidence."""
    case.add_line(sample.at, kept)
    case.add_signal(SignalKind.DEFERRAL)
    case.add_reason(sample.reason)
    case.add_message(sample.message)
    case.facts.add_domain(sample.domain)
    case.add_recipient(sample.recipient)
