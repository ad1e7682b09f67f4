"""Chains: the same message under one queue id after the other."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.detect.chain import LATE, SAME_BATCH, Chains, Merge, Pass

T = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
D = "loop.test"


def at(second):
    return T + timedelta(seconds=second)


def go(chains, second, queue_id, next_id, *, domain=D, passed=True):
    place = chains.begin(at(second), queue_id)
    return chains.link(at(second), place, next_id, domain=domain, passed=passed)


def test_each_link_is_a_pass_of_the_first_message():
    chains = Chains()
    for n in range(5):
        assert go(chains, n, f"ID{n}", f"ID{n + 1}") is None
    assert chains.hops("ID0", D) == 5
    assert chains.find(at(5), "ID5") == Pass("ID0", 5, at(4))


def test_a_delivery_that_is_no_pass_carries_the_message_on_without_growing_it():
    chains = Chains()
    go(chains, 0, "A", "B")
    go(chains, 1, "B", "C", passed=False)
    go(chains, 2, "C", "D")
    assert (chains.hops("A", D), chains.find(at(3), "D").key) == (2, "A")


def test_a_link_that_comes_late_makes_two_messages_one():
    chains = Chains()
    go(chains, 1, "B", "C")
    assert go(chains, 2, "A", "B") == Merge("B", "A", passed=True)
    assert chains.hops("A", D) == 2
    assert chains.hops("B", D) == 0
    assert chains.find(at(2), "C") == Pass("A", 2, at(1))


def test_an_id_that_only_ended_a_message_merges_without_a_pass():
    chains = Chains()
    chains.begin(at(1), "B")  # its "too many hops" came before the link that leads to it
    assert go(chains, 2, "A", "B") == Merge("B", "A", passed=False)
    assert chains.hops("A", D) == 1


@given(order=st.permutations(range(6)))
def test_links_in_any_order_are_one_message_of_six_passes(order):
    chains = Chains()
    for n in order:
        go(chains, n * 0.01, f"ID{n}", f"ID{n + 1}")
    assert chains.hops("ID0", D) == 6
    assert {place.key for _, place in chains.passes.items()} == {"ID0"}


def test_a_link_that_comes_too_late_is_another_message_with_the_same_id():
    chains = Chains()
    go(chains, 0, "B", "C")
    assert go(chains, LATE.total_seconds() + 1, "A", "B") is None
    assert (chains.hops("A", D), chains.hops("B", D)) == (1, 1)


def test_two_recipients_of_one_delivery_are_one_pass():
    chains = Chains()
    for _ in range(2):
        go(chains, 0, "A", "B")
    assert chains.hops("A", D) == 1


def test_passes_to_one_domain_say_nothing_of_the_message_s_other_domain():
    chains = Chains()
    go(chains, 0, "A", "X", domain="proxied.test")
    for n, (one, other) in enumerate([("A", "B"), ("B", "C"), ("C", "D")]):
        go(chains, n, one, other)
    assert (chains.hops("A", D), chains.hops("A", "proxied.test")) == (3, 1)


@pytest.mark.parametrize(
    ("later", "same"),
    [(timedelta(), True), (SAME_BATCH, True), (SAME_BATCH + timedelta(seconds=1), False)],
)
def test_an_id_that_is_handed_over_again_after_minutes_is_used_again(later, same):
    chains = Chains()
    go(chains, 0, "A", "B")
    go(chains, 1, "B", "C")
    assert (chains.find(at(1) + later, "B") is not None) is same


def test_an_id_used_again_begins_a_message_of_its_own():
    chains = Chains()
    go(chains, 0, "A", "B")
    go(chains, 1, "B", "far", passed=False)
    assert chains.begin(at(7200), "B") == Pass("B", 0, at(7200))


def test_a_message_that_waits_for_a_day_is_still_the_same():
    chains = Chains()
    go(chains, 0, "A", "B")
    assert chains.find(at(86400), "B") == Pass("A", 1, at(0))


def test_chains_forget_the_oldest_and_count_it():
    chains = Chains()
    chains.passes.cap = chains.longest.cap = 10
    for n in range(100):
        go(chains, n * 100, f"A{n}", f"B{n}")
    assert len(chains.passes) <= 20
    assert chains.passes.forgotten >= 180
    assert chains.hops("A99", D) == 1


def test_messages_that_a_stranger_queues_under_one_id_stay_apart():
    chains = Chains()
    for n in range(4):
        assert go(chains, n, f"ID{n}", "SAME", passed=False) is None
    assert {chains.find(at(9), f"ID{n}").key for n in range(4)} == {"ID0", "ID1", "ID2", "ID3"}


def test_a_chain_that_comes_back_to_the_id_it_began_with_is_no_merge():
    chains = Chains()
    assert [go(chains, n, *pair) for n, pair in enumerate(["AB", "BA", "AB"])] == [None] * 3
    assert chains.hops("A", D) == 3
