import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.errors import EffectError
from logwatch_mx.respond.queue import (
    Queued,
    Step,
    Stepped,
    do_all,
    do_step,
    domain_of,
    is_whole,
    messages_for,
)
from logwatch_mx.respond.queue_postfix import PostfixQueue, read_postqueue
from logwatch_mx.respond.queue_sendmail import SendmailQueue, queue_directories, read_control

sys.path.insert(0, str(Path(__file__).parent))

from queue_programs import POSTQUEUE, POSTSUPER, SENDMAIL, calls, install

DATA = Path(__file__).parent / "data" / "queue"
#: Recorded from Postfix 3.7.11: held are "odd@name", x@sub and "a b".
POSTQUEUE_JSON = (DATA / "postqueue.json").read_text()


@pytest.fixture
def postfix(tmp_path):
    (tmp_path / "queue.json").write_text(POSTQUEUE_JSON)
    return PostfixQueue(**install(tmp_path, postqueue=POSTQUEUE, postsuper=POSTSUPER))


@pytest.fixture
def sendmail(tmp_path):
    shutil.copytree(DATA / "mqueue", tmp_path / "mqueue")
    cf = tmp_path / "sendmail.cf"
    cf.write_text(f"O QueueDirectory={tmp_path}/mqueue\n")
    return SendmailQueue(**install(tmp_path, sendmail=SENDMAIL), cf=cf)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("nicholas@seaton.biz", "seaton.biz"),
        ("Nick@Seaton.BIZ", "seaton.biz"),
        ("x@seaton.biz.", "seaton.biz"),
        ("<x@seaton.biz>", "seaton.biz"),
        ("x@notseaton.biz", "notseaton.biz"),
        ("x@seaton.biz.example", "seaton.biz.example"),
        ('"x@oak.test"@seaton.biz', "seaton.biz"),
        ("@oak.test:x@seaton.biz", "seaton.biz"),
        ("ж@почта.рф", "xn--80a1acny.xn--p1ai"),
        ("x@[127.0.0.1]", None),
        ("seaton.biz!u", None),
        ("@seaton.biz", None),
        ("postmaster", None),
        ("", None),
        ("|/bin/procmail", None),
        ("x@seaton.biz\n", "seaton.biz"),
        ("x@seaton.biz evil.test", None),
    ],
)
def test_domain_of_an_address_stands_after_its_last_at(address, domain):
    assert domain_of(address) == domain


def test_postqueue_is_read_as_postfix_prints_it():
    first, *_, last = read_postqueue(POSTQUEUE_JSON)
    at = datetime(2026, 11, 23, 17, 6, 1, tzinfo=UTC)
    assert first == Queued(
        id="978C81CB",
        queue="deferred",
        sender="a@oak.test",
        recipients=("one@seaton.biz", "two@seaton.biz"),
        size=252,
        arrived=at,
        reason="deferred transport",
    )
    assert last == Queued(
        id="9E5C11DE",
        queue="hold",
        held=True,
        ours=True,
        sender="a@oak.test",
        recipients=('"a b"@seaton.biz',),
        size=252,
        arrived=at,
        reason="deferred transport",
    )
    # showq prints a word for the empty sender.
    assert [m.sender for m in read_postqueue(POSTQUEUE_JSON) if m.id == "917C11C3"] == [""]


@pytest.mark.parametrize(
    "line",
    [
        "Mail queue is empty",
        "{",
        "[]",
        '{"queue_id": "../x", "queue_name": "hold", "sender": "", "recipients": []}',
        '{"queue_id": "ALL", "queue_name": "hold", "sender": "", "recipients": []}',
        '{"queue_id": "917C11C3", "queue_name": "hold", "sender": "", "arrival_time": 1e300}',
        '{"queue_id": "917C11C3", "queue_name": "hold", "sender": "", "arrival_time": 99999999999999}',
    ],
)
def test_what_is_no_queue_listing_is_an_error(line):
    with pytest.raises(EffectError, match="postqueue -j: "):
        list(read_postqueue(line))


def test_an_empty_queue_prints_nothing():
    assert list(read_postqueue("")) == []


