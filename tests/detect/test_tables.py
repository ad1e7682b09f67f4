"""Bounded tables."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from logwatch_mx.detect.window import Table

KEYS = st.lists(st.sampled_from("abcdefgh"), max_size=60)


@given(keys=KEYS, cap=st.integers(1, 5))
def test_a_table_never_holds_more_than_two_generations(keys, cap):
    table = Table(cap=cap)
    for key in keys:
        table.set(key, 1)
        assert len(table.young) <= cap
        assert len(table.old) <= cap
        assert key in table


@given(keys=KEYS)
def test_what_is_looked_up_is_kept(keys):
    table = Table(cap=2)
    table.set("kept", 7)
    for key in keys:
        table.set(key, 1)
        assert table.get("kept") == 7


@given(keys=KEYS)
def test_what_is_set_is_there_or_was_counted_as_forgotten(keys):
    table = Table(cap=2)
    for key in keys:
        if key not in table:
            table.set(key, 1)
    assert len(table) + table.forgotten >= len(set(keys))


def test_asking_whether_leaves_no_trace():
    table = Table(cap=1)
    table.set("a", 1)
    table.set("b", 2)
    assert "a" in table
    table.set("c", 3)
    assert "a" not in table
    assert table.forgotten == 1


def test_a_table_that_ages_twice_has_dropped_what_nobody_asked_for():
    table = Table()
    table.set("a", 1)
    table.age()
    assert "a" in table
    table.age()
    assert "a" not in table


def test_values_that_grow_make_a_generation_old_by_their_weight():
    table = Table()
    table.set("a", [1])
    table.weigh(6, 10)
    table.set("b", [1])
    table.weigh(5, 10)
    assert (table.young, table.weight, table.forgotten) == ({}, 0, 0)
    table.set("c", [1])
    table.weigh(11, 10)
    assert ("a" in table, "c" in table, table.forgotten) == (False, True, 2)


def test_pop_takes_from_both_generations():
    table = Table(cap=1)
    table.set("a", 1)
    table.set("b", 2)
    assert (table.pop("a"), table.pop("b"), table.pop("c"), len(table)) == (1, 2, None, 0)


def test_a_table_comes_back_as_it_was():
    table = Table(cap=1, young={"b": 2}, old={"a": 1}, forgotten=3)
    assert msgpack.decode(msgpack.encode(table), type=Table[int]) == table
