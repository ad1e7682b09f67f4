"""The installed daemon against a joe job on real MTAs, with no help: found, proved, stopped, undone.

Without it every spam's bounce spins to the hop limit. Each story prints what it measured.
"""

import pytest
from mailworld import joejob, places
from mailworld.attack import (
    KINDS,
    MENDED,
    MOST,
    SPINNING,
    arrived,
    attack,
    calm,
    good_mail,
    in_map,
    live,
    read_map,
    share_of,
    watched,
)
from mailworld.space import wait_for


@pytest.mark.parametrize(
    ("mta", "variant", "action"),
    [
        pytest.param("postfix", "spinning", "pause", marks=pytest.mark.smoke),
        ("postfix", "spinning", "discard"),
        ("sendmail", "spinning", "pause"),  # with the hundred hops that Debian allows
        ("sendmail", "spinning upstream", "pause"),
        ("sendmail", "spinning upstream", "discard"),
    ],
)
def test_a_joe_job_is_found_proved_and_stopped_with_no_help(
    open_world, without, mta, variant, action
):
    seconds = 30
    world = open_world(mta, variant)
    daemon = watched(world, action=action)
    with daemon:
        read_map(world, daemon)
        assert live(world, daemon, "seaton.biz") is None
        mails = joejob.together(attack(["seaton.biz"], seconds), good_mail(seconds))
        assert {word[:3] for word in world.send_plan(mails)} == {"250"}
        calm(world, ["seaton.biz"])
        # Measured for one in test_lab_spin.
        each = without(mta, "seaton.biz") if variant == SPINNING[mta] else 100
        before = each * len(attack(["seaton.biz"], seconds))
        assert share_of(world, "seaton.biz", before, action)["share"] <= MOST
        assert daemon.actions("seaton.biz") == [(action, "done")]
        assert in_map(world, daemon) == ["seaton.biz"]
        assert live(world, daemon, "seaton.biz") is not None
        assert live(world, daemon, "notseaton.biz") is None
        assert arrived(world) == sorted(m["recipients"][0] for m in good_mail(seconds))
        assert [i["subject"] for i in daemon.incidents()] == ["seaton.biz"]
        assert bool(world.queue()) is (action == "pause")
        take_back(world, daemon, "seaton.biz")
    assert "Traceback" not in daemon.told()


def take_back(world, daemon, domain):
    """Mend the MX of *domain*: what was kept goes there as soon as the action is taken back."""
    world.mend_mx(domain, MENDED)
    kept = len(world.queue())
    daemon.command("undo", domain)
    assert live(world, daemon, domain) is None
    assert in_map(world, daemon) == []
    # Postfix remembers the last route it asked for.
    world.send("bob@example.net", "cust@oak.example", source=places.OFFICE[0])
    world.mta.flush()
    world.send("bob@example.net", f"nicholas@{domain}", source=places.OFFICE[0])
    assert world.settle(120)
    home = [line for line in world.kept() if line.endswith(f"nicholas@{domain}")]
    assert len(home) == kept + 1
    assert {line.split()[0] for line in home} == {MENDED}
    assert world.queue() == []


@pytest.mark.parametrize("mta", ["postfix", "sendmail"])
def test_every_form_of_loopback_mx_is_stopped_where_it_spins(open_world, without, mta):
    seconds = 30
    world = open_world(mta, SPINNING[mta])
    daemon = watched(world)
    with daemon:
        read_map(world, daemon)
        mails = joejob.together(attack(KINDS, seconds), good_mail(seconds))
        world.send_plan(mails)
        calm(world, KINDS)
        sent = {kind: sum(kind in one["sender"] for one in mails) for kind in KINDS}
        before = {kind: without(mta, kind) * sent[kind] for kind in KINDS}
        found = {kind: share_of(world, kind, before[kind]) for kind in KINDS}
        assert {kind: one for kind, one in found.items() if one["share"] > MOST} == {}
        spun = [kind for kind in KINDS if before[kind]]
        assert set(spun) <= set(in_map(world, daemon)) <= set(KINDS)
        subjects = [incident["subject"] for incident in daemon.incidents()]
        assert sorted(subjects) == sorted(set(subjects))
        assert set(spun) <= set(subjects) <= set(KINDS)
        assert arrived(world) == sorted(m["recipients"][0] for m in good_mail(seconds))


def test_a_mended_mx_takes_the_pause_back_by_itself(postfix):
    world = postfix("spinning")
    # The last minutes of an action: DNS is asked each minute.
    daemon = watched(world, more='expiry = "9m"\n')
    with daemon:
        read_map(world, daemon)
        world.send_plan(attack(["seaton.biz"], 2))
        wait_for(lambda: live(world, daemon, "seaton.biz"), "the pause", 30)
        world.send_plan(attack(["seaton.biz"], 1))
        world.settle(20)
        kept = len(world.queue())
        assert kept > 0
        world.mend_mx("seaton.biz", MENDED)
        wait_for(lambda: live(world, daemon, "seaton.biz") is None, "the end of the pause", 150)
        world.send("bob@example.net", "cust@oak.example", source=places.OFFICE[0])
        world.mta.flush()
        assert world.settle(60)
        assert world.queue() == []
        assert sum(line.endswith("nicholas@seaton.biz") for line in world.kept()) == kept
        assert daemon.actions("seaton.biz") == [("pause", "undone")]
