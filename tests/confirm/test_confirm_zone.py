import asyncio
from ipaddress import ip_network
from pathlib import Path

import pytest

from logwatch_mx.confirm.confirm import confirm
from logwatch_mx.confirm.open import open_zone
from logwatch_mx.confirm.question import Kind, Question, Status
from logwatch_mx.errors import DataError, PermissionDeniedError, SourceError
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Mx, Outcome, Verdict

LAB = Path(__file__).parent / "data" / "dns.zone"
OURS = Site(addresses=frozenset({"10.99.0.10"}))
NEAR = Site(routable=(ip_network("10.99.0.0/24"),))


def verdict_on(domain, site):
    return asyncio.run(confirm(domain, open_zone(LAB), site))


@pytest.mark.parametrize(
    ("domain", "bare", "ours", "near"),
    [
        *(
            (f"{name}.test", Outcome.LOOPBACK, Outcome.LOOPBACK, Outcome.LOOPBACK)
            for name in (
                "mx127",
                "mx127b",
                "mxcname",
                "mxlocalhost",
                "implicit-a",
                "mxzero",
                "mxv6",
                "mxmapped",
            )
        ),
        ("ownip.test", Outcome.UNROUTABLE, Outcome.SELF, Outcome.HEALTHY),
        ("ownname.test", Outcome.UNROUTABLE, Outcome.SELF, Outcome.HEALTHY),
        ("home.test", Outcome.UNROUTABLE, Outcome.SELF, Outcome.HEALTHY),
        ("partial.test", Outcome.PARTIAL, Outcome.PARTIAL, Outcome.PARTIAL),
        ("partial2.test", Outcome.PARTIAL, Outcome.PARTIAL, Outcome.PARTIAL),
        ("partial3.test", Outcome.PARTIAL, Outcome.PARTIAL, Outcome.PARTIAL),
        ("nullmx.test", Outcome.NULL_MX, Outcome.NULL_MX, Outcome.NULL_MX),
        ("rfc1918.test", Outcome.UNROUTABLE, Outcome.UNROUTABLE, Outcome.UNROUTABLE),
        ("healthy.test", Outcome.UNROUTABLE, Outcome.UNROUTABLE, Outcome.HEALTHY),
        ("timeout.test", Outcome.UNROUTABLE, Outcome.UNROUTABLE, Outcome.UNROUTABLE),
        ("refuse.test", Outcome.UNROUTABLE, Outcome.UNROUTABLE, Outcome.HEALTHY),
        ("nosuch.test", *[Outcome.NO_SUCH_DOMAIN] * 3),
        ("seaton.biz", *[Outcome.NO_SUCH_DOMAIN] * 3),
        ("localhost", Outcome.LOOPBACK, Outcome.LOOPBACK, Outcome.LOOPBACK),
    ],
)
def test_every_domain_of_the_lab_has_its_verdict(domain, bare, ours, near):
    found = [verdict_on(domain, site).outcome for site in (Site(), OURS, NEAR)]
    assert found == [bare, ours, near]


def test_verdict_is_whole():
    assert verdict_on("partial2.test", Site()) == Verdict(
        domain="partial2.test",
        outcome=Outcome.PARTIAL,
        mx=(
            Mx(10, "mail.partial2.test", ("10.99.0.22",)),
            Mx(20, "backup.partial2.test", ("127.0.0.1",)),
        ),
        resolver=f"zone:{LAB}",
        why=(
            "not every exchanger is this machine: mail.partial2.test 10.99.0.22 is private "
            "(RFC 1918), backup.partial2.test 127.0.0.1 is loopback"
        ),
    )


ZONE = """\
$TTL 60
$ORIGIN example.test.
@           SOA ns root 1 2 3 4 5
deep.ent    A 127.0.0.1
*.wild      A 127.0.0.5
*.wild      MX 10 mail
real.wild   MX 20 mail
*.loop      CNAME alias
alias       CNAME deep.ent
one         CNAME two
two         CNAME one
out         CNAME elsewhere.invalid.
Mail        A 9.9.9.9
"""


def ask(path, name, kind):
    return asyncio.run(open_zone(path).answer(Question(name, kind)))


