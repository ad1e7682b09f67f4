"""What is ours, as it changes while the daemon runs; the mail server is a script that says it."""

import asyncio

import pytest

from logwatch_mx.app.site_keeper import ask_site, keep_site
from logwatch_mx.config.settings import MtaSettings, Settings


@pytest.fixture
def postfix(tmp_path):
    """Return ``postfix(main.cf)``: what postconf says from now on, None for a failure."""

    def say(text):
        program = tmp_path / "postconf"
        says = "exit 1" if text is None else f"cat <<'END'\n{text}\nEND"
        program.write_text(f"#!/bin/sh\n{says}\n")
        program.chmod(0o755)
        return Settings(mta=MtaSettings(flavour="postfix", postconf=str(program)))

    return say


class Watched:
    """What the keeper sees of a desk; it tells when it was asked for its settings."""

    def __init__(self, settings, said):
        self.told, self.site, self.questions = settings, ask_site(settings, said.append), None

    @property
    def settings(self):
        self.questions.release()
        return self.told


def after(desk, said, rounds=3):
    """Let the keeper ask some times, and return what is ours then."""

    async def story():
        desk.questions = asyncio.Semaphore(0)
        keeping = asyncio.create_task(keep_site(desk, said.append, every=0))
        for _ in range(rounds):
            await desk.questions.acquire()
        keeping.cancel()

    asyncio.run(story())
    return desk.site


def test_a_domain_that_is_added_later_is_ours_without_a_restart(postfix):
    said = []
    desk = Watched(postfix("mydestination = home.test"), said)
    assert desk.site.domains == {"home.test"}
    postfix("mydestination = home.test, new.test")
    assert after(desk, said).domains == {"home.test", "new.test"}
    assert said == []


def test_what_cannot_be_asked_any_more_stays_ours_and_is_told_once(postfix):
    said = []
    desk = Watched(postfix("mydestination = home.test"), said)
    postfix(None)
    assert after(desk, said, rounds=5).domains == {"home.test"}
    assert len(said) == 1
    assert said[0].startswith("what is ours stays as it was read before: Postfix: ")


def test_a_list_that_cannot_be_read_any_more_keeps_what_it_held(postfix, tmp_path):
    table = tmp_path / "relay"
    table.write_text("partner.test\n")
    said = []
    desk = Watched(postfix(f"relay_domains = {table}"), said)
    assert desk.site.domains == {"partner.test"}
    table.unlink()
    assert after(desk, said).domains == {"partner.test"}
