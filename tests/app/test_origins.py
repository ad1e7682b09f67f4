"""Who began a loop, as far as the log tells: a client, this host itself, or nobody known."""

from datetime import UTC

import pytest

from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.site import Site

HEAD = "Mar  2 00:10:00 mx postfix/"
CLIENT = f"{HEAD}smtpd[1]: A0000001: client=spam.example[192.0.2.7]\n"
PICKUP = f"{HEAD}pickup[1]: A0000001: uid=1000 from=<alice>\n"
CLEANUP = f"{HEAD}cleanup[2]: A0000001: message-id=<1@mx>\n"
QMGR = f"{HEAD}qmgr[3]: A0000001: from=<nicholas@d.test>, size=300, nrcpt=1 (queue active)\n"
NOTICE = f"{HEAD}bounce[4]: A0000001: sender non-delivery notification: A0000002\n"
PASSES = (
    f"{HEAD}cleanup[2]: A0000002: message-id=<2@mx>\n"
    f"{HEAD}qmgr[3]: A0000002: from=<>, size=2300, nrcpt=1 (queue active)\n"
) + "".join(
    f"Mar  2 00:10:01 mx postfix/smtp[5]: A000000{n}: to=<nicholas@d.test>,"
    " relay=mail.d.test[127.0.0.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0,"
    f" status=sent (250 2.0.0 Ok: queued as A000000{n + 1})\n"
    for n in range(2, 6)
)


@pytest.mark.parametrize(
    ("before", "origins"),
    [
        pytest.param(
            CLIENT + CLEANUP + QMGR + NOTICE, [("192.0.2.7", "nicholas@d.test")], id="a client"
        ),
        pytest.param(
            PICKUP + CLEANUP + QMGR + NOTICE, [(None, "nicholas@d.test")], id="this host itself"
        ),
        # qmgr names the sender again at every try, long after the message came in.
        pytest.param(QMGR + NOTICE, [], id="the arrival is in an older log"),
        pytest.param("", [], id="a notice, but not of what"),
    ],
)
def test_an_origin_is_told_when_the_arrival_is_in_the_log(tmp_path, before, origins):
    path = tmp_path / "maillog"
    path.write_text(before + PASSES)
    site = Site()
    engine = build_engine(Settings(), site=site, rules=load_all_rules(()))
    run = Replay(engine, settings=Settings(), site=site, resolver=None)
    (loop,) = run.run(open_streams([path], year=2026, zone=UTC)).incidents
    assert [(origin.client_ip, origin.sender) for origin in loop.origin] == origins
