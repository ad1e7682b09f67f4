"""The daemon without root and its helper with a little of it, on the mail server itself."""

import re

import pytest
from mailworld import joejob
from mailworld.attack import MOST, arrived, attack, calm, good_mail, include_map, share_of
from mailworld.inside import Inside
from mailworld.space import wait_for

SECONDS = 20
SENDMAIL_MAP = "/etc/mail/logwatch-mx-route"


def mapped(world, inside):
    """Return the lines of the live map, by the MTA's own programs."""
    if world.mta.name == "postfix":
        named = world.run(["postconf", "-hx", "transport_maps"]).split()[-1]
        if named.startswith("cdb:"):  # which postmap cannot list
            said = world.run(["postmap", "-q", "seaton.biz", named], check=False)
            return ["seaton.biz"] if said.strip() else []
        said = world.run(["postmap", "-s", named], check=False)
    else:
        said = world.run(["makemap", "-u", "hash", SENDMAIL_MAP], check=False)
    return [line.split("\t")[0] for line in said.splitlines() if "\t" in line]


def open_postfix(kind):
    """Return how to open the product where Postfix's tables, of this *kind*, need a reload."""

    def start(world):
        inside = Inside(world)
        inside.start_helper()
        world.mta.set({"transport_maps": f"texthash:/etc/postfix/transport, {kind}:{inside.map}"})
        return inside

    return start


def open_sendmail(world):
    """Return the product where sendmail's map lies in root's folder."""
    inside = Inside(world, more=f'[respond]\nsendmail_map = "{SENDMAIL_MAP}"\n')
    inside.start_helper(f'sendmail_map = "{SENDMAIL_MAP}"\n')
    include_map(world, SENDMAIL_MAP)
    return inside


OPEN = {
    "hash": ("postfix", "spinning", open_postfix("hash")),
    "cdb": ("postfix", "spinning", open_postfix("cdb")),
    "sendmail": ("sendmail", "spinning upstream", open_sendmail),
}


@pytest.mark.parametrize("kind", list(OPEN))
def test_with_the_helper_a_loop_is_stopped_where_a_map_needs_root(open_world, without, kind):
    mta, variant, install = OPEN[kind]
    world = open_world(mta, variant)
    inside = install(world)
    with inside:
        world.mta.reload()
        mails = joejob.together(attack(["seaton.biz"], SECONDS), good_mail(SECONDS))
        assert {word[:3] for word in world.send_plan(mails)} == {"250"}
        calm(world, ["seaton.biz"])
        before = without(mta, "seaton.biz") * len(attack(["seaton.biz"], SECONDS))
        assert share_of(world, "seaton.biz", before, "with the helper")["share"] <= MOST
        assert inside.actions("seaton.biz") == [("pause", "done")]
        assert mapped(world, inside) == ["seaton.biz"]
        assert arrived(world) == sorted(m["recipients"][0] for m in good_mail(SECONDS))
        # What is queued is held by the helper as well, and let go.
        said = inside.command("queue", "seaton.biz", "--hold")
        listed, held = re.search(
            r"(\d+) messages for seaton.biz, (\d+) of them held", said
        ).groups()
        kept = int(held)
        assert listed == held
        assert kept > 50
        world.mend_mx("seaton.biz", "93.184.216.28")
        assert "taken back" in inside.command("undo", "seaton.biz")
        assert mapped(world, inside) == []
        world.mta.flush()
        world.settle(20)
        assert not any(line.endswith("nicholas@seaton.biz") for line in world.kept())
        inside.command("queue", "seaton.biz", "--release")
        world.mta.flush()
        wait_for(
            # More, where a spam was tried again after the reload.
            lambda: sum(line.endswith("nicholas@seaton.biz") for line in world.kept()) >= kept,
            "what was held",
            60,
        )
    assert "Traceback" not in inside.told() + (world.home / "helper.said").read_text()


@pytest.mark.parametrize("kind", list(OPEN))
def test_without_the_helper_nothing_is_promised_and_the_reason_is_told(open_world, kind):
    mta, variant, install = OPEN[kind]
    world = open_world(mta, variant)
    inside = install(world)
    with inside:
        world.mta.reload()
    inside.stop_helper()
    with inside:
        world.send_plan(attack(["seaton.biz"], 2))
        wait_for(lambda: inside.actions("seaton.biz"), "what is done", 60)
        wait_for(lambda: inside.actions("seaton.biz") == [("pause", "failed")], "the failure", 60)
        assert mapped(world, inside) == []
        assert "helper" in inside.command("incidents", "show", "seaton.biz")
    # Other mail goes where it went.
    world.send("bob@example.net", "cust@oak.example", source="10.1.0.51")
    wait_for(lambda: any("cust@oak.example" in line for line in world.kept()), "other mail", 60)
