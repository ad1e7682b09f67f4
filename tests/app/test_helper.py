import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "respond"))

from queue_programs import POSTFIX, POSTQUEUE, POSTSUPER, SENDMAIL, calls, install

from logwatch_mx.app.helper import Means, means_of, serve, serve_one
from logwatch_mx.app.helper_settings import (
    HelperSettings,
    allowed_uids,
    load_helper_settings,
)
from logwatch_mx.errors import ConfigError, EffectError, LogwatchError
from logwatch_mx.respond.helper_client import HelperClient
from logwatch_mx.respond.helper_protocol import (
    MAX_REQUEST,
    Answer,
    Hello,
    Hold,
    List,
    Makemap,
    Release,
    Reload,
    read_answer,
    read_request,
    write_request,
)
from logwatch_mx.respond.queue import Queued, Step

DATA = Path(__file__).parents[1] / "respond" / "data" / "queue"
ME = frozenset({os.geteuid()})


@pytest.fixture
def means(tmp_path):
    (tmp_path / "queue.json").write_text((DATA / "postqueue.json").read_text())
    shutil.copytree(DATA / "mqueue", tmp_path / "mqueue")
    cf = tmp_path / "sendmail.cf"
    cf.write_text(f"O QueueDirectory={tmp_path}/mqueue\n")
    programs = install(
        tmp_path, postqueue=POSTQUEUE, postsuper=POSTSUPER, postfix=POSTFIX, sendmail=SENDMAIL
    )
    return means_of(HelperSettings(sendmail_cf=cf, **programs))


@pytest.fixture
def ask(means):
    """Return ``ask(bytes) → (answer, audit lines)``: one connection, by a socket pair."""

    def ask(sent, *, allowed=ME, deadline=5.0, close=True):
        audit = []
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(10)

            def send():
                try:
                    ours.sendall(sent)
                    if close:
                        ours.shutdown(socket.SHUT_WR)
                except OSError:
                    pass  # refused before it was all taken

            sender = threading.Thread(target=send)
            sender.start()
            serve_one(theirs, means, allowed=allowed, log=audit.append, deadline=deadline)
            theirs.close()
            sender.join()
            received = b"".join(iter(lambda: _receive(ours), b""))
        return read_answer(received), audit

    return ask


def _receive(sock):
    try:
        return sock.recv(65536)
    except ConnectionResetError:  # what we sent was not read to its end
        return b""


def test_hold_touches_exactly_the_ids_and_is_written_down(ask, tmp_path):
    hold = Hold(mta="postfix", domain="seaton.biz", ids=("917C11C3", "8EEB61C0"))
    answer, audit = ask(write_request(hold))
    assert (answer.error, answer.done) == (None, ("8EEB61C0", "917C11C3"))
    assert calls(tmp_path) == [["-h", ["8EEB61C0", "917C11C3"]]]
    who = f"uid {os.geteuid()} pid {os.getpid()}"
    what = "hold postfix seaton.biz 917C11C3 8EEB61C0"
    assert audit == [f"{who}: {what}: begun", f"{who}: {what}: done 2"]


def test_list_tells_the_messages_of_the_domain(ask):
    answer, _ = ask(write_request(List(mta="sendmail", domain="sub.seaton.biz")))
    assert [(m.id, m.recipients) for m in answer.messages] == [
        ("6ANH6P7Z000105", ("x@sub.seaton.biz",))
    ]


def test_mail_of_another_domain_is_not_held_whoever_asks(ask, tmp_path):
    answer, audit = ask(write_request(Hold(mta="postfix", domain="seaton.biz", ids=("931ED1C5",))))
    assert answer.error is not None
    assert "931ED1C5: not in the queue now" in answer.error
    assert calls(tmp_path) == []
    assert "refused: 931ED1C5" in audit[-1]


def test_a_user_who_is_not_allowed_is_not_even_read(ask, tmp_path):
    answer, audit = ask(write_request(Hello()), allowed=frozenset({4242}))
    assert answer == Answer(error="this user may not ask")
    assert audit == [f"uid {os.geteuid()} pid {os.getpid()}: ?: refused: this user may not ask"]


GOOD = {"verb": "hold", "mta": "postfix", "domain": "seaton.biz", "ids": ["917C11C3"]}


