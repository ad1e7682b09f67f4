import asyncio
from datetime import timedelta

import pytest

from logwatch_mx.confirm.confirm import combine, confirm, confirm_by_all
from logwatch_mx.confirm.dns import MAX_KEPT, DnsResolver
from logwatch_mx.confirm.open import open_resolver
from logwatch_mx.confirm.question import Answer, Kind, Question, Status
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Mx, Outcome, Verdict

QUICK = timedelta(milliseconds=60)
LOOP = """\
joe.test. 60 IN MX 10 mail.joe.test.
mail.joe.test. 60 IN A 127.0.0.1
"""
GOOD = """\
joe.test. 60 IN MX 10 mail.joe.test.
mail.joe.test. 60 IN A 9.9.9.9
"""


def resolver_at(*places):
    return DnsResolver(places, timeout=QUICK, lifetime=2 * QUICK)


def verdict_from(server, domain="joe.test"):
    return asyncio.run(confirm(domain, open_resolver([server.place]), Site()))


def ask(resolver, name, kind=Kind.A):
    return asyncio.run(resolver.answer(Question(name, kind)))


def test_loop_is_confirmed_with_its_evidence(dns_server):
    dns_server.zone.add(LOOP)
    assert verdict_from(dns_server) == Verdict(
        domain="joe.test",
        outcome=Outcome.LOOPBACK,
        mx=(Mx(10, "mail.joe.test", ("127.0.0.1",)),),
        resolver=dns_server.place,
        why="every exchanger is this machine itself: mail.joe.test 127.0.0.1 is loopback",
    )


def test_mx_is_asked_first_then_both_kinds_of_address_with_edns(dns_server):
    dns_server.zone.add(LOOP)
    verdict_from(dns_server)
    first, *others = dns_server.zone.asked
    assert first == ("joe.test.", "MX", "udp", True)
    assert sorted(others) == [
        ("mail.joe.test.", "A", "udp", True),
        ("mail.joe.test.", "AAAA", "udp", True),
    ]


@pytest.mark.parametrize(
    ("name", "manners", "outcome"),
    [
        ("joe.test.", ["NXDOMAIN"], Outcome.NO_SUCH_DOMAIN),
        ("joe.test.", ["SERVFAIL"], Outcome.UNANSWERED),
        ("joe.test.", ["REFUSED"], Outcome.UNANSWERED),
        ("joe.test.", ["referral"], Outcome.UNANSWERED),  # a server that does not recurse
        ("joe.test.", ["ede=15"], Outcome.FILTERED),
        ("joe.test.", ["SERVFAIL", "ede=15"], Outcome.FILTERED),
        ("joe.test.", ["NXDOMAIN", "ede=17"], Outcome.FILTERED),  # a blocklist that denies names
        ("joe.test.", ["SERVFAIL", "ede=22"], Outcome.UNANSWERED),  # no reachable authority
        ("joe.test.", ["truncated"], Outcome.LOOPBACK),
        ("joe.test.", ["no-edns"], Outcome.LOOPBACK),
        ("mail.joe.test.", ["NXDOMAIN"], Outcome.UNROUTABLE),
        ("mail.joe.test.", ["SERVFAIL"], Outcome.UNANSWERED),
        ("mail.joe.test.", ["ede=15"], Outcome.FILTERED),
        ("mail.joe.test.A", ["ede=4"], Outcome.FILTERED),
        ("mail.joe.test.AAAA", ["SERVFAIL"], Outcome.UNANSWERED),  # ::9 might be there
        ("mail.joe.test.AAAA", ["no-soa"], Outcome.FILTERED),
        ("mail.joe.test.AAAA", ["no-soa", "ede=15"], Outcome.FILTERED),
        ("mail.joe.test.", ["truncated"], Outcome.LOOPBACK),
    ],
)
def test_server_with_bad_manners_never_confirms(dns_server, name, manners, outcome):
    dns_server.zone.add(LOOP)
    dns_server.zone.behave(name, *manners)
    assert verdict_from(dns_server).outcome is outcome


