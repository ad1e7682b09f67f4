"""Resolvers by what a person wrote; dnspython is loaded here and not before.

Loading it takes longer than a whole ``--help``, so who only might ask DNS imports this module.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from logwatch_mx.confirm.confirm import Resolver


def open_resolver(
    nameservers: Sequence[str] = (),
    *,
    timeout: timedelta = timedelta(seconds=1),
    lifetime: timedelta = timedelta(seconds=3),
) -> Resolver:
    """Return one resolver that asks *nameservers* in turn, the system's when there are none.

    *timeout* is for one try, *lifetime* for one question. ValueError: a text is no end point.
    """
    from logwatch_mx.confirm.dns import DnsResolver  # noqa: PLC0415 -- see above

    return DnsResolver(nameservers, timeout=timeout, lifetime=lifetime)


def open_zone(path: Path) -> Resolver:
    """Return the resolver that answers from the master file *path* and from nothing else."""
    from logwatch_mx.confirm.zone import read_zone  # noqa: PLC0415 -- see above

    return read_zone(path)