@pytest.mark.parametrize(
    "request_",
    [
        {**GOOD, "verb": "delete"},
        {**GOOD, "verb": "postsuper"},
        {**GOOD, "mta": "exim"},
        {**GOOD, "ids": []},
        {**GOOD, "ids": ["ALL"]},
        {**GOOD, "ids": ["-d"]},
        {**GOOD, "ids": ["917C11C3\n"]},
        {**GOOD, "ids": ["917C11C3 ALL"]},
        {**GOOD, "ids": ["917C11C3\u0660"]},
        {**GOOD, "ids": ["A" * 41]},
        {**GOOD, "ids": ["917C11C3"] * 1001},
        {**GOOD, "ids": "917C11C3"},
        {**GOOD, "domain": "*"},
        {**GOOD, "domain": "Seaton.biz"},
        {**GOOD, "domain": "../x"},
        {**GOOD, "domain": ""},
        {**GOOD, "path": "/etc/passwd"},
        {"verb": "hold"},
        {"verb": "makemap", "rows": {"seaton.biz": "discard"}, "path": "/etc/shadow"},
        {"verb": "makemap", "rows": {"seaton.biz": "error:nope"}},
        {"verb": "makemap", "rows": {"a b": "discard"}},
        {"verb": "makemap", "rows": {".biz": "discard"}},
        {"verb": "makemap", "rows": {f"d{n}.test": "paused" for n in range(2001)}},
        {"verb": "reload", "mta": "postfix"},
        {"verb": "reload", "domain": "seaton.biz"},
        {"verb": "makemap", "rows": {"a.b\tc": "discard"}},
        {},
        [],
        "hello",
        None,
    ],
)
def test_everything_else_is_refused_and_runs_nothing(ask, tmp_path, request_):
    answer, audit = ask(json.dumps(request_).encode() + b"\n")
    assert answer.error
    assert calls(tmp_path) == []
    assert len(audit) == 1
    assert "refused: no request" in audit[0]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"", "no request"),
        (b"\n", "no request"),
        (b"\x00" * 10, "no request"),
        (b"\xff\xfe\n", "no request"),
        (b"[" * 60_000, "no request"),
        (b'{"verb": "hello"}\n{"verb": "hello"}\n', "more than one request"),
        (b'{"verb": "hello", "verb": "hello"' + b" " * MAX_REQUEST, "longer than"),
        (b"x" * (MAX_REQUEST * 3), "longer than"),
    ],
)
def test_bytes_that_are_no_request_are_told_what_is_wrong(ask, sent, error):
    answer, _ = ask(sent)
    assert answer.error is not None
    assert error in answer.error


def test_a_peer_that_says_nothing_is_not_waited_for(ask):
    answer, _ = ask(b'{"verb": ', deadline=0.05, close=False)
    assert answer.error == "the request did not come in time"


def test_a_peer_that_goes_away_harms_nobody(means):
    audit = []
    ours, theirs = socket.socketpair()
    with theirs:
        ours.sendall(write_request(List(mta="postfix", domain="seaton.biz")))
        ours.close()
        serve_one(theirs, means, allowed=ME, log=audit.append)
    assert "the answer was not taken" in audit[-1]


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_request_or_a_refusal(content):
    try:
        request = read_request(content)
    except ValueError as error:
        assert "\n" not in str(error)  # noqa: PT017  it is the one of two outcomes that is looked at
    else:
        assert read_request(write_request(request)) == request


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)
_IDS = st.lists(
    st.sampled_from(["917C11C3", "6ANH6P3l000099", "4jY7yc5lplzKMCr", "ALL", "-", ""])
    | st.text(max_size=20),
    max_size=4,
)


@given(
    st.fixed_dictionaries(
        {
            "verb": st.sampled_from(["hello", "list", "hold", "release", "makemap", "reload"])
            | _JSON
        },
        optional={
            "mta": st.sampled_from(["postfix", "sendmail"]) | _JSON,
            "domain": st.sampled_from(["seaton.biz", "xn--80a1acny.xn--p1ai"]) | _JSON,
            "ids": _IDS | _JSON,
            "rows": st.dictionaries(st.text(max_size=9), st.text(max_size=9)) | _JSON,
            "path": _JSON,
        },
    )
)
def test_what_is_let_through_can_be_nothing_but_plain(fields):
    try:
        request = read_request(json.dumps(fields).encode())
    except ValueError:
        return
    match request:
        case Hold(ids=ids) | Release(ids=ids):
            assert all(id_.isascii() and id_.isalnum() for id_ in ids)
            assert request.domain.replace(".", "").replace("-", "").isalnum()
        case Makemap(rows=rows):
            assert all(word in {"paused", "reject", "discard"} for word in rows.values())
        case _:
            pass


