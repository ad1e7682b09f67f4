"""Which map the daemon opens, in which mode it makes or mends one, and by whose hand."""

import os
import socket
import threading
from pathlib import Path

import pytest

from logwatch_mx.app.helper import Means, serve
from logwatch_mx.app.maps import open_maps, postfix_map, sendmail_map, sendmail_text
from logwatch_mx.config.settings import MtaSettings, Respond, Settings, StateSettings
from logwatch_mx.errors import EffectError
from logwatch_mx.model.action import Verb
from logwatch_mx.model.event import Mta
from logwatch_mx.respond.helper_maker import HelperMaker
from logwatch_mx.respond.makemap import Makemap
from logwatch_mx.respond.postfix import PostfixMap
from logwatch_mx.respond.postmap import Postmap
from logwatch_mx.respond.route import Entry
from logwatch_mx.respond.sendmail import SendmailMap
from logwatch_mx.respond.transport import route_of

LEFT = Entry(domain="seaton.biz", verb=Verb.PAUSE, incident="loop/x", action="loop/x#pause")


def settings(folder, postmap, mode):
    respond = Respond(postfix_map=folder / "lib/transport", postmap=postmap)
    mta = MtaSettings(flavour="postfix", postconf=str(Path(postmap).with_name("postconf")))
    return Settings(mode=mode, mta=mta, respond=respond)


def test_observe_mode_makes_no_map(tmp_path, postmap):
    maps = open_maps(settings(tmp_path, postmap, "observe"), log=print)
    assert list(maps) == [Mta.POSTFIX]
    assert list(tmp_path.iterdir()) == []


def test_observe_mode_ends_what_was_half_taken_back(tmp_path, postmap):
    path = tmp_path / "lib/transport"
    PostfixMap(path, postmap=postmap).mend()
    Postmap(postmap).put(path, "seaton.biz", route_of(LEFT))  # gone from the text, still live
    open_maps(settings(tmp_path, postmap, "observe"), log=print)
    assert Postmap(postmap).contents(path) == {}


def test_act_mode_makes_the_map_before_main_cf_may_name_it(tmp_path, postmap):
    open_maps(settings(tmp_path, postmap, "act"), log=print)
    names = sorted(path.name for path in (tmp_path / "lib").iterdir())
    assert names == ["transport", "transport.lmdb"]


def test_a_postfix_that_reads_a_hash_table_gets_one(tmp_path, postmap):
    path = tmp_path / "lib/transport"
    postconf = tmp_path / "postconf"
    postconf.write_text(f'#!/bin/sh\n[ "$1" = -m ] && echo lmdb || echo "hash:/x, hash:{path}"\n')
    postconf.chmod(0o755)
    respond = Respond(postfix_map=path, postmap=postmap)
    wanted = Settings(mta=MtaSettings(postconf=str(postconf)), respond=respond)
    assert postfix_map(wanted).live.tool.kind == "hash"
    silent = Settings(mta=MtaSettings(postconf="/nowhere/postconf"), respond=respond)
    assert postfix_map(silent).live.tool.kind == "lmdb"


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ("/var/lib/logwatch-mx/sendmail-route", "/var/lib/logwatch-mx/sendmail-route"),
        # Root's directory: the table alone is there, made by the helper.
        ("/etc/mail/logwatch-mx", "/srv/state/logwatch-mx"),
        ("/etc/mailer/logwatch-mx", "/etc/mailer/logwatch-mx"),
    ],
)
def test_the_text_of_sendmails_map_is_never_in_roots_directory(named, text):
    wanted = Settings(
        respond=Respond(sendmail_map=Path(named)),
        state=StateSettings(path=Path("/srv/state/state.db")),
    )
    assert sendmail_text(wanted) == Path(text)
    assert sendmail_map(wanted).live.file == Path(f"{named}.db")


@pytest.fixture
def helper(tmp_path, makemap):
    """Return ``helper(map)`` → the socket of a helper whose configuration names that map."""
    running = []

    def start(named):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path = tmp_path / "helper.sock"
        listener.bind(str(path))
        listener.listen()
        wake, waker = socket.socketpair()
        means = Means(queues={}, makemap=makemap, sendmail_map=named)
        allowed = frozenset({os.geteuid()})
        thread = threading.Thread(
            target=serve,
            args=(listener, means),
            kwargs={"allowed": allowed, "log": lambda _: None, "idle": None, "wake": wake},
        )
        thread.start()
        running.append((thread, waker, (listener, wake, waker)))
        return path

    yield start
    for thread, waker, sockets in running:
        waker.send(b"x")
        thread.join()
        for each in sockets:
            each.close()


@pytest.fixture
def probe(tmp_path, makemap):
    """``sendmail -bt`` in so far as it looks a domain up in the map ``etc/route``."""
    made = tmp_path / "sendmail"
    made.write_text(
        "#!/bin/sh\nread -r _ map domain\n"
        f"word=$({makemap} -u hash {tmp_path}/etc/route | awk -v d=$domain '$1 == d {{print $2}}')\n"
        '[ -n "$word" ] && said="returns $word (0)" || said="no match (0)"\n'
        'echo "> map_lookup: $map ($domain) $said"\n'
    )
    made.chmod(0o755)
    return str(made)


def test_the_helper_makes_sendmails_map_where_the_daemon_may_not(tmp_path, makemap, probe, helper):
    (tmp_path / "etc").mkdir()
    (tmp_path / "lib").mkdir()
    named = tmp_path / "etc/route"
    routes = SendmailMap(
        tmp_path / "lib/route",
        makemap=makemap,
        sendmail=probe,
        named=named,
        maker=HelperMaker(helper(named), makemap),
    )
    routes.mend()
    assert Makemap(makemap).contents(named) == {}
    routes.set(LEFT)
    assert Makemap(makemap).contents(named) == {"seaton.biz": "paused"}
    assert routes.entries() == {"seaton.biz": LEFT}
    assert routes.unset("seaton.biz")
    assert Makemap(makemap).contents(named) == {}
    assert sorted(one.name for one in (tmp_path / "etc").iterdir()) == ["route.db"]
    assert sorted(one.name for one in (tmp_path / "lib").iterdir()) == ["route"]


def test_a_helper_that_makes_another_map_is_found_out(tmp_path, makemap, probe, helper):
    (tmp_path / "etc").mkdir()
    named = tmp_path / "etc/route"
    maker = HelperMaker(helper(tmp_path / "etc/another"), makemap)
    routes = SendmailMap(tmp_path / "route", sendmail=probe, named=named, maker=maker)
    with pytest.raises(EffectError, match=r'another map: helper\.toml: "sendmail_map"'):
        routes.set(LEFT)
    assert routes.entries() == {}
