"""What the spike test counts is what the admin's spike rules take, and nothing else."""

import pytest
from stories.hand import qid, smtp
from stories.player import read

from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.site import Site

REFUSED = "connect to mx.{d}[198.51.100.9]:25: Connection refused"
OFF = 'id = "spike-deferrals"\nenabled = false\n'
OWN = """
id = "{id}"
title = "Mail that is put off"
kind = "spike"
spike = true
signal = "deferral"
by = "relay.provider"
when = '{when}'
"""


def refused(domain, first):
    return [
        smtp(
            first + n, qid(first + n), f"u{n}@{domain}", "none", status="deferred", dsn="4.4.1",
            said=REFUSED.format(d=domain),
        )
        for n in range(60)
    ]  # fmt: skip


def told(folder, **rules):
    for name, text in rules.items():
        (folder / f"{name}.toml").write_text(text)
    engine = build_engine(Settings(), site=Site(), rules=load_all_rules((folder,)))
    for event in read([*refused("here.test", 0), *refused("there.test", 1200)]):
        engine.feed(event)
    engine.finish(engine.state.now)
    return [i.subject for i in engine.incidents()]


def test_the_shipped_rule_takes_every_deferral(tmp_path):
    assert told(tmp_path) == ["here.test", "there.test"]


@pytest.mark.parametrize(
    ("rules", "subjects"),
    [
        ({"off": OFF}, []),
        ({"own": OWN.format(id="spike-deferrals", when='delivery and status is deferred and domain is not "here.test"')}, ["there.test"]),
        ({"off": OFF, "own": OWN.format(id="mine", when="delivery and status is deferred and domain is here.test")}, ["here.test"]),
        ({"own": OWN.format(id="mine", when="delivery and status is deferred and domain is here.test")}, ["here.test", "there.test"]),
        ({"own": OWN.format(id="spike-deferrals", when="delivery and status is deferred and mta is sendmail")}, []),
    ],
    ids=["switched off", "narrowed", "replaced by an own one", "beside an own one", "of the other MTA"],
)  # fmt: skip
def test_a_spike_rule_of_the_admin_is_in_force(tmp_path, rules, subjects):
    assert told(tmp_path, **rules) == subjects