def test_makemap_writes_only_where_the_helper_was_told_to(ask):
    answer, _ = ask(write_request(Makemap(rows={"seaton.biz": "paused"})))
    assert answer.error == "helper.toml names no sendmail_map"


def test_makemap_builds_the_map_that_the_configuration_names(tmp_path):
    program = tmp_path / "makemap"
    # As makemap(8): "hash PATH" builds from its input, "-u hash PATH" lists.
    program.write_text(
        '#!/bin/sh\nif [ "$1" = -u ]; then exec cat "$3.db"; fi\n[ "$1" = hash ] && cat > "$2.db"\n'
    )
    program.chmod(0o755)
    means = Means(queues={}, makemap=str(program), sendmail_map=tmp_path / "route")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(write_request(Makemap(rows={"seaton.biz": "paused"})))
        serve_one(theirs, means, allowed=ME, log=lambda _: None)
        assert read_answer(ours.recv(999)) == Answer()
    assert (tmp_path / "route.db").read_text() == "seaton.biz\tpaused\n"


def test_reload_is_one_command_without_a_word_of_the_asker(ask, tmp_path):
    answer, audit = ask(write_request(Reload()))
    assert answer == Answer()
    assert calls(tmp_path) == ["reload"]
    assert [line.partition(": ")[2] for line in audit] == [
        "reload postfix: begun",
        "reload postfix: answered",
    ]


def test_a_reload_that_fails_is_told(ask, tmp_path):
    (tmp_path / "postfix").write_text("#!/bin/sh\necho 'fatal: \033[31mno' >&2; exit 1\n")
    answer, _ = ask(write_request(Reload()))
    told = "postfix reload: fatal: ?[31mno; see what postfix says in the mail log"
    assert answer.error == told


# The client, over a real socket


@pytest.fixture
def client(means, tmp_path):
    path = tmp_path / "helper.sock"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    wake, waker = socket.socketpair()
    thread = threading.Thread(
        target=serve,
        args=(listener, means),
        kwargs={"allowed": ME, "log": lambda _: None, "idle": None, "wake": wake},
    )
    thread.start()
    yield HelperClient(path)
    waker.send(b"x")
    thread.join()
    for each in (listener, wake, waker):
        each.close()


def test_client_holds_and_releases_what_is_wholly_the_domains(client, tmp_path):
    client.hello()
    held = client.do_step("postfix", "seaton.biz", Step.HOLD)
    assert (held.done, held.not_done) == (("8EEB61C0", "917C11C3", "978C81CB"), ())
    assert isinstance(held.messages[0], Queued)
    released = client.do_step("postfix", "seaton.biz", Step.RELEASE)
    assert len(released.done) == 5
    assert [verb for verb, _ in calls(tmp_path)] == ["-h", "-H"]


def test_client_asks_for_many_in_turns(client, tmp_path):
    row = json.loads((tmp_path / "queue.json").read_text().splitlines()[0])
    rows = [json.dumps({**row, "queue_id": f"{number:08X}"}) for number in range(2500)]
    (tmp_path / "queue.json").write_text("\n".join(rows))
    held = client.do_step("postfix", "seaton.biz", Step.HOLD)
    assert (len(held.done), held.not_done) == (2500, ())
    assert [len(ids) for _, ids in calls(tmp_path)] == [1000, 1000, 500]


def test_client_runs_nothing_where_nothing_is_to_do(client, tmp_path):
    assert client.do_step("postfix", "empty.test", Step.HOLD).messages == ()
    assert calls(tmp_path) == []


def test_client_has_postfix_reloaded(client, tmp_path):
    client.reload()
    assert calls(tmp_path) == ["reload"]


def test_client_tells_what_the_helper_refuses(client):
    with pytest.raises(EffectError, match=r"helper: helper\.toml names no sendmail_map"):
        client.makemap({"seaton.biz": "paused"})


