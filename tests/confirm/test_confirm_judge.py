from ipaddress import ip_address, ip_network

import pytest

from logwatch_mx.confirm.judge import judge
from logwatch_mx.confirm.question import (
    MAX_HOSTS,
    Answer,
    Kind,
    Question,
    Status,
    first_question,
    next_questions,
)
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Mx, Outcome, Verdict

LO, LO2, FAR, PRIVATE, OWN = "127.0.0.1", "127.0.0.2", "9.9.9.9", "10.1.1.1", "198.51.100.7"
LATE, HIDDEN, GONE = Status.FAILED, Status.FILTERED, Status.NO_DOMAIN
SITE = Site(addresses=frozenset({OWN}))
DOMAIN = "joe.test"


def answers_of(**hosts):
    """Return answers for an MX per *host*: its A answer as addresses, or as a status."""
    exchangers = tuple(Mx(10 * (n + 1), f"{host}.test") for n, host in enumerate(hosts))
    found = [mx_answer(*exchangers)]
    for host, said in hosts.items():
        for kind in (Kind.A, Kind.AAAA):
            asked = Question(f"{host}.test", kind)
            found.append(address_answer(asked, said if kind is Kind.A else ()))
    return {answer.question: answer for answer in found}


def mx_answer(*exchangers, status=Status.FOUND, said=""):
    asked = first_question(DOMAIN)
    return Answer(question=asked, status=status, exchangers=exchangers, said=said)


def address_answer(asked, said):
    if isinstance(said, Status):
        return Answer(question=asked, status=said, said="why" if said in {LATE, HIDDEN} else "")
    status = Status.FOUND if said else Status.NO_DATA
    return Answer(question=asked, status=status, addresses=said)


@pytest.mark.parametrize(
    ("hosts", "outcome"),
    [
        ({"a": (LO,)}, Outcome.LOOPBACK),
        ({"a": (LO, LO2), "b": ("0.0.0.0",)}, Outcome.LOOPBACK),
        ({"a": (LO,), "b": GONE}, Outcome.LOOPBACK),  # a host that does not exist takes no mail
        ({"a": (LO,), "b": ()}, Outcome.LOOPBACK),
        ({"a": (LO,), "b": LATE}, Outcome.UNANSWERED),  # the late one could be the good one
        ({"a": (LO,), "b": HIDDEN}, Outcome.FILTERED),
        ({"a": (LO, FAR)}, Outcome.PARTIAL),
        ({"a": (FAR,), "b": (LO,)}, Outcome.PARTIAL),
        ({"a": (PRIVATE,), "b": (LO,)}, Outcome.PARTIAL),  # whatever the other's class
        ({"a": (OWN,), "b": (LO,)}, Outcome.PARTIAL),
        ({"a": (FAR,), "b": (LO,), "c": LATE}, Outcome.PARTIAL),  # nothing late can undo it
        ({"a": (FAR,), "b": (LO,), "c": HIDDEN}, Outcome.PARTIAL),
        ({"a": (OWN,)}, Outcome.SELF),
        ({"a": (f"::ffff:{OWN}",)}, Outcome.SELF),
        ({"a": (OWN,), "b": (FAR,)}, Outcome.SELF),  # ours to mend, nothing may be done to it
        ({"a": (OWN,), "b": LATE}, Outcome.UNANSWERED),
        ({"a": (FAR,)}, Outcome.HEALTHY),
        ({"a": (FAR, PRIVATE)}, Outcome.HEALTHY),
        ({"a": (FAR,), "b": LATE}, Outcome.UNANSWERED),  # the late one could be the loop
        ({"a": (FAR,), "b": HIDDEN}, Outcome.FILTERED),  # unbound drops only the loopback one
        ({"a": (PRIVATE,)}, Outcome.UNROUTABLE),
        ({"a": ("192.0.2.9", "240.0.0.1")}, Outcome.UNROUTABLE),
        ({"a": GONE}, Outcome.UNROUTABLE),
        ({"a": (), "b": GONE}, Outcome.UNROUTABLE),
        ({"a": LATE}, Outcome.UNANSWERED),
        ({"a": HIDDEN}, Outcome.FILTERED),
        ({"a": LATE, "b": HIDDEN}, Outcome.FILTERED),
    ],
)
def test_addresses_decide_and_a_missing_answer_is_neither_yes_nor_no(hosts, outcome):
    assert judge(DOMAIN, answers_of(**hosts), SITE).outcome is outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (mx_answer(status=LATE, said="timed out"), Outcome.UNANSWERED),
        (mx_answer(status=HIDDEN, said="blocked"), Outcome.FILTERED),
        (mx_answer(Mx(10, "127.0.0.1"), status=HIDDEN, said="blocked"), Outcome.FILTERED),
        (mx_answer(status=GONE), Outcome.NO_SUCH_DOMAIN),
        (mx_answer(Mx(0, ".")), Outcome.NULL_MX),
        (mx_answer(Mx(10, "."), Mx(20, ".")), Outcome.NULL_MX),
        (mx_answer(Mx(0, "."), Mx(10, "127.0.0.1")), Outcome.LOOPBACK),  # not alone: no null MX
        (mx_answer(Mx(10, "127.0.0.1")), Outcome.LOOPBACK),
        (mx_answer(Mx(10, "127.1")), Outcome.LOOPBACK),
        (mx_answer(Mx(10, "::1")), Outcome.LOOPBACK),
        (mx_answer(Mx(10, "9.9.9.9")), Outcome.HEALTHY),
        (mx_answer(Mx(10, "a.test")), Outcome.UNANSWERED),  # its addresses were not asked
    ],
)
def test_mx_answer_alone_may_decide(answer, outcome):
    assert judge(DOMAIN, {answer.question: answer}, SITE).outcome is outcome