def test_long_queue_ids_are_read():
    row = {"queue_id": "4jY7yc5lplzKMCr", "queue_name": "active", "sender": "", "recipients": []}
    assert [m.id for m in read_postqueue(json.dumps(row))] == ["4jY7yc5lplzKMCr"]


def test_only_messages_wholly_in_exactly_the_domain_are_whole(postfix):
    found = messages_for(postfix, "seaton.biz")
    assert {m.id: is_whole(m, "seaton.biz") for m in found} == {
        "8EEB61C0": True,  # Nick@Seaton.BIZ
        "917C11C3": True,  # a bounce to nicholas
        "955B31C8": False,  # and two@oak.test
        "978C81CB": True,  # two recipients of one domain
        "9A5241D8": True,  # "odd@name"@seaton.biz
        "9E5C11DE": True,  # "a b"@seaton.biz
    }


def test_message_whose_recipients_are_not_known_yet_is_not_touched():
    message = Queued(id="917C11C3", queue="incoming", sender="a@oak.test")
    assert not is_whole(message, "seaton.biz")


def test_postfix_holds_and_releases_by_exact_ids(postfix, tmp_path):
    held = do_step(postfix, "seaton.biz", Step.HOLD)
    assert held.done == ("8EEB61C0", "917C11C3", "978C81CB")
    assert held.not_done == ()
    assert [m.id for m in held.messages if not m.held] == ["955B31C8"]
    released = do_step(postfix, "seaton.biz", Step.RELEASE)
    assert released.done == ("8EEB61C0", "917C11C3", "978C81CB", "9A5241D8", "9E5C11DE")
    assert calls(tmp_path) == [["-h", list(held.done)], ["-H", list(released.done)]]
    # The message for sub.seaton.biz stays held all the while.
    sub = messages_for(postfix, "sub.seaton.biz")
    assert [(m.id, m.held) for m in sub] == [("9C6F41DB", True)]


def test_what_could_not_be_held_is_told(postfix, tmp_path):
    (tmp_path / "busy").write_text("917C11C3")
    held = do_step(postfix, "seaton.biz", Step.HOLD)
    assert (held.done, held.not_done) == (("8EEB61C0", "978C81CB"), ("917C11C3",))


def test_nothing_to_do_runs_nothing(postfix, tmp_path):
    assert do_step(postfix, "empty.test", Step.HOLD) == Stepped(messages=())
    assert do_step(postfix, "sub.seaton.biz", Step.HOLD).done == ()  # held already
    assert calls(tmp_path) == []


@pytest.mark.parametrize(
    "ids",
    [
        ["931ED1C5"],  # another domain's
        ["955B31C8"],  # another recipient besides
        ["AAAAAAAA"],  # not in the queue
        ["8EEB61C0", "931ED1C5"],
    ],
)
def test_one_strange_id_and_nothing_is_done(postfix, tmp_path, ids):
    with pytest.raises(EffectError, match="nothing was done"):
        do_step(postfix, "seaton.biz", Step.HOLD, ids)
    assert calls(tmp_path) == []


@pytest.mark.parametrize("id_", ["ALL", "-", "../x", "917c11c3", "917C11C3\n", "", "-d"])
def test_words_that_are_no_ids_never_reach_postsuper(postfix, tmp_path, id_):
    with pytest.raises(EffectError, match="no queue id"):
        postfix.step(Step.HOLD, [id_])
    assert calls(tmp_path) == []


def test_a_refusal_of_postfix_is_told_in_its_words(tmp_path):
    said = "import sys; sys.exit('postsuper: fatal: use of this command is reserved for the superuser')"
    (tmp_path / "queue.json").write_text(POSTQUEUE_JSON)
    queue = PostfixQueue(**install(tmp_path, postqueue=POSTQUEUE, postsuper=said))
    with pytest.raises(EffectError, match="reserved for the superuser"):
        do_step(queue, "seaton.biz", Step.HOLD)


def test_a_server_that_is_down_may_be_asked_again(tmp_path):
    down = "import sys; sys.stderr.write('postqueue: fatal: Queue report unavailable\\n'); sys.exit(69)"
    queue = PostfixQueue(**install(tmp_path, postqueue=down))
    with pytest.raises(EffectError, match="Queue report unavailable") as caught:
        list(queue.messages())
    assert caught.value.retry


