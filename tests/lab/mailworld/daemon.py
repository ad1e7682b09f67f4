"""The installed daemon on the machine itself, acting on the mail server of a world."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from mailworld import places
from mailworld.space import DIE_WITH_ME, wait_for

COMMAND = Path(sys.executable).with_name("logwatch-mx")


class Daemon:
    """``logwatch-mx run`` for *world*; it asks two resolvers and may run the MTA's own programs.

    *resolvers* are those two, else they answer as the world's own. Several daemons of one world,
    one after the other, have *name* s and the map in common.
    """

    def __init__(
        self,
        world,
        *,
        mode="act",
        action="pause",
        more="",
        name="daemon",
        resolvers=None,
        environment=None,
        top="",
    ) -> None:
        self.world = world
        self._environment = {**os.environ, "TZ": "UTC", **(environment or {})}
        self.folder = world.home / "lib"
        self.folder.mkdir(exist_ok=True)
        self.config = world.home / f"{name}.toml"
        self.said = world.home / f"{name}.said"
        self.map = self.folder / ("transport" if world.mta.name == "postfix" else "sendmail-route")
        first, second = resolvers or world.resolvers(2)
        # What sendmail.cf names lies in the chroot; what is ours is said to the daemon instead.
        self.config.write_text(f"""\
mode = "{mode}"
{top}
[source]
files = ["{world.log_path()}"]
[mta]
flavour = "{world.mta.name}"
own_domains = ["{places.OWN_DOMAIN}", "{places.INNER_DOMAIN}"]
own_addresses = ["{places.MX_ADDRESS}"]
postconf = "{world.program("postconf")}"
sendmail_cf = "{world.home}/sendmail.cf"
[dns]
nameservers = ["{first}"]
second_opinion = ["{second}"]
[loop]
action = "{action}"
[state]
path = "{world.home}/{name}.state/state.db"
[respond]
postfix_map = "{self.folder}/transport"
sendmail_map = "{self.folder}/sendmail-route"
postmap = "{world.program("postmap")}"
makemap = "{world.program("makemap")}"
sendmail = "{world.program("sendmail")}"
{more}""")

    def __enter__(self):
        with self.said.open("a") as said:
            before = said.tell()  # by an earlier start
            self._process = subprocess.Popen(
                [*DIE_WITH_ME, COMMAND, "run", "--config", self.config],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                env=self._environment,
            )  # fmt: skip
        wait_for(
            lambda: "watching" in self.told()[before:] or self._process.poll() is not None,
            f"the daemon ({self.said})",
            30,
        )
        assert self._process.poll() is None, self.told()
        return self

    def __exit__(self, *_) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            assert self._process.wait(10) == 0, self.told()
        finally:
            self._process.kill()
            self._process.wait()

    def told(self) -> str:
        """Return the daemon's own log."""
        return self.said.read_text()

    def command(self, *words: str) -> str:
        """Run another command of the same installation; return what it said."""
        done = subprocess.run(
            [COMMAND, *words, "--config", self.config], env={**os.environ, "TZ": "UTC"},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def incidents(self) -> list[dict]:
        """Return what the daemon remembers."""
        return json.loads(self.command("incidents", "list", "--json"))["incidents"]

    def actions(self, domain: str) -> list[tuple[str, str]]:
        """Return verb and state of what was done about *domain*."""
        found = [one for one in self.incidents() if one["subject"] == domain]
        return [(a["verb"], a["state"]) for one in found for a in one["actions"]]
