"""Take off what a container runtime or the journal puts around a log line.

Comes in: a raw line without a syslog header of its own. Goes out: a ``Frame``, what was inside and
what the frame knows. Read are: the Kubernetes CRI log (``STAMP stdout F TEXT``), ``docker logs
-t``, and the name that docker compose and kubectl put before a line. JSON: ``frame_json.py``.
"""

from datetime import datetime

from msgspec import Struct
from pyparsing import Opt, Regex, Suppress

from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.stamp import FULL_STAMP

_TEXT = Regex("(?s:.*)")("text")
_NAME = Suppress(Regex(r"[A-Za-z0-9_.-]+ +\| |\[pod/[^\]]+\] "))
_STREAM = Suppress(Regex("std(?:out|err) [FP](?::[^ ]*)? "))
_match = compile_expression(
    "container frame",
    _NAME + _TEXT | FULL_STAMP("stamp") + Suppress(" ") + Opt(_STREAM) + _TEXT,
).match


class Frame(Struct, frozen=True, kw_only=True):
    """What was framed: *text*, with what only the frame says.

    With a *program* the text is that program's own; without one it is a line with its own tag.
    *shipped*: the time may be that of the shipper's reading; a stamp of the line's own is better.
    """

    text: str
    stamp: str | None = None
    time: datetime | None = None
    host: str | None = None
    program: str | None = None
    pid: str | None = None
    shipped: bool = False


def read_frame(text: str) -> Frame | None:
    """Return what the frame around *text* holds, or None when there is none."""
    found = _match(text)
    return None if found is None else Frame(text=found["text"], stamp=found.get("stamp"))
