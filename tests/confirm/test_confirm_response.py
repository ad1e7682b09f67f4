import dns.message
import pytest

from logwatch_mx.confirm.question import Answer, Kind, Question, Status
from logwatch_mx.confirm.response import read_response
from logwatch_mx.model.verdict import Mx

HEAD = """\
id 1
opcode QUERY
rcode {rcode}
flags QR RD RA
;QUESTION
{name}. IN {kind}
;ANSWER
{answer}
;AUTHORITY
{authority}
"""
SOA = "test. 60 IN SOA ns. root. 1 2 3 4 5"


def read(kind, answer="", *, rcode="NOERROR", authority="", name="joe.test"):
    text = HEAD.format(rcode=rcode, name=name, kind=kind, answer=answer, authority=authority)
    text = text.replace("\n\n", "\n")  # an empty line would end the message
    return read_response(Question(name, Kind(kind)), dns.message.from_text(text))


def answer_of(kind, **fields):
    return Answer(question=Question("joe.test", Kind(kind)), **fields)


def test_exchangers_are_read_in_lower_case():
    assert read("MX", "joe.test. 60 IN MX 10 Mail.Joe.TEST.") == answer_of(
        "MX", status=Status.FOUND, exchangers=(Mx(10, "mail.joe.test"),), ttl=60
    )


def test_null_exchanger_is_the_root():
    assert read("MX", "joe.test. 60 IN MX 0 .").exchangers == (Mx(0, "."),)


@pytest.mark.parametrize(
    ("kind", "address"),
    [("A", "127.0.0.1"), ("AAAA", "::1"), ("AAAA", "::ffff:127.0.0.1")],
)
def test_address_is_kept_as_dns_prints_it(kind, address):
    assert read(kind, f"joe.test. 60 IN {kind} {address}").addresses == (address,)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"rcode": "NXDOMAIN", "authority": SOA}, {"status": Status.NO_DOMAIN, "ttl": 5}),
        ({"authority": SOA}, {"status": Status.NO_DATA, "ttl": 5}),
        ({"rcode": "SERVFAIL"}, {"status": Status.FAILED, "said": "SERVFAIL"}),
        ({"rcode": "NOTAUTH"}, {"status": Status.FAILED, "said": "NOTAUTH"}),
        (
            {},
            {
                "status": Status.FILTERED,
                "said": "NOERROR with neither an answer nor an SOA",
            },
        ),
        # Recursion is offered, so an NS without an answer is no referral but what a filter left.
        (
            {"authority": "test. 60 IN NS ns."},
            {
                "status": Status.FILTERED,
                "said": "NOERROR with neither an answer nor an SOA",
            },
        ),
        (
            {"answer": "joe.test. 60 IN CNAME lo.test."},
            {"status": Status.NO_DATA, "alias": "lo.test"},
        ),
        (
            {"answer": "joe.test. 60 IN CNAME lo.test.\nlo.test. 60 IN A 127.0.0.1"},
            {"status": Status.FOUND, "addresses": ("127.0.0.1",), "ttl": 60},
        ),
        (
            {"answer": "joe.test. 60 IN CNAME joe.test."},
            {"status": Status.FAILED, "said": "The CNAME chain is too long."},
        ),
        # An address of another name is no answer: nobody is believed about what was not asked.
        (
            {"answer": "other.test. 60 IN A 127.0.0.1"},
            {
                "status": Status.FILTERED,
                "said": "NOERROR with neither an answer nor an SOA",
            },
        ),
    ],
)
def test_message_says_what_it_says(given, expected):
    answer = read("A", **given)
    whole = answer_of("A", **{"ttl": answer.ttl, **expected})
    assert answer == whole