def test_client_without_a_helper_says_where_it_looked(tmp_path):
    with pytest.raises(EffectError, match=r"nobody\.sock: no helper there"):
        HelperClient(tmp_path / "nobody.sock").hello()


def test_client_does_not_wait_for_ever(tmp_path):
    path = tmp_path / "mute.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mute:
        mute.bind(str(path))
        mute.listen()
        with pytest.raises(EffectError, match="gave no answer") as caught:
            HelperClient(path, patience=0.05).hello()
    assert caught.value.retry


# Its own configuration


def test_without_a_file_the_defaults_hold():
    assert load_helper_settings(None) == HelperSettings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("allow = 3", "Expected `array`, got `int` - at `$.allow`"),
        ("colour = 'red'", "Object contains unknown field `colour`"),
        ("allow = [", "Invalid value (at end of document)"),
        ("sendmail_map = '/etc/passwd'", "expected a file in /etc/mail itself"),
        ("sendmail_map = '/etc/mail/../shadow'", "expected a file in /etc/mail itself"),
        ("postsuper = 'bin/postsuper'", "expected a name or an absolute path"),
        ("postsuper = ''", "expected a name or an absolute path"),
    ],
)
def test_faults_of_the_configuration_are_told(tmp_path, text, said):
    path = tmp_path / "helper.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_helper_settings(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)


def test_a_configuration_that_others_may_write_is_not_believed(tmp_path):
    path = tmp_path / "helper.toml"
    path.write_text("allow = [0]")
    path.chmod(0o664)
    with pytest.raises(ConfigError, match="chmod go-w"):
        load_helper_settings(path)


def test_users_are_known_by_name_or_number():
    assert allowed_uids(["root", 4242, "4243"]) == {0, 4242, 4243}
    with pytest.raises(LogwatchError, match="no user 'no-such-user'"):
        allowed_uids(["no-such-user"])


# The program


def _start(tmp_path, *words, **more):
    config = tmp_path / "helper.toml"
    config.write_text(f"allow = [{os.geteuid()}]\npostqueue = '{tmp_path}/postqueue'\n")
    argv = [sys.executable, "-c", "from logwatch_mx.cli.helper import main; main()"]
    return subprocess.Popen(
        [*argv, "--config", str(config), *words], stderr=subprocess.PIPE, text=True, **more
    )


def test_program_serves_the_socket_that_it_is_given_and_ends_when_idle(means, tmp_path):
    path = tmp_path / "given.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        fd = listener.fileno()
        process = _start(tmp_path, "--fd", str(fd), "--idle", "0.3", pass_fds=[fd])
        found = HelperClient(path).messages_for("postfix", "sub.seaton.biz")
        _, said = process.communicate(timeout=30)
    assert [m.id for m in found] == ["9C6F41DB"]
    assert process.returncode == 0
    assert f"<6>logwatch-mx-helper: uid {os.geteuid()}" in said
    assert "list postfix sub.seaton.biz: answered" in said


def test_program_takes_the_socket_of_systemd(means, tmp_path):
    path = tmp_path / "systemd.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        # LISTEN_PID must be the program's own, and the socket its descriptor 3.
        script = 'exec 3<&"$0"; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
        config = tmp_path / "helper.toml"
        config.write_text(f"allow = [{os.geteuid()}]\n")
        program = [sys.executable, "-c", "from logwatch_mx.cli.helper import main; main()"]
        argv = ["bash", "-c", script, str(listener.fileno()), *program]
        process = subprocess.Popen(
            [*argv, "--config", str(config), "--idle", "0"],
            pass_fds=[listener.fileno()],
            stderr=subprocess.PIPE,
            text=True,
        )
        HelperClient(path).hello()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said.endswith("hello: answered\n")


def test_program_without_a_socket_says_who_starts_it(tmp_path):
    process = _start(tmp_path)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (
        78,
        "logwatch-mx-helper: no socket: systemd starts this (logwatch-mx-helper.socket)\n",
    )


def test_program_refuses_a_descriptor_that_is_no_listening_socket(tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        fd = theirs.fileno()
        process = _start(tmp_path, "--fd", str(fd), pass_fds=[fd])
        _, said = process.communicate(timeout=30)
    assert process.returncode == 78
    assert "is no listening unix socket" in said
