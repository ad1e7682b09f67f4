"""What is fuzzed: bytes in, nothing out; whatever is raised is a fault of ours.

Each target takes any bytes, and holds what must be true of any of them. ``SEEDS`` are what the
mutations begin with, ``FRAMES`` the pieces that inputs are put together from.
"""

import asyncio
import re
import tempfile
import tomllib
from datetime import UTC
from pathlib import Path

from logwatch_mx.config.load import load_settings
from logwatch_mx.confirm.confirm import confirm
from logwatch_mx.confirm.zone import read_zone
from logwatch_mx.errors import ConfigError, ConfigErrors, DataError
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Mta
from logwatch_mx.model.line import Line
from logwatch_mx.model.site import Site
from logwatch_mx.respond import sendmail_text, transport
from logwatch_mx.respond.helper_protocol import (
    read_answer,
    read_request,
    write_answer,
    write_request,
)
from logwatch_mx.rulebook.condition import compile_condition
from logwatch_mx.sources.block import lines
from logwatch_mx.sources.export import read_export
from logwatch_mx.sources.journal import Journal
from logwatch_mx.sources.split import Splitter
from logwatch_mx.sources.unpack import sniff, unpack

ROOT = Path(__file__).parents[2]
SITE = Site()
SCRATCH = Path(tempfile.mkdtemp(prefix="fuzz-"))
#: Making one takes longer than reading a thousand lines.
ONE, OTHER, BODIES = (Reader(Stamps(2026, UTC)) for _ in range(3))


def hold(truth, about):
    assert truth, about


def grammar(data):
    """Any line is an event that keeps the line; what is read twice is the same."""
    line = Line(data.decode("utf-8", "surrogateescape"))
    event = ONE.read(line)
    assert event.line == line
    assert event == OTHER.read(line)
    assert event.time is None or event.time.tzinfo is not None
    for mta in Mta:
        assert BODIES.read_body(line, mta).line == line


def conditions(data):
    """A text is a condition or is told with its place; a condition answers for every event."""
    text = data.decode("utf-8", "replace")
    try:
        condition = compile_condition(text, "fuzz: when")
    except ConfigError as error:
        hold(str(error).startswith("fuzz: when"), error)
        return
    condition.sentence()
    for event in EVENTS:
        answer = condition.matches(event, "seaton.biz", SITE)
        if answer and condition.folded:
            lowered = event.line.text.lower()
            assert any(needle in lowered for needle in condition.folded), (text, event.line.text)


def config(data):
    """A file is settings, or all its faults are told in lines of their own."""
    path = SCRATCH / "config.toml"
    path.write_bytes(data)
    try:
        load_settings(path, check_hooks=False)
    except ConfigErrors as errors:
        for error in errors.exceptions:
            assert str(error).isprintable(), str(error)


def protocol(data):
    """A line is a request that is written as it was read, or is refused in one line."""
    for read, write in ((read_request, write_request), (read_answer, write_answer)):
        try:
            found = read(data)
        except ValueError as error:
            hold("\n" not in str(error), error)
            continue
        assert read(write(found)) == found


def zone(data):
    """A file is a zone that answers, or is told as damaged."""
    path = SCRATCH / "dns.zone"
    path.write_bytes(data)
    try:
        resolver = read_zone(path)
    except DataError as error:
        hold("\n" not in str(error), error)
        return
    for name in ("seaton.biz", "a.b.test", "xn--a.test"):
        asyncio.run(confirm(name, resolver, SITE))


def maps(data):
    """What is read of a map is written as what is read again; to take out leaves the others."""
    text = data.decode("utf-8", "replace")
    for room in (transport, sendmail_text):
        found = room.parse(text)
        again = room.parse(room.render(found.entries.values()))
        assert again.untouched
        assert again.entries == found.entries
        for domain in list(found.entries)[:3]:
            left = room.parse(room.without(text, domain)).entries
            assert domain not in left
            assert left.keys() == found.entries.keys() - {domain}


def journal(data):
    """Whatever journalctl prints, each entry is at most one line of syslog."""
    one = Journal()
    split = Splitter("journal")
    for raw in split.feed(data):
        for block in one._converted(raw):
            for line in lines(block):
                assert "\n" not in line.text
                BODIES.read(line)


def archive(data):
    """Whatever is packed is unpacked in pieces, or told as damaged."""
    kind = sniff(data[:6])
    if kind is None:
        return
    try:
        pieces = read_export([data], "fuzz") if kind == "export" else unpack([data], kind, "fuzz")
        for piece in pieces:
            assert len(piece) <= 64 << 20
    except DataError as error:
        hold("\n" not in str(error), error)


TARGETS = {
    one.__name__: one
    for one in (grammar, conditions, config, protocol, zone, maps, journal, archive)
}