def test_filter_against_rebinding_leaves_the_mx_and_empties_the_address(dns_server):
    dns_server.zone.add("joe.test. 60 IN MX 10 mail.joe.test.\n")
    dns_server.zone.behave("mail.joe.test.", "no-soa")
    verdict = verdict_from(dns_server)
    assert (verdict.outcome, verdict.mx) == (Outcome.FILTERED, (Mx(10, "mail.joe.test"),))
    assert "NOERROR with neither an answer nor an SOA" in verdict.why


def test_truncated_answer_is_asked_for_again_by_tcp(dns_server):
    dns_server.zone.add(LOOP)
    dns_server.zone.behave("joe.test.", "truncated")
    verdict_from(dns_server)
    assert [how for name, _, how, _ in dns_server.zone.asked if name == "joe.test."] == [
        "udp",
        "tcp",
    ]


def test_server_that_does_not_know_edns_is_asked_without(dns_server):
    dns_server.zone.add(LOOP)
    dns_server.zone.behave("joe.test.", "no-edns")
    verdict_from(dns_server)
    assert [edns for name, *_, edns in dns_server.zone.asked if name == "joe.test."] == [
        True,
        False,
    ]


@pytest.mark.parametrize("manners", [(), ("chase",)], ids=["target asked", "target in answer"])
def test_alias_of_an_exchanger_is_followed(dns_server, manners):
    dns_server.zone.add(
        "joe.test. 60 IN MX 10 mail.joe.test.\n"
        "mail.joe.test. 60 IN CNAME lo.joe.test.\n"
        "lo.joe.test. 60 IN A 127.0.0.1\n"
    )
    # The AAAA answer is the CNAME alone, without SOA: seen from a small server, and no filter.
    dns_server.zone.behave("mail.joe.test.", *manners)
    assert verdict_from(dns_server).outcome is Outcome.LOOPBACK


def test_circle_of_aliases_is_unanswered(dns_server):
    dns_server.zone.add(
        "joe.test. 60 IN MX 10 a.test.\na.test. 60 IN CNAME b.test.\nb.test. 60 IN CNAME a.test.\n"
    )
    verdict = verdict_from(dns_server)
    assert verdict.outcome is Outcome.UNANSWERED
    assert "an alias chain of more than 8 answers" in verdict.why


def test_search_domain_of_this_machine_is_never_tried(dns_server):
    dns_server.zone.add("joe.home.test. 60 IN A 127.0.0.1\n")
    verdict_from(dns_server, "joe")
    assert {name for name, *_ in dns_server.zone.asked} == {"joe."}


def test_silence_is_unanswered(deaf_place):
    verdict = asyncio.run(confirm("joe.test", resolver_at(deaf_place), Site()))
    assert verdict.outcome is Outcome.UNANSWERED
    assert verdict.why == (
        f"no answer to joe.test MX: no answer within 120ms, nothing from {deaf_place}"
    )


def test_packet_that_is_no_answer_is_waited_past(dns_server):
    dns_server.zone.behave("joe.test.", "junk")
    assert ask(resolver_at(dns_server.place), "joe.test").status is Status.FAILED


def test_next_nameserver_is_asked_when_one_fails(dns_server, deaf_place):
    dns_server.zone.add(LOOP)
    resolver = DnsResolver([deaf_place, dns_server.place], timeout=QUICK)
    assert ask(resolver, "mail.joe.test").addresses == ("127.0.0.1",)
    assert resolver.name == f"{deaf_place}, {dns_server.place}"


def test_deadline_ends_the_waiting(deaf_place):
    slow = DnsResolver([deaf_place], timeout=timedelta(hours=1), lifetime=timedelta(hours=1))
    verdict = asyncio.run(confirm("joe.test", slow, Site(), deadline=QUICK))
    assert (verdict.outcome, verdict.why) == (
        Outcome.UNANSWERED,
        "no answer to joe.test MX: the deadline passed",
    )


