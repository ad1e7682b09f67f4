"""A master file as a Resolver: what is in it is all there is (``zone:FILE``).

1. Names are read with origin ``.``; ``$ORIGIN`` and ``$TTL`` are known, other directives are not.
2. The zones are the names that own an SOA; without any SOA the file is the root zone.
3. A name in a zone but not in the file does not exist, unless names below it do (RFC 8020).
4. A name outside the zones is unanswered. CNAMEs and wildcards (RFC 4592) are followed.
"""

import re
from pathlib import Path

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
import dns.zonefile
from dns.rdtypes.ANY.CNAME import CNAME

from logwatch_mx.confirm.question import Answer, Question, Status
from logwatch_mx.confirm.response import found, type_of
from logwatch_mx.errors import DataError, PermissionDeniedError, SourceError

MAX_ALIASES = 16

_Node = dict[dns.rdatatype.RdataType, list[dns.rdata.Rdata]]
_OWN_PLACE = re.compile(r"^<zone>:[0-9]+: ")
# DNSSEC's records stand beside a CNAME; nothing else does (RFC 4034 section 2.5, RFC 2181 10.1).
_BESIDE_CNAME = {dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3}


def read_zone(path: Path, name: str | None = None) -> "ZoneResolver":
    """Return the resolver that answers from the master file *path*.

    It calls itself *name* (``zone:PATH`` unless given). SourceError: no such file; DataError: a
    fault in it, with its line.
    """
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a zone file: not UTF-8 text") from error
    except PermissionError as error:
        raise PermissionDeniedError(f"{path}: permission denied") from error
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    return ZoneResolver(_parse(text, path), name or f"zone:{path}")


class ZoneResolver:
    """Answers from records that were read before; never waits."""

    def __init__(self, nodes: dict[dns.name.Name, _Node], name: str) -> None:
        self.name = name
        self._nodes = nodes
        apexes = {owner for owner, node in nodes.items() if dns.rdatatype.SOA in node}
        self._apexes = apexes or {dns.name.root}
        self._names = {above for owner in nodes for above in _upwards(owner)}

    async def answer(self, question: Question) -> Answer:
        """Return what the file says to *question*."""
        name = dns.name.from_text(question.name + ".")
        for _ in range(MAX_ALIASES):
            if self._apexes.isdisjoint(_upwards(name)):
                said = f"{name} is outside the zones of the file"
                return Answer(question=question, status=Status.FAILED, said=said)
            node = self._find(name)
            if node is None:
                return Answer(question=question, status=Status.NO_DOMAIN)
            if records := node.get(type_of(question.kind)):
                return found(question, records)
            if not (aliases := node.get(dns.rdatatype.CNAME)):
                return Answer(question=question, status=Status.NO_DATA)
            alias = aliases[0]
            assert isinstance(alias, CNAME)  # noqa: S101 -- by the key it was kept under
            name = alias.target
        said = f"an alias chain of more than {MAX_ALIASES} names"
        return Answer(question=question, status=Status.FAILED, said=said)

    def _find(self, name: dns.name.Name) -> _Node | None:
        if name in self._names:
            # A name with others below it exists though it owns nothing: no data, not NXDOMAIN.
            return self._nodes.get(name, {})
        # Only the closest encloser's own wildcard counts (RFC 4592 section 3.3.1).
        encloser = next(above for above in _upwards(name) if above in self._names)
        return self._nodes.get(dns.name.Name((b"*", *encloser.labels)))


class _Tokenizer(dns.tokenizer.Tokenizer):
    """Remembers where the record began: the reader tells where it ended, or the line after."""

    began = 1

    def get(
        self,
        want_leading: bool = False,  # noqa: FBT001, FBT002 -- dnspython's signature
        want_comment: bool = False,  # noqa: FBT001, FBT002 -- the same
    ) -> dns.tokenizer.Token:
        if want_leading and want_comment:
            self.began = self.where()[1]
        return super().get(want_leading, want_comment)


class _Collector(dns.zonefile.RRsetsReaderTransaction):
    """Takes every record as it is read; dnspython's own takes an SOA at the origin alone."""

    def __init__(self) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # dnspython has no types here
            dns.zonefile.RRSetsReaderManager(), replacement=True, read_only=False
        )
        self.nodes: dict[dns.name.Name, _Node] = {}

    def add(self, *args: object) -> None:
        name, _, record = args
        # The reader passes exactly these; anything else is a fault of this program.
        assert isinstance(name, dns.name.Name)  # noqa: S101
        assert isinstance(record, dns.rdata.Rdata)  # noqa: S101
        node = self.nodes.setdefault(name, {})
        records = node.setdefault(record.rdtype, [])
        if record not in records:
            records.append(record)
        if dns.rdatatype.CNAME in node:
            if len(node[dns.rdatatype.CNAME]) > 1:
                raise ValueError(f"{name} has two CNAMEs")
            if len(node.keys() - _BESIDE_CNAME) > 1:
                raise ValueError(f"{name} has a CNAME and other records")


def _parse(text: str, path: Path) -> dict[dns.name.Name, _Node]:
    tokens = _Tokenizer(text, "<zone>")
    records = _Collector()
    reader = dns.zonefile.Reader(
        tokens,
        dns.rdataclass.IN,
        records,
        allow_directives={"$ORIGIN", "$TTL"},
        default_ttl=0,
    )
    try:
        reader.read()
    except (dns.exception.DNSException, ValueError) as error:
        said = _OWN_PLACE.sub("", str(error)) or type(error).__name__
        raise DataError(f"{path}: line {tokens.began}: {said}") from error
    if not records.nodes:
        # An empty file would deny every domain there is.
        raise DataError(f"{path}: not a zone file: no record in it")
    return records.nodes


def _upwards(name: dns.name.Name) -> list[dns.name.Name]:
    """Return *name* and every name above it, the root last."""
    return [dns.name.Name(name.labels[number:]) for number in range(len(name.labels))]