def test_no_mx_question_is_unanswered():
    verdict = judge(DOMAIN, {}, SITE)
    assert (verdict.outcome, verdict.why) == (
        Outcome.UNANSWERED,
        "no answer to joe.test MX: not asked",
    )


@pytest.mark.parametrize("said", [LATE, GONE, HIDDEN, (), ("10.1.2.3",), (LO,)])
@pytest.mark.parametrize("host", ["localhost", "mail.localhost"])
def test_localhost_is_loopback_whatever_a_resolver_makes_of_it(host, said):
    answers = [mx_answer(Mx(10, host))]
    answers += [address_answer(Question(host, kind), said) for kind in (Kind.A, Kind.AAAA)]
    assert judge(DOMAIN, {a.question: a for a in answers}, SITE).outcome is Outcome.LOOPBACK


def implicit(addresses):
    answers = [
        mx_answer(status=Status.NO_DATA),
        address_answer(Question(DOMAIN, Kind.A), addresses),
    ]
    answers.append(address_answer(Question(DOMAIN, Kind.AAAA), ()))
    return {answer.question: answer for answer in answers}


def test_domain_without_mx_is_its_own_exchanger():
    assert judge(DOMAIN, implicit((LO,)), SITE, resolver="r") == Verdict(
        domain=DOMAIN,
        outcome=Outcome.LOOPBACK,
        mx=(Mx(0, DOMAIN, (LO,)),),
        resolver="r",
        why="every exchanger is this machine itself: joe.test 127.0.0.1 is loopback",
    )


def test_domain_without_mx_and_address_takes_no_mail_and_is_no_loop():
    verdict = judge(DOMAIN, implicit(()), SITE)
    assert (verdict.outcome, verdict.why) == (
        Outcome.UNROUTABLE,
        "joe.test has neither MX nor address",
    )


def test_address_of_this_machine_is_ours_also_when_no_list_names_it():
    asked = []

    def is_ours(address):
        asked.append(address)
        return address == ip_address(PRIVATE)

    answers = answers_of(a=(f"::ffff:{PRIVATE}",), b=(FAR,))
    assert judge(DOMAIN, answers, SITE, is_ours=is_ours).outcome is Outcome.SELF
    # Loopback and listed addresses need no socket; a mapped address is asked as what it stands for.
    assert asked == [ip_address(PRIVATE), ip_address(FAR)]


def test_routable_network_makes_a_private_exchanger_good():
    site = Site(routable=(ip_network("10.1.0.0/16"),))
    verdict = judge(DOMAIN, answers_of(a=(PRIVATE,)), site)
    assert (verdict.outcome, verdict.why) == (
        Outcome.HEALTHY,
        "an exchanger can be reached: a.test 10.1.1.1 is listed as routable",
    )


def test_verdict_holds_every_exchanger_in_the_order_of_preference_once():
    answers = answers_of(b=(FAR,), a=(PRIVATE, PRIVATE))
    mx = mx_answer(Mx(20, "b.test"), Mx(10, "b.test"), Mx(10, "a.test"))
    answers[mx.question] = mx
    assert judge(DOMAIN, answers, SITE).mx == (
        Mx(10, "a.test", (PRIVATE,)),
        Mx(10, "b.test", (FAR,)),
    )


def test_why_names_one_address_of_each_class_before_more_of_the_same():
    many = tuple(f"127.0.1.{n}" for n in range(9))
    verdict = judge(DOMAIN, answers_of(a=(*many, FAR)), SITE)
    assert verdict.why == (
        "not every exchanger is this machine: a.test 127.0.1.0 is loopback, a.test 9.9.9.9 is "
        "another machine, a.test 127.0.1.1 is loopback, a.test 127.0.1.2 is loopback, and 6 more"
    )


def test_why_names_the_question_without_an_answer_and_what_is_known():
    verdict = judge(DOMAIN, answers_of(a=(LO,), b=LATE), SITE)
    assert verdict.why == "no answer to b.test A: why; known: a.test 127.0.0.1 is loopback"


def test_more_exchangers_than_are_asked_never_confirm():
    hosts = tuple(Mx(10, f"h{n:03}.test") for n in range(MAX_HOSTS + 1))
    mx = mx_answer(*hosts)
    questions = next_questions(DOMAIN, mx)
    answers = {asked: address_answer(asked, (LO,)) for asked in questions}
    verdict = judge(DOMAIN, {mx.question: mx, **answers}, SITE)
    assert len(questions) == 2 * MAX_HOSTS
    assert verdict.outcome is Outcome.UNANSWERED
    assert "only 50 exchangers are asked" in verdict.why


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (mx_answer(Mx(10, "a.test")), ["a.test", "a.test"]),
        (mx_answer(status=Status.NO_DATA), [DOMAIN, DOMAIN]),
        (mx_answer(Mx(0, ".")), []),
        (mx_answer(Mx(0, "127.0.0.1")), []),
        (mx_answer(status=GONE), []),
        (mx_answer(status=LATE), []),
        (mx_answer(Mx(10, "a.test"), status=HIDDEN), []),
    ],
)
def test_addresses_are_asked_only_where_the_mx_answer_leaves_it_open(answer, names):
    assert [asked.name for asked in next_questions(DOMAIN, answer)] == names
