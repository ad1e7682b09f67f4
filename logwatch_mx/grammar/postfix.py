"""The Postfix dialect, 2.2 to 3.11: every line kind, in the order in which they are tried.

Comes in: nothing. Goes out: ``KINDS`` for the reader. What a log is full of comes first; a
word such as ``warning:`` comes last, for it tells least.
"""

from logwatch_mx.grammar.kind import LineKind
from logwatch_mx.grammar.postfix_delivery import DELIVERY_KINDS
from logwatch_mx.grammar.postfix_other import OTHER_KINDS
from logwatch_mx.grammar.postfix_queue import QUEUE_KINDS
from logwatch_mx.grammar.postfix_refusal import REFUSAL_KINDS
from logwatch_mx.grammar.postfix_session import SESSION_KINDS
from logwatch_mx.grammar.postfix_usual import USUAL_KINDS
from logwatch_mx.grammar.postfix_verbose import VERBOSE_KINDS

KINDS: tuple[LineKind, ...] = (
    *USUAL_KINDS,
    *DELIVERY_KINDS,
    *QUEUE_KINDS,
    *REFUSAL_KINDS,
    *SESSION_KINDS,
    *OTHER_KINDS,
    *VERBOSE_KINDS,
)
