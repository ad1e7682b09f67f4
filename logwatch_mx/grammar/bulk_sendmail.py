r"""The lines that sendmail logs most, as patterns over bytes: see ``bulk.py``.

Each shape is a mark, what has to follow it, and the event that the line is; everything but ``\n``
may come behind that. The whole kinds are in the other modules of the dialect, which show the lines.
"""

from logwatch_mx.model.event import Auth, Bounce, Message, Other, Reject, Removed, Status

TAG = "(?:sm-(?:mta|msp-queue|que)|sendmail)"

# Since 8.12: eight characters of time, then the pid.
_ID = r"[0-9A-Za-z]{8}[0-9]{5,9}+"
_TEXT = r"[^<>\"(),;\\ \n]*+"
_ADDRESS = f"<{_TEXT}>"
# What may stand without brackets: no blank of any alphabet, which would be taken off its ends.
_LOCAL = r"[!#-'*+./0-9:=?A-Z^-~-]"
# Local names are printed as they were given: `to=alice`, `from=alice@home.test`.
_NAMED = rf"(?:{_ADDRESS}|[^<>\"(),;\\ \n]++)"
_CLOCK = r"(?>[0-9]{1,3}+\+|)[0-9]{2}:[0-9]{2}:[0-9]{2}"
_IP = r"\[(?>IPv6:|)[0-9A-Fa-f:.]++\]"
_NAME = r"[^ \t,@()\[\]\n]++"
_CLIENT = rf"(?>{_NAME}@|)(?>{_IP}|{_NAME}(?> {_IP}|))(?> \(may be forged\)|)"
_CODE = r"\.[0-9]{1,3}+\.[0-9]{1,3}+"
# A reply in which `, stat=` stands as well is the reader's to cut in two, and so is a long one.
_REPLY = r", reply=(?=.{0,4000}+\n)[^,\n]*+(?:,(?! stat=)[^,\n]*+)*+(?!, stat=.*, stat=)"

# Behind a name in dots might stand what was told to a client: `<name>... Relaying denied`.
_PEER = r"(?>[^ ,:=@\[\n]++(?<!\.\.\.) |)\[[0-9A-Fa-f:.]++\](?> \(may be forged\)|)"
# Blanks at the end are no part of a text, so that what has to follow one is more than a blank.
_WORD = r"[^ \t\r\n]"

# What stands before the mark: the queue id, of a notice also that of the notice, of a delivery also
# the name of who got it. What has no queue id begins otherwise than what has one.
START = (
    rf"(?:{_ID}: (?:(?=from|ru|[<Ad]|lost)"
    rf"|to=(?:<[^<>@\"(),;\\ \n]*+(?=@{_TEXT}>)"
    rf"|(?!NO-TO){_LOCAL}++(?=(?>@(?:{_LOCAL}|[\[\]])++|), (?:ctladdr|delay)=))"
    rf"|{_ID}: (?=DSN|ret|sen)|{_PEER} (?=did not))|(?=[SA]|ru))"
)

# Its groups are who got it, and the class of the status, which is sure whatever the receiver said.
DELIVERY = (
    rf"((?>@{_TEXT}(?:>,<{_TEXT})*+|))>?+(?>, ctladdr={_NAMED} \([0-9]{{1,9}}+/[0-9]{{1,9}}+\)|)"
    rf", delay={_CLOCK}, xdelay={_CLOCK}, mailer=[^, \n]++, pri=[0-9]++"
    rf"(?>, relay=[^ ,\"\n]++(?> {_IP}|)|)"
    rf", dsn=(2(?={_CODE}, stat=Sent)|[45](?={_CODE}(?>{_REPLY}|), stat=[A-PR-Z]))"
)
STATUSES = {b"2": Status.SENT, b"4": Status.DEFERRED, b"5": Status.BOUNCED}

_MESSAGE = (
    rf"={_NAMED}, size=[0-9]{{1,15}}+, class=-?[0-9]++, nrcpts=[0-9]{{1,15}}+"
    r"(?>, msgid=<[^<>, \n]{0,200}+>|)(?>, bodytype=[0-9A-Z]{1,20}+|)(?>, proto=[A-Z]{1,20}+|)"
    rf"(?>, daemon=[^, \n]{{1,20}}+|), relay={_CLIENT}\n"
)
_WORDS = r"[^\"<(\\, \n]++"
_REFUSED = (
    rf"(?:rcpt|mail|relay), arg1=(?:{_ADDRESS}|{_WORDS})(?>, arg2={_WORDS}|)"
    r"(?>, relay=[^,\n]*+|), reject="
)
_LOGIN = rf"relay={_CLIENT}(?>, authid=[^,\n]*+|), mech=[0-9A-Z_-]++(?>, bits=[0-9]++|)\n"

SHAPES = (
    ("from", _MESSAGE, Message),
    ("STARTTLS=", rf"(?:client|server), {_WORD}", Other),
    ("ruleset=check_", _REFUSED, Reject),
    ("DSN", f": {_WORD}", Bounce),
    ("return to sender", f": {_WORD}", Bounce),
    ("sender notify", f": {_WORD}", Bounce),
    ("<", rf"{_TEXT}>\.\.\. [A-Z]", Reject),
    ("AUTH=server, ", _LOGIN, Auth),
    ("done; delay=", "", Removed),
    ("lost input channel from", f" {_WORD}", Other),
    ("did not issue", f" [A-Z/]++ during connection to {_WORD}", Other),
)
