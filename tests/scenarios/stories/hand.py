"""Single lines of both MTAs, written by hand for what no pen writes."""

from datetime import datetime, timedelta

START = datetime(2026, 11, 23, 14, 0, 0)  # noqa: DTZ001  # as syslog writes it


def stamp(seconds):
    return f"{START + timedelta(seconds=seconds):%b %d %H:%M:%S}"


def smtp(at, qid, to, relay, *, said="", after=None, agent="smtp", status="sent", dsn="2.0.0"):
    said = said or f"250 2.0.0 Ok: queued as {after or 'S08D338E5'}"
    return (
        f"{stamp(at)} mx postfix/{agent}[9{int(at) % 89 + 10}]: {qid}: to=<{to}>, relay={relay},"
        f" delay=0.1, delays=0.05/0.01/0/0.04, dsn={dsn}, status={status} ({said})"
    )


def sm(at, qid, to, relay, *, after=None, mailer="esmtp", tag="sm-mta", stat=None, dsn="2.0.0"):
    stat = stat or (f"Sent ({after} Message accepted for delivery)" if after else "Sent (ok)")
    return (
        f"{stamp(at)} mx {tag}[{7000 + int(at) % 900}]: {qid}: to={to}, delay=00:00:00,"
        f" xdelay=00:00:00, mailer={mailer}, pri=30157, relay={relay}, dsn={dsn}, stat={stat}"
    )


def qid(n):
    return f"{n:05X}232B{n % 255:02X}"


def sid(n):
    return f"6ANE{n:04X}{n:06d}"


def rounds(count, gap, relay, to="n@loop.test", first=0):
    """One message of Postfix', *count* passes of it, *gap* seconds apart."""
    return [
        smtp(first + n * gap, qid(first + n), to, relay, after=qid(first + n + 1))
        for n in range(count)
    ]


def spins(count, gap, relay, to="<n@loop.test>", first=0, **words):
    return [
        sm(first + n * gap, sid(first + n), to, relay, after=sid(first + n + 1), **words)
        for n in range(count)
    ]


def through(number, *relays, out="mail.far.test[198.51.100.9]:25", to="u{}@far.test"):
    """*number* messages that are handed from one of *relays* to the next, and then out."""
    for n in range(number):
        ids = [qid(n * 16 + step) for step in range(len(relays) + 1)]
        for step, relay in enumerate(relays):
            agent, _, where = relay.rpartition(" ")
            yield smtp(
                n * 3, ids[step], to.format(n), where, after=ids[step + 1], agent=agent or "smtp"
            )
        yield smtp(n * 3 + 1, ids[-1], to.format(n), out)


def refusals(
    number, gap, said="mail for {d} loops back to myself", to="u{}@loop.test", relay="none"
):
    return [
        smtp(
            n * gap,
            qid(n),
            to.format(n),
            relay,
            said=said.format(d=to.rpartition("@")[2]),
            status="bounced",
            dsn="5.4.6",
        )
        for n in range(number)
    ]
