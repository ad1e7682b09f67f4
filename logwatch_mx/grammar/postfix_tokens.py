"""The words that Postfix lines are made of: queue ids, addresses, hosts, clients.

Comes in: nothing. Goes out: pyparsing tokens in the subset of ``compile.py`` and the small
functions that turn the text of one into a value. Shapes are those of Postfix 2.2 to 3.11.

Text inside angle brackets, replies and headers is chosen by strangers. What tells a field from
text that imitates it is said at each token.
"""

import re

from pyparsing import FollowedBy, Literal, Opt, ParserElement, Regex

# Short ids are upper-case hex of five or more digits, long ones (enable_long_queue_ids, 2.9)
# base 52: `4jY7yd0f5lzKMCZ`. Old, patched and anonymised logs hold others, so any alphanumeric word
# will do where the rest of the line tells what it is; never a plain word (`warning:`, `reject:`).
_QUEUE_ID = r"(?!NOQUEUE|[a-z]+:)[0-9A-Za-z]{5,}"
# Where only an id tells the shape: hex with a digit, or base 52, which has no vowels.
_STRICT_QUEUE_ID = (
    r"(?=[A-F]*+[0-9])[0-9A-F]{6,}(?=:)"
    r"|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}(?=:)"
)

# `info_log_address_format = external` (default since 3.5) quotes a local part: `"x>, relay=none"`,
# so that what stands in the quotes is no field. Before 3.5 such a local part looks like fields.
QUOTED = r'"(?:[^"\\]++|\\.)*+"'

IPV4 = r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}"
_IPV6 = r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%[0-9A-Za-z_.-]+)?"
# The name comes from DNS, where smtpd and smtp take only valid_hostname() ones: no brackets there.
_HOST = r"[^\[\]<>(),; \t]+"

# A peer where only the shape counts: `mx.a.test[192.0.2.1]:25`, `[192.0.2.7]:5`, `x[unknown]`.
PEER = r"[^\[\]<>() \t]*\[[^\] ]*\](?::[0-9]+)?"

DSN = r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}"
# In free text `8.8.8.8 is listed` begins like one.
DSN_IN_TEXT = r"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![.]?[0-9])"


def any_of(*patterns: str) -> ParserElement:
    """Return a token for one of *patterns*, the first that matches."""
    return Regex("|".join(patterns))


def queue_id(name: str = "queue_id") -> ParserElement:
    """Return a token for a queue id where what follows it is specific."""
    return Regex(_QUEUE_ID)(name)


def strict_queue_id(name: str = "queue_id") -> ParserElement:
    """Return a token for a queue id before a colon, where anything may follow."""
    return Regex(_STRICT_QUEUE_ID)(name)


def message_prefix() -> ParserElement:
    """Return the optional ``QID: `` or ``NOQUEUE: `` that smtpd and postscreen put first."""
    return Opt(Regex(r"NOQUEUE:? ") | queue_id() + ": ")


def first_address(name: str, before: str) -> ParserElement:
    """Return a token for an address up to the first ``>`` with *before* (a pattern) behind it.

    For lines whose end is chosen by strangers (a remote's reply), their start is not.
    """
    quoted = rf"{QUOTED}(?:@[^<>]*+)?(?=>(?:{before}))"
    plain = rf"[^>]*+(?:>(?!{before})[^>]*+)*+"
    return Regex(f"{quoted}|{plain}")(name)


def last_address(name: str, before: str) -> ParserElement:
    """Return a token for an address up to the last ``>`` with *before* (a pattern) behind it.

    For lines in which nothing but the address is chosen by strangers.
    """
    return Regex(rf".*(?=>(?:{before}))")(name)


def bracketed_ip(name: str) -> ParserElement:
    """Return ``[address]``; for ``[unknown]``, ``[private/lmtp]`` and such the name is not set."""
    address = Regex(rf"(?:{IPV4}|{_IPV6})(?=\])")(name)
    return Literal("[") + (address | Regex(r"[^\]]*")) + "]"


def host_and_ip(host: str, ip: str) -> ParserElement:
    """Return ``name[address]``, as smtpd and smtp print a peer."""
    return Regex(_HOST)(host) + FollowedBy("[") + bracketed_ip(ip)


def client() -> ParserElement:
    """Return a client: ``name[address]``, postscreen's ``[address]:port``, either with a port."""
    return Opt(Regex(_HOST)("client_host")) + bracketed_ip("client_ip") + Opt(Regex(r":[0-9]+"))


def bare_host(name: str) -> ParserElement:
    """Return a token for a host name, a service name or a domain."""
    return Regex(_HOST)(name)


_BRACKETED = re.compile(r"<([^>]*)")


def without_brackets(text: str) -> str:
    """Return what stands in the leading ``<…>``, closed or cut off; other text stays as it is."""
    inside = _BRACKETED.match(text)
    return inside[1] if inside else text