def test_a_missing_program_is_said():
    with pytest.raises(EffectError, match="no-such-postqueue: not found"):
        list(PostfixQueue(postqueue="no-such-postqueue").messages())


def test_control_file_is_read_as_sendmail_writes_it(sendmail):
    found = {m.id: m for m in sendmail.messages()}
    assert found["6ANH6P9L000103"] == Queued(
        id="6ANH6P9L000103",
        queue="queue",
        sender="a@oak.test",
        recipients=("one@seaton.biz", "two@seaton.biz"),
        arrived=datetime(2026, 11, 23, 17, 6, 25, tzinfo=UTC),
    )
    assert found["6ANH6P5V000100"].sender == ""
    assert len(found) == 9


def test_sendmail_quarantines_and_lets_go_by_exact_ids(sendmail, tmp_path):
    ours = (
        "6ANH6P3l000099",
        "6ANH6P5V000100",
        "6ANH6P9L000103",
        "6ANH6PFH000104",
        "6ANH6PM4000106",
    )
    held = do_step(sendmail, "seaton.biz", Step.HOLD)
    assert (held.done, held.not_done) == (ours, ())
    # Two recipients, one elsewhere; a bang path; a domain that only ends alike; a subdomain.
    left = {path.name for path in (tmp_path / "mqueue").glob("qf*")}
    others = {"6ANH6PUf000101", "6ANH6Pxi000102", "6ANH6P7Z000105", "6ANH6Pj9000107"}
    assert left == {f"qf{id_}" for id_ in others}
    assert {m.reason for m in sendmail.messages() if m.held} == {"logwatch-mx hold"}
    assert do_step(sendmail, "seaton.biz", Step.RELEASE).done == ours
    wanted = [f"-qI{id_}" for id_ in ours]
    assert calls(tmp_path) == [["-Qlogwatch-mx hold", *wanted], ["-qQ", "-Q", *wanted]]
    assert not list((tmp_path / "mqueue").glob("hf*"))


def test_what_another_hand_quarantined_stays(sendmail, tmp_path):
    path = tmp_path / "mqueue" / "qf6ANH6P5V000100"
    path.write_bytes(path.read_bytes().replace(b"V8\n", b"V8\nqvirus, says the milter\n"))
    path.rename(path.with_name("hf6ANH6P5V000100"))
    assert do_step(sendmail, "seaton.biz", Step.RELEASE) == Stepped(
        messages=tuple(messages_for(sendmail, "seaton.biz"))
    )
    assert calls(tmp_path) == []


def test_an_id_that_is_part_of_another_is_not_used(sendmail, tmp_path):
    # -qI matches substrings: this id would also quarantine the longer one.
    source = tmp_path / "mqueue" / "qf6ANH6PUf000101"
    shutil.copy(source, source.with_name("qf6ANH6P9L0001031"))
    with pytest.raises(EffectError, match="is a part of 6ANH6P9L0001031"):
        do_step(sendmail, "seaton.biz", Step.HOLD, ["6ANH6P9L000103"])
    assert calls(tmp_path) == []


def test_half_a_control_file_has_no_recipients():
    whole = b"V8\nT1795453585\nSa@oak.test\nRPFD:x@seaton.biz\nRPFD:x@oak.test\nH??Subject: x\n.\n"
    assert read_control("qf6ANH6P3l000099", whole).recipients == ("x@seaton.biz", "x@oak.test")
    for end in range(len(whole) - 2):
        assert read_control("qf6ANH6P3l000099", whole[:end]).recipients == ()


def test_headers_are_no_recipients():
    control = b"V8\nSa@oak.test\nRPFD:x@seaton.biz\nH??Received: by mx\n\tfor <y@oak.test>\nM451 later\n.\n"
    message = read_control("qf6ANH6P3l000099", control)
    assert (message.recipients, message.reason) == (("x@seaton.biz",), "451 later")


@pytest.mark.parametrize("name", ["qf", "qf.bak", "qfx", "df6ANH6P3l000099 ", "qf6ANH6P3l000099\n"])
def test_other_files_in_the_queue_directory_are_no_messages(name):
    assert read_control(name, b"V8\n.\n") is None


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_none(content):
    message = read_control("qf6ANH6P3l000099", content)
    assert message.recipients == () or b"\n." in content
    json.dumps([*message.recipients, message.sender, message.reason]).encode()