def test_question_in_flight_ends_with_who_asked(deaf_place):
    slow = DnsResolver([deaf_place], timeout=timedelta(hours=1), lifetime=timedelta(hours=1))

    async def ask_and_leave():
        asking = asyncio.create_task(confirm("joe.test", slow, Site()))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(ask_and_leave()) == set()


def test_host_of_very_many_addresses_is_not_judged_by_some_of_them(dns_server):
    dns_server.zone.add("joe.test. 60 IN MX 10 mail.joe.test.\n")
    for n in range(257):
        dns_server.zone.add(f"mail.joe.test. 60 IN A 127.0.{n // 256}.{n % 256}\n")
    dns_server.zone.behave("mail.joe.test.", "truncated")  # so many do not fit a packet
    verdict = verdict_from(dns_server)
    assert verdict.outcome is Outcome.UNANSWERED
    assert "257 addresses, more than 256" in verdict.why


def test_odd_octets_of_an_exchanger_come_escaped(dns_server):
    dns_server.zone.add("joe.test. 60 IN MX 10 x.test.\n")
    dns_server.zone.rows["joe.test.", 15][0].rdata.label.label = (b"\x1b[2J\0 x", b"test")
    verdict = asyncio.run(confirm("joe.test", resolver_at(dns_server.place), Site()))
    assert verdict.mx[0].host == "\\027[2j\\000\\032x.test"
    assert verdict.why.isprintable()


def test_answer_is_kept_for_a_quarter_of_a_minute_at_most(dns_server):
    dns_server.zone.add("joe.test. 86400 IN A 127.0.0.1\n")
    now = [0.0]
    resolver = DnsResolver([dns_server.place], clock=lambda: now[0])
    counts = []
    for at in (0.0, 14.0, 15.0, 29.9, 30.1):
        now[0] = at
        assert ask(resolver, "joe.test").addresses == ("127.0.0.1",)
        counts.append(len(dns_server.zone.asked))
    assert counts == [1, 1, 2, 2, 3]


def test_answers_that_are_kept_are_bounded(dns_server):
    dns_server.zone.add("joe.test. 60 IN A 127.0.0.1\n")
    resolver = DnsResolver([dns_server.place], clock=lambda: 0.0)

    async def ask_many():
        for number in range(MAX_KEPT + 1):
            await resolver.answer(Question(f"n{number}.test", Kind.A))

    asyncio.run(ask_many())
    ask(resolver, f"n{MAX_KEPT}.test")
    assert len(dns_server.zone.asked) == MAX_KEPT + 1
    ask(resolver, "n0.test")  # the oldest was forgotten
    assert len(dns_server.zone.asked) == MAX_KEPT + 2


def test_failed_and_filtered_answers_are_not_kept(dns_server):
    dns_server.zone.add("joe.test. 60 IN A 127.0.0.1\n")
    resolver = DnsResolver([dns_server.place])
    found = []
    for manners in (["SERVFAIL"], ["ede=15"], []):
        dns_server.zone.behave("joe.test.", *manners)
        found.append(ask(resolver, "joe.test").status)
    assert found == [Status.FAILED, Status.FILTERED, Status.FOUND]


def test_one_resolver_serves_several_event_loops(dns_server):
    dns_server.zone.add(LOOP)
    resolver = DnsResolver([dns_server.place])
    outcomes = [
        asyncio.run(confirm("joe.test", resolver, Site())).outcome,
        asyncio.run(confirm("nosuch.test", resolver, Site())).outcome,
    ]
    assert outcomes == [Outcome.LOOPBACK, Outcome.NO_SUCH_DOMAIN]


def test_nameservers_of_the_system_are_read(tmp_path):
    conf = tmp_path / "resolv.conf"
    conf.write_text("search home.test\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n")
    assert DnsResolver(resolv_conf=conf).name == "192.0.2.53:53, [2001:db8::53]:53"