@pytest.mark.parametrize(
    ("name", "kind", "status", "records"),
    [
        ("deep.ent.example.test", Kind.A, Status.FOUND, ("127.0.0.1",)),
        ("mail.example.test", Kind.A, Status.FOUND, ("9.9.9.9",)),
        ("ent.example.test", Kind.A, Status.NO_DATA, ()),  # exists, for a name below it does
        ("nope.ent.example.test", Kind.A, Status.NO_DOMAIN, ()),
        ("x.wild.example.test", Kind.A, Status.FOUND, ("127.0.0.5",)),
        ("x.y.wild.example.test", Kind.A, Status.FOUND, ("127.0.0.5",)),
        ("x.wild.example.test", Kind.AAAA, Status.NO_DATA, ()),
        ("real.wild.example.test", Kind.A, Status.NO_DATA, ()),  # a wildcard adds to no real name
        ("x.real.wild.example.test", Kind.A, Status.NO_DOMAIN, ()),  # nor reaches below one
        ("x.loop.example.test", Kind.A, Status.FOUND, ("127.0.0.1",)),
        ("x.loop.example.test", Kind.AAAA, Status.NO_DATA, ()),
        ("one.example.test", Kind.A, Status.FAILED, ()),  # a circle
        ("out.example.test", Kind.A, Status.FAILED, ()),
        ("example.test", Kind.A, Status.NO_DATA, ()),
        ("test", Kind.A, Status.FAILED, ()),  # above the zone
        ("example.org", Kind.MX, Status.FAILED, ()),
    ],
)
def test_zone_answers_as_a_server_with_nothing_else_would(tmp_path, name, kind, status, records):
    path = tmp_path / "z"
    path.write_text(ZONE)
    answer = ask(path, name, kind)
    assert (answer.status, answer.addresses) == (status, records)


def test_record_written_twice_is_one(tmp_path):
    path = tmp_path / "z"
    path.write_text("x.test A 127.0.0.1\nX.test A 127.0.0.1\n")
    assert ask(path, "x.test", Kind.A).addresses == ("127.0.0.1",)


def test_names_outside_every_zone_of_the_file_are_unanswered(tmp_path):
    path = tmp_path / "z"
    path.write_text(
        "a.test. SOA a. b. 1 1 1 1 1\nb.test. SOA a. b. 1 1 1 1 1\nx.b.test. A 127.0.0.1\n"
    )
    found = [ask(path, name, Kind.A).status for name in ("y.a.test", "x.b.test", "x.c.test")]
    assert found == [Status.NO_DOMAIN, Status.FOUND, Status.FAILED]


def test_file_without_soa_is_the_root_zone(tmp_path):
    path = tmp_path / "z"
    path.write_text("joe.test MX 10 localhost.\n")
    assert ask(path, "other.example", Kind.MX).status is Status.NO_DOMAIN


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x A 1.2.3.4\ny A 1.2.3\nz A 1.2.3.4\n", "line 2: Text input is malformed."),
        ("x A 1.2.3.4\n\n; c\ny FOO 1\n", "line 4: unknown rdatatype 'FOO'"),
        ("x A\n", "line 1: expecting an identifier"),
        ("x A 1.2.3.4\n$INCLUDE /etc/passwd\n", "line 2: zone file directive '$INCLUDE' is not"),
        ("$GENERATE 1-9 x$ A 127.0.0.$\n", "line 1: zone file directive '$GENERATE' is not"),
        ("x CNAME a\nx A 1.2.3.4\n", "line 2: x. has a CNAME and other records"),
        ("x A 1.2.3.4\nx CNAME a\n", "line 2: x. has a CNAME and other records"),
        ("x CNAME a\nx CNAME b\n", "line 2: x. has two CNAMEs"),
        ("x CH A 1.2.3.4\n", "line 1: RR class is not zone's class"),
        (f"{'x' * 64} A 1.2.3.4\n", "line 1: A DNS label is > 63 octets long."),
        ('x TXT "a\n', "line 1: newline in quoted string"),
        ("", "not a zone file: no record in it"),
        ("; nothing\n", "not a zone file: no record in it"),
    ],
)
def test_fault_of_the_file_is_told_with_its_line(tmp_path, text, fault):
    path = tmp_path / "z"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        open_zone(path)
    assert str(caught.value).startswith(f"{path}: {fault}")


def test_binary_file_is_no_zone(tmp_path):
    path = tmp_path / "z"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not a zone file: not UTF-8 text"):
        open_zone(path)


def test_missing_file_is_no_input(tmp_path):
    with pytest.raises(SourceError, match="No such file"):
        open_zone(tmp_path / "none")
    with pytest.raises(SourceError, match="Is a directory"):
        open_zone(tmp_path)


def test_unreadable_file_says_so():
    class Forbidden(type(Path())):
        def read_bytes(self):
            raise PermissionError(13, "Permission denied")

    with pytest.raises(PermissionDeniedError, match="permission denied"):
        open_zone(Forbidden("/root/zone"))
