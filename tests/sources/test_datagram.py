import select
import socket
from contextlib import closing

import pytest

from logwatch_mx.errors import SourceError
from logwatch_mx.model.line import Line
from logwatch_mx.sources.block import lines
from logwatch_mx.sources.datagram import SyslogSocket

ROW = b"<22>Nov 23 14:22:34 mx postfix/qmgr[7]: DC6B2232B83: removed"


def read(listener):
    assert select.select([listener], [], [], 20)[0], "nothing came"
    return [line for block in listener.poll() for line in lines(block)]


def send(listener, *datagrams):
    kind, _, where = listener.name.partition(":")
    if kind == "unix":
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            for data in datagrams:
                sender.sendto(data, where)
        return
    host, _, port = where.rpartition(":")
    host = host.strip("[]")
    with socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM
    ) as sender:
        for data in datagrams:
            sender.sendto(data, (host, int(port)))


@pytest.fixture(params=["unix", "udp"])
def listener(request, tmp_path):
    made = SyslogSocket({"unix": f"unix:{tmp_path}/log", "udp": "udp:127.0.0.1:0"}[request.param])
    yield made
    made.close()


def test_a_datagram_is_a_line(listener):
    assert list(listener.poll()) == []
    send(listener, ROW, b"two")
    length = len(ROW) + 1
    expected = [
        Line(ROW.decode(), "syslog", 1, 0, length),
        Line("two", "syslog", 2, length, length + 4),
    ]
    seen = []
    while len(seen) < 2:
        seen += read(listener)
    assert seen == expected


def test_what_the_kernel_dropped_is_counted():
    with closing(SyslogSocket("udp:127.0.0.1:0")) as listener:
        # More than any kernel holds for a socket that asks for 8 MiB.
        send(listener, *[b"x" * 60_000] * 400)
        kept = len(read(listener))
        assert kept < 400
        # The kernel tells with what it keeps next.
        send(listener, b"next")
        assert [line.text for line in read(listener)] == ["next"]
        assert listener.losses.dropped == 400 - kept


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"one\n", "one"),
        (b"one\0", "one"),
        (b"one\r\n\0", "one"),
        (
            b"one\nNov 23 14:22:34 mx postfix/smtp[7]: forged",
            "one#012Nov 23 14:22:34 mx postfix/smtp[7]: forged",
        ),
        (b"", ""),
        (b"caf\xe9\x1b[2J", "caf\udce9\x1b[2J"),
    ],
)
def test_no_datagram_makes_two_lines(listener, data, text):
    send(listener, data)
    assert [line.text for line in read(listener)] == [text]


def test_a_poll_stops_at_its_budget(listener):
    # A unix socket holds ten datagrams, then its senders wait.
    send(listener, *[b"x" * 99] * 10)
    blocks = [block for _ in range(2) for block in listener.poll(500)]
    assert [(block.number, block.count) for block in blocks] == [(1, 5), (6, 5)]


def test_a_dead_socket_is_replaced_and_a_living_one_is_not(tmp_path):
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(path))
    listener = SyslogSocket(f"unix:{path}")
    with pytest.raises(SourceError) as raised:
        SyslogSocket(f"unix:{path}")
    assert str(raised.value) == f"unix:{path}: cannot listen: another program listens there"
    send(listener, b"still here")
    assert [line.text for line in read(listener)] == ["still here"]
    listener.close()
    assert not path.exists()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("udp:127.0.0.1", "udp:127.0.0.1: cannot listen: HOST:PORT expected"),
        ("udp::x", "udp::x: cannot listen: HOST:PORT expected"),
        ("unix:", "'unix:': neither unix:PATH nor udp:HOST:PORT"),
        ("tcp:\x1b[2J:1", "'tcp:\\x1b[2J:1': neither unix:PATH nor udp:HOST:PORT"),
        (
            "unix:/no/such/directory/log",
            "unix:/no/such/directory/log: cannot listen: No such file or directory",
        ),
    ],
)
def test_a_wrong_address_is_told_in_one_line(address, reason):
    with pytest.raises(SourceError) as raised:
        SyslogSocket(address)
    assert str(raised.value) == reason


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    path = tmp_path / "maillog"
    path.write_text("precious\n")
    with pytest.raises(SourceError, match="there is a file that is no socket"):
        SyslogSocket(f"unix:{path}")
    assert path.read_text() == "precious\n"


def test_six_has_brackets():
    try:
        listener = SyslogSocket("udp:[::1]:0")
    except SourceError:
        pytest.skip("no IPv6 on this machine")
    send(listener, b"six")
    assert [line.text for line in read(listener)] == ["six"]
    listener.close()