def _sample_lines():
    found = []
    for path in sorted((ROOT / "samples/maillog").glob("*.log")):
        found += path.read_bytes().splitlines()[::97][:60]
    return found


_LINES = _sample_lines()
EVENTS = [BODIES.read(Line(x.decode("utf-8", "replace"))) for x in _LINES]
_RULES = [path.read_text() for path in sorted((ROOT / "rules").glob("*.toml"))]
_WHENS = [tomllib.loads(text)["when"].encode() for text in _RULES]
_MAP = b"# until 2026-11-24T14:29:10+00:00 incident loop/a.test/x action loop/a.test/x#pause#1\n"
SEEDS = {
    "grammar": _LINES,
    "conditions": _WHENS,
    "config": [
        b'mode = "act"\n[source]\nfiles = ["/a"]\n[dns]\nnameservers = ["::1", "127.0.0.1:53"]\n',
        b'[[hook]]\non = ["opened"]\ncommand = ["/x"]\ntimeout = "10s"\n[[notify]]\nurl = "json://a"\n',
        b'[respond]\nexpiry = "24h"\n[loop]\npasses = 3\nwindow = "10m"\n[metrics]\nlisten = "[::1]:1"\n',
    ],
    "protocol": [
        b'{"verb":"hold","mta":"postfix","domain":"a.test","ids":["9F6B0232C10"]}',
        b'{"verb":"makemap","rows":{"a.test":"paused"}}',
        b'{"error":"no","retry":true,"done":["A"]}',
    ],
    "zone": [path.read_bytes() for path in sorted((ROOT / "samples/maillog").glob("*.zone"))],
    "maps": [
        transport.render(()).encode(),
        transport.render(()).encode() + _MAP + b"a.test\tretry:4.4.6 x\n",
        sendmail_text.render(()).encode() + b"a.test\tpaused\n",
    ],
    "journal": [
        (
            b'{"MESSAGE":"A1: to=<a@b>","__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1795410000000000",'
            b'"SYSLOG_IDENTIFIER":"postfix/smtp","_PID":"7","_HOSTNAME":"mx"}\n'
        ),
        b'{"MESSAGE":[65,10,66],"__CURSOR":"s=2","__REALTIME_TIMESTAMP":"1"}\n',
    ],
    "archive": [b"\x1f\x8b\x08\0\0\0\0\0\0\x03KLJN\x01\0\xc2A$5\x03\0\0\0"],
}
FRAMES = {
    "grammar": [
        *(piece for line in _LINES for piece in re.split(rb"(?<=[ =<>,:\[\]()])", line)),
    ],
    "conditions": [
        b"delivery and ",
        b"not ",
        b"(",
        b")",
        b" or ",
        b"status is ",
        b"deferred",
        b"domain ends with ",
        b'"x.test"',
        b"relay is loopback",
        b" in {",
        b"}",
        b" matches ",
        b"/a.*b/",
        b"delay > ",
        b"3",
        b"contains ",
    ],
    "config": [
        b"[source]\n",
        b"mode = ",
        b'"act"\n',
        b"[[hook]]\n",
        b"command = ",
        b'["/x"]\n',
        b"1\n",
        b"files",
        b" = ",
        b"[dns]\n",
        b"timeout = ",
        b'"1s"\n',
        b"rules = ",
        b"[",
        b"]",
        b"{",
        b"}",
        b"\n",
    ],
    "protocol": [
        b'{"verb":"',
        b"hold",
        b"list",
        b'","mta":"',
        b"postfix",
        b'","domain":"',
        b"a.test",
        b'","ids":[',
        b'"9F6B0232C10"',
        b"]}",
        b"}",
        b"null",
        b"1e999",
    ],
    "zone": [
        b"$TTL 60\n",
        b"$ORIGIN .\n",
        b"@ SOA a. b. 1 2 3 4 5\n",
        b"seaton.biz MX 10 mail\n",
        b"mail A 127.0.0.1\n",
        b"* CNAME a\n",
        b"a CNAME b\n",
        b"(",
        b")",
        b"\\000",
        b" IN ",
        b'"',
        b";",
    ],
    "maps": [
        _MAP,
        b"a.test\t",
        b"retry:",
        b"4.4.6 ",
        b"paused",
        b"\n",
        b"# until ",
        b"\r",
        b"\0",
        b"b.test\tdiscard\n",
    ],
    "journal": [
        b'{"MESSAGE":',
        b'"a"',
        b"[65,300]",
        b",",
        b'"__CURSOR":"s"',
        b'"__REALTIME_TIMESTAMP":"',
        b"1795410000000000",
        b'"',
        b"}\n",
        b'"_PID":"-1"',
        b"null",
        b"99999999999999999999",
    ],
    "archive": [b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"BZh9", b"\xfd7zXZ\0", b"\0" * 8, b"\x03"],
}
