"""sendmail's dialect: every kind of line that sendmail 8.9 to 8.18 logs, in the order tried.

Comes in: the text after ``tag[pid]: ``, of the daemon, the queue runner (``sm-que``) and the
submission program (``sendmail``, ``sm-msp-queue``) alike: they share the code that logs. Goes out:
one event. The rooms of the dialect: ``sendmail_tokens`` (what strangers may write where),
``sendmail_delivery``, ``sendmail_message``, ``sendmail_loop``, ``sendmail_refusal``,
``sendmail_other``.
"""

from logwatch_mx.grammar import (
    sendmail_delivery,
    sendmail_loop,
    sendmail_message,
    sendmail_other,
    sendmail_refusal,
    sendmail_usual,
)
from logwatch_mx.grammar.kind import LineKind

#: What nobody else logs, whatever the tag is: `sendmail -L mta-out` gives any.
OWN_KINDS: tuple[LineKind, ...] = (
    *sendmail_usual.MAIL_KINDS,
    *sendmail_delivery.KINDS,
    *sendmail_message.MAIL_KINDS,
)
KINDS: tuple[LineKind, ...] = (
    *sendmail_usual.USUAL_KINDS,
    *sendmail_delivery.KINDS,
    *sendmail_message.KINDS,
    *sendmail_loop.KINDS,
    *sendmail_refusal.KINDS,
    *sendmail_other.KINDS,
)
