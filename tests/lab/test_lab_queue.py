"""Holding and releasing by exact ids in the queues of a real Postfix and a real sendmail."""

import os
import re
import socket
import threading
from pathlib import Path

import pytest

from logwatch_mx.app.helper import Means, serve
from logwatch_mx.errors import EffectError
from logwatch_mx.respond.helper_client import HelperClient
from logwatch_mx.respond.queue import Step, do_step, messages_for
from logwatch_mx.respond.queue_postfix import PostfixQueue
from logwatch_mx.respond.queue_sendmail import SendmailQueue

#: Sender and recipients; wholly oak.example's are the first three.
MAIL = [
    ("bob@example.net", ["one@oak.example"]),
    ("<>", ["Two@OAK.example"]),
    ("bob@example.net", ["three@oak.example", "four@oak.example"]),
    ("bob@example.net", ["five@oak.example", "six@birch.example"]),
    ("bob@example.net", ["seven@notoak.example"]),
    ("bob@example.net", ["eight@sub.oak.example"]),
]


UNIT = Path(__file__).parents[2] / "systemd" / "logwatch-mx-helper.service"


def confined(world, name):
    """Return a program of the chroot with no more privileges than the helper's unit leaves it."""
    allowed = re.search(r"(?m)^CapabilityBoundingSet=(.*)$", UNIT.read_text())[1].split()
    kept = ",".join(f"+{each.removeprefix('CAP_').lower()}" for each in allowed)
    program = world.program(name)
    limits = f"setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,{kept}"
    text = program.read_text().replace(f' {name} "$@"', f' {limits} {name} "$@"')
    assert limits in text
    program.write_text(text)
    return str(program)


def submit(world, *options):
    for sender, recipients in MAIL:
        argv = ["sendmail", *options, "-i", "-f", sender, *recipients]
        world.run(argv, stdin="Subject: x\n\nhello\n", check=False)


def postfix_queue(world):
    world.mta.set({"defer_transports": "smtp"})
    world.mta.reload()
    submit(world)
    world.settle(seconds=10, quiet=0.5)
    return PostfixQueue(
        postqueue=confined(world, "postqueue"), postsuper=confined(world, "postsuper")
    )


def sendmail_queue(world):
    world.mta.stop()
    submit(world, "-Am", "-O", "DeliveryMode=d")
    # The chroot's own file names its own path; from here it is another.
    queue = str(world._path("/var/spool/mqueue"))
    text = world.run(["cat", "/etc/mail/sendmail.cf"])
    cf = world.home / "sendmail.cf"
    cf.write_text(text.replace("O QueueDirectory=/var/spool/mqueue", f"O QueueDirectory={queue}"))
    return SendmailQueue(sendmail=confined(world, "sendmail-mta"), cf=cf)


OPEN = {"postfix": postfix_queue, "sendmail": sendmail_queue}


def let_go(world):
    """Have the queue delivered."""
    if world.mta.name == "postfix":
        world.mta.set({"defer_transports": ""})
        world.mta.reload()
    else:
        world.mta.start()
    world.mta.flush()
    world.settle(seconds=30)


@pytest.mark.parametrize("mta", list(OPEN))
def test_held_mail_stays_until_it_is_released_and_no_other_is_touched(open_world, mta):
    world = open_world(mta)
    queue = OPEN[mta](world)
    before = {m.id for m in messages_for(queue, "oak.example")}
    held = do_step(queue, "oak.example", Step.HOLD)
    assert (len(before), len(held.done), held.not_done) == (4, 3, ())
    let_go(world)
    # Two recipients of one domain may come as one line.
    assert not any("one@" in line or "Two@" in line or "three@" in line for line in world.kept())
    assert any("five@oak.example" in line for line in world.kept())
    assert any("six@birch.example" in line for line in world.kept())
    released = do_step(queue, "oak.example", Step.RELEASE)
    assert (released.done, released.not_done) == (held.done, ())
    let_go(world)
    arrived = "\n".join(world.kept()).lower()
    assert all(f"{name}@oak.example" in arrived for name in ("one", "two", "three", "four"))
    assert messages_for(queue, "oak.example") == []


@pytest.mark.parametrize("mta", list(OPEN))
def test_an_ordinary_user_holds_through_the_helper(open_world, mta, tmp_path):
    world = open_world(mta)
    queue = OPEN[mta](world)
    path = tmp_path / "helper.sock"
    audit = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        wake, waker = socket.socketpair()
        thread = threading.Thread(
            target=serve,
            args=(listener, Means(queues={mta: queue})),
            kwargs={
                "allowed": frozenset({os.geteuid()}),
                "log": audit.append,
                "idle": None,
                "wake": wake,
            },
        )
        thread.start()
        try:
            held = HelperClient(path).do_step(mta, "oak.example", Step.HOLD)
            released = HelperClient(path).do_step(mta, "oak.example", Step.RELEASE)
        finally:
            waker.send(b"x")
            thread.join()
            wake.close()
            waker.close()
    assert (len(held.done), released.done) == (3, held.done)
    assert audit[-1].endswith(": done 3")


def test_sendmail_of_postfix_is_never_asked_to_quarantine(open_world):
    world = open_world("postfix")
    queue = SendmailQueue(sendmail=str(world.program("sendmail")), cf=world.home / "none")
    with pytest.raises(EffectError, match="is not sendmail 8"):
        queue._check_program()
