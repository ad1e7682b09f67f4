"""A deferral of the usual shape: what the engine needs of the line that most lines of interest are.

To make a ``Delivery`` of it takes three times as long, and of a busy log nearly every hit is one.
"""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from logwatch_mx.model.event import Mta


class Deferral(Struct, frozen=True, gc=False):
    """One try that put off a message to one recipient, and that no story or rule asks for.

    *message*: the hashed queue id. *agent*: Postfix' agent, sendmail's mailer. *domain*: that of
    *address*, lower-case. *host*: the relay, or the host that the reply names; empty without one.
    *delay* is in seconds. *source*, *number*, *text*: its line, *end* the offset behind it.
    """

    kind: ClassVar[str] = "delivery"

    mta: Mta
    time: datetime
    message: str
    agent: str
    address: str
    domain: str
    host: str
    delay: float
    dsn: str
    reply: str
    source: bytes
    number: int
    text: bytes
    end: int
