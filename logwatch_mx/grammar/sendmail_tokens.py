r"""The words that sendmail's lines are made of: queue ids, addresses, peers, free text.

Comes in: nothing. Goes out: pyparsing tokens in the subset of ``compile.py`` and the small
functions that turn the text of one into a value. Shapes are those of sendmail 8.9 to 8.18.

Addresses, names from DNS, message-ids and replies are chosen by strangers. Three facts of
sendmail's own code keep them from becoming fields:

1. An address is logged with its quotes, and they balance (parseaddr.c, ``prescan``): what stands
   in quotes, in angle brackets or in a comment is no field. Only a shortened address
   (``shortenstring``: its middle is ``...``) may be unbalanced.
2. Every line goes through ``str2prt``: a control character is ``\ooo``, a backslash is two.
3. The order of the fields is fixed, and what sendmail prints itself (numbers, names of mailers,
   peers) holds no comma.
"""

import re

from pyparsing import Literal, Opt, ParserElement, Regex, Suppress

from logwatch_mx.grammar.fields import host_name

# 8.9: `SAA15929`; 8.10 and 8.11: `e6G2M7O04977`; since 8.12: `6ANEJ9Ja004004`. The pid at the end
# has five digits or more (AIX: `k1SN9pkK15806618`), what stands before it tells the time.
QUEUE_ID = r"[0-9A-Za-z]{2,12}[0-9]{5}(?![0-9A-Za-z])"

DSN = r"[245]\.[0-9]{1,3}\.[0-9]{1,3}"

# A quoted character: `\"` in the address is `\\"` in the log, by str2prt; older or foreign loggers
# leave it alone.
_ESCAPED = r"\\(?:\\(?:\\\\|\\[^\\]|[^\\])|[^\\])"
QUOTED = rf'"(?:[^"\\]|{_ESCAPED})*+"'
_COMMENT = r"\((?:[^()]|\([^()]*+\))*+\)"
ANGLED = rf'<(?:[^<>"\\]|{QUOTED}|{_ESCAPED})*+>'
_GROUPED = rf"{QUOTED}|{ANGLED}|{_COMMENT}|{_ESCAPED}"

_IP = r"[0-9A-Fa-f:.]+"
# daemon.c, getauthinfo: the name comes from the resolver, the ident answer through cleanstrcpy()
# (letters, digits and !#$%&'*+-./^_`{|}~): neither holds a comma, a blank, a bracket or a colon.
_HOST = r"[^ \t,@()\[\]]+"


def token(pattern: str, name: str | None = None) -> ParserElement:
    """Return a token for *pattern* that skips no whitespace; a copy would, so the name is first."""
    expr = Regex(pattern)
    return (expr if name is None else expr(name)).leave_whitespace()


def word(text: str) -> ParserElement:
    """Return a token for exactly *text* that is no value."""
    return Suppress(Literal(text).leave_whitespace()).leave_whitespace()


def gap(pattern: str) -> ParserElement:
    """Return a token for *pattern* that is no value."""
    return Suppress(token(pattern)).leave_whitespace()


def rest(name: str | None = None) -> ParserElement:
    """Return a token for all that is left of the line."""
    return token(r".*", name)


END = gap(r"\Z")


def queue_id() -> ParserElement:
    """Return ``QID: ``."""
    return token(QUEUE_ID, "queue_id") + word(": ")


def maybe_queue_id() -> ParserElement:
    """Return ``QID: ``, ``NOQUEUE: `` or nothing: conf.c, sm_syslog, prints what it is handed."""
    return Opt(word("NOQUEUE: ") | queue_id())


def balanced(name: str, before: str) -> ParserElement:
    """Return addresses up to the first *before* that is not quoted or bracketed.

    *before* is a pattern that starts with a comma or a blank.
    """
    text = rf'(?:[^"<(\\, ]++|{_GROUPED}|\\|(?!{before})[, ])*+'
    return token(rf"{text}(?={before})", name)


def shortened(name: str, before: str) -> ParserElement:
    """Return text up to the first *before* (a pattern that starts with a comma or a blank)."""
    return token(rf"[^, ]*+(?:(?!{before})[, ][^, ]*+)*+(?={before})", name)


def last(name: str | None, before: str) -> ParserElement:
    """Return text up to the last *before* (a pattern)."""
    return token(rf".*(?={before})", name)


def client() -> ParserElement:
    """Return a peer, the macro ``$_``.

    ``mx.b.test [192.0.2.1]``, ``[192.0.2.1]``, ``ident@mx.b.test [IPv6:2001:db8::1] (may be
    forged)``, ``root@localhost``; headers.c, logsender, also ``mx.b.test (192.0.2.1)`` and
    ``[RESPONSE]``.
    """
    ip = Opt(word("IPv6:")) + token(_IP, "client_ip")
    name = token(_HOST, "client_host") + Opt(
        word(" [") + ip + word("]") | word(" (") + ip + word(")")
    )
    address = word("[") + ip + word("]")
    return (
        Opt(gap(r"[^ \t,@\[\]]+@"))
        + (address | word("[RESPONSE]") | name)
        + Opt(word(" (may be forged)"))
    )


_ITEM = re.compile(rf'(?:{_GROUPED}|[^",<(\\]|[\\"<(])+')
_BRACKETS = re.compile(rf'(?:{QUOTED}|{_COMMENT}|[^"<(])*+<((?:{QUOTED}|[^"])*)>[^<>]*')
_AFTER = re.compile(rf"(?<![ ])[ ]*{_COMMENT}\Z")


# Nearly every one: `<bob@a.test>`, with nothing that could be meant otherwise.
_PLAIN = re.compile(r'<([^<>"(),;\\ ]*+)>')


# logdelivery: the list goes on in another line; there is no list.
_NO_ADDRESS = frozenset({"[more]", "NO-TO-LIST"})


def addresses(text: str) -> tuple[str, ...]:
    """Return the addresses of a comma-separated list, each as ``address`` returns it."""
    plain = _PLAIN.fullmatch(text)
    if plain:
        return (plain[1],)
    items = (item.strip() for item in _ITEM.findall(text))
    return tuple(address(item) for item in items if item and item not in _NO_ADDRESS)


def address(text: str) -> str:
    """Return the bare address: ``<a@b>``, ``Name <a@b>`` and ``a@b (Name)`` are ``a@b``.

    A program (``"|/usr/bin/procmail"``), a file and a quoted local part stay as printed. Of an
    address that sendmail cut only the opening bracket goes.
    """
    found = _PLAIN.fullmatch(text) or _BRACKETS.fullmatch(text)
    if found:
        return found[1]
    return _AFTER.sub("", text).removeprefix("<")


def domain_of(recipient: str) -> str | None:
    """Return the domain of an address, in lower case and without a trailing dot."""
    _, at, domain = recipient.rpartition("@")
    return host_name(domain) if at else None


_REPLY_CODE = re.compile(rf"[245][0-9]{{2}}[ -]({DSN})(?![0-9.])")


def dsn_of(reply: str) -> str | None:
    """Return the enhanced status code of a reply: ``553 5.1.8 <a@b>... text`` has 5.1.8."""
    found = _REPLY_CODE.match(reply)
    return found[1] if found else None