def test_root_follows_no_link_in_the_queue_directory(sendmail, tmp_path):
    (tmp_path / "secret").write_text("Rroot@seaton.biz\n.\n")
    (tmp_path / "mqueue" / "qf6ANH6PZZ000999").symlink_to(tmp_path / "secret")
    with pytest.raises(EffectError, match="qf6ANH6PZZ000999"):
        list(sendmail.messages())


def test_queue_directories_are_those_of_the_configuration(tmp_path):
    for name in ("q1/qf", "q1/df", "q2", "slow/qf", "other"):
        (tmp_path / name).mkdir(parents=True)
    cf = (
        f"O QueueDirectory={tmp_path}/q*\n"
        f"Qmqueue, P={tmp_path}/slow, F=f, R=2\n# O QueueDirectory={tmp_path}/other\n"
    )
    assert queue_directories(cf) == [tmp_path / "q1/qf", tmp_path / "q2", tmp_path / "slow/qf"]
    assert queue_directories("") == [Path("/var/spool/mqueue")]


def test_postfix_program_of_the_same_name_is_not_used(tmp_path):
    shutil.copytree(DATA / "mqueue", tmp_path / "mqueue")
    cf = tmp_path / "sendmail.cf"
    cf.write_text(f"O QueueDirectory={tmp_path}/mqueue\n")
    postfix = "import sys; sys.exit('sendmail: fatal: unsupported: -bt')"
    queue = SendmailQueue(**install(tmp_path, sendmail=postfix), cf=cf)
    with pytest.raises(EffectError, match="is not sendmail 8"):
        do_step(queue, "seaton.biz", Step.HOLD)


# The real programs, on a queue of their own


def test_real_postfix_holds_and_releases_what_is_wholly_the_domains(spool):
    queue = PostfixQueue(postqueue=spool.program("postqueue"), postsuper=spool.program("postsuper"))
    spool.put("unknown@seaton.biz")
    spool.put("a@seaton.biz", "b@SEATON.biz")
    spool.put("a@seaton.biz", "b@other.test")  # not ours to touch
    for near in (
        "x@notseaton.biz",
        "x@mail.seaton.biz",
        "x@seaton.biz.test",
        '"x@seaton.biz"@other.test',
    ):
        spool.put(near)

    def held():
        return sorted(m.recipients for m in queue.messages() if m.held)

    wholly = [("a@seaton.biz", "b@SEATON.biz"), ("unknown@seaton.biz",)]
    done = do_step(queue, "seaton.biz", Step.HOLD)
    assert (len(done.done), done.not_done) == (2, ())
    assert held() == wholly
    assert len(messages_for(queue, "seaton.biz")) == 3
    mixed = next(m.id for m in queue.messages() if len(m.recipients) == 2 and not m.held)
    with pytest.raises(EffectError, match="nothing was done"):
        do_step(queue, "seaton.biz", Step.HOLD, [mixed])
    assert held() == wholly
    assert len(do_step(queue, "seaton.biz", Step.RELEASE).done) == 2
    assert held() == []
    assert len(list(queue.messages())) == 7


def test_what_a_listing_missed_is_held_in_the_next_round():
    class Moving:
        """A queue whose first listings miss what is moving."""

        def __init__(self):
            self.held, self.missed = set(), ["C", "B"]

        def messages(self):
            for id_ in "ABC":
                if id_ not in self.missed:
                    yield Queued(
                        id=id_,
                        queue="hold" if id_ in self.held else "deferred",
                        held=id_ in self.held,
                        sender="",
                        recipients=("x@oak.example",),
                    )

        def step(self, step, ids):
            # B appears after the first step, C after the second.
            self.held |= set(ids) - {"C"}
            if self.missed:
                self.missed.pop()

    moving = Moving()
    found = do_all(lambda: do_step(moving, "oak.example", Step.HOLD), "oak.example", Step.HOLD)
    assert (found.done, found.not_done) == (("A", "B"), ("C",))
    assert [message.id for message in found.messages] == ["A", "B", "C"]
