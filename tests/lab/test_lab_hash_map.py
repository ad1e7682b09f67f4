"""A real Postfix without lmdb: our map as a hash or cdb table, reloaded by the helper's command."""

import os

import pytest

from logwatch_mx.model.action import Verb
from logwatch_mx.respond.postfix import PostfixMap, choose_kind
from logwatch_mx.respond.reload import reload_postfix
from logwatch_mx.respond.route import Entry

ALICE = 1000


def entry(domain):
    incident = f"loop/{domain}/2026-11-23T14:29:10Z"
    return Entry(domain=domain, verb=Verb.PAUSE, incident=incident, action=f"{incident}#pause")


@pytest.fixture
def world(postfix):
    return postfix("default")


@pytest.mark.parametrize("wanted", ["hash", "cdb"])
def test_a_table_pauses_and_lets_go_without_a_moment_of_trouble(world, wanted):
    folder = world.home / "lib"
    folder.mkdir()
    os.chown(folder, ALICE, ALICE)
    path = folder / "transport"
    kind = choose_kind(path, named=[f"{wanted}:{path}"], types=["cdb", "hash", "lmdb"])
    assert kind == wanted
    routes = PostfixMap(
        path,
        postmap=str(world.program("postmap")),
        kind=kind,
        reload=lambda: reload_postfix(str(world.program("postfix"))),
    )
    routes.mend()
    world.mta.set({"transport_maps": f"{kind}:{path}, texthash:/etc/postfix/transport"})
    world.mta.reload()

    def answer(recipient):
        return world.send("bob@example.net", recipient, source="10.1.0.51", helo="pc1")

    assert answer("cust@oak.example").startswith("250")
    for _ in range(3):
        routes.set(entry("oak.example"))
        assert answer("cust@oak.example").startswith("450 4.4.6 <cust@oak.example>")
        assert answer("cust@elm.example").startswith("250")
        assert routes.unset("oak.example")
        assert answer("cust@oak.example").startswith("250")
    assert not [line for line in world.log() if " 451 " in line or "older than source" in line]