def test_machine_without_nameservers_gets_no_answer(tmp_path):
    resolver = DnsResolver(resolv_conf=tmp_path / "none")
    answer = ask(resolver, "joe.test")
    assert (resolver.name, answer.status) == ("no nameserver", Status.FAILED)


def test_name_that_dns_cannot_hold_is_a_failed_answer(dns_server):
    answer = ask(DnsResolver([dns_server.place]), "x" * 64)
    assert (answer.status, answer.said) == (Status.FAILED, "A DNS label is > 63 octets long.")


class Says:
    """A resolver that says one thing."""

    def __init__(self, name, *answers):
        self.name = name
        self._answers = {answer.question: answer for answer in answers}

    async def answer(self, question):
        missing = Answer(question=question, status=Status.NO_DATA)
        return self._answers.get(question, missing)


def says(name, address):
    asked = Question("joe.test", Kind.A)
    return Says(name, Answer(question=asked, status=Status.FOUND, addresses=(address,)))


def test_resolver_that_lies_alone_is_not_believed():
    # A blocklist answers 0.0.0.0 for a good name.
    resolvers = [says("honest", "9.9.9.9"), says("liar", "0.0.0.0")]
    verdict = asyncio.run(confirm_by_all("joe.test", resolvers, Site()))
    assert verdict == Verdict(
        domain="joe.test",
        outcome=Outcome.FILTERED,
        mx=(Mx(0, "joe.test", ("9.9.9.9",)),),
        resolver="honest, liar",
        why=(
            "the resolvers do not agree: "
            "honest: healthy, an exchanger can be reached: joe.test 9.9.9.9 is another machine; "
            "liar: loopback, every exchanger is this machine itself: joe.test 0.0.0.0 is loopback"
        ),
    )


def test_resolvers_that_agree_are_believed():
    resolvers = [says("a", "127.0.0.1"), says("b", "127.0.0.1")]
    verdict = asyncio.run(confirm_by_all("joe.test", resolvers, Site()))
    assert (verdict.outcome, verdict.resolver) == (Outcome.LOOPBACK, "a, b")
    assert verdict.why.startswith("all agree: a: loopback, ")


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("loopback", Outcome.LOOPBACK),
        ("loopback loopback loopback", Outcome.LOOPBACK),
        ("loopback healthy", Outcome.FILTERED),
        ("loopback partial", Outcome.FILTERED),
        ("no_such_domain loopback", Outcome.FILTERED),
        ("loopback unanswered", Outcome.UNANSWERED),
        ("healthy unanswered", Outcome.UNANSWERED),
        ("loopback not_asked", Outcome.UNANSWERED),
        ("filtered loopback", Outcome.FILTERED),
        ("filtered unanswered", Outcome.FILTERED),
        ("unanswered unanswered", Outcome.UNANSWERED),
    ],
)
def test_only_agreement_decides(outcomes, expected):
    verdicts = [Verdict(domain="joe.test", outcome=Outcome(said)) for said in outcomes.split()]
    assert combine(verdicts).outcome is expected


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ("loopback loopback", "all agree: "),
        ("unanswered unanswered", "all agree: "),
        ("loopback unanswered", "not all resolvers answer: "),
        ("loopback unanswered loopback", "not all resolvers answer: "),
        ("loopback healthy unanswered", "the resolvers do not agree: "),
        ("loopback filtered", "the resolvers do not agree: "),
    ],
)
def test_who_is_silent_does_not_disagree(outcomes, words):
    verdicts = [Verdict(domain="joe.test", outcome=Outcome(said)) for said in outcomes.split()]
    assert combine(verdicts).why.startswith(words)


def test_one_verdict_stays_as_it_is():
    verdict = Verdict(domain="joe.test", outcome=Outcome.LOOPBACK, resolver="a", why="w")
    assert combine([verdict]) is verdict


def test_good_domain_is_healthy(dns_server):
    dns_server.zone.add(GOOD)
    assert verdict_from(dns_server).outcome is Outcome.HEALTHY
