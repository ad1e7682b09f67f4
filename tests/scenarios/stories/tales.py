"""The stories that are scored: labelled logs, each drawn from a seed.

A story says which incidents are in it, and when their trouble began; anything else is false.
"""

import random
from datetime import timedelta

from stories.desk import OUTAGE_CAUSES, SPIKE_CAUSES, Desk
from stories.lab import replay_lab
from stories.limits import busy_spike, cold_spike
from stories.postfix_pen import PostfixPen
from stories.sendmail_pen import SendmailPen
from stories.traffic import send


def loop_spins(seed):
    """A few messages spin to the limit amid ordinary mail."""
    desk = Desk("loop spins", seed)
    desk.ordinary(2, light=False, per_hour=200)
    at = desk.after(10, 90)
    for n in range(desk.rng.randrange(1, 5)):
        desk.pen.spin(at + timedelta(seconds=20 * n), "n@spin.test", late=desk.rng.random() < 0.5)
    desk.expect("loop", "spin.test", at)
    return desk.story()


def loop_is_slow(seed):
    """One message, a pass every few minutes."""
    desk = Desk("slow loop", seed)
    desk.ordinary(3, light=False, per_hour=200)
    at = desk.after(5, 60)
    gap = desk.rng.uniform(90, 1200)
    desk.pen.spin(at, "n@slow.test", passes=desk.rng.randrange(3, 9), gap=gap)
    desk.expect("loop", "slow.test", at)
    return desk.story()


def loops_at_once(seed):
    """Several domains loop at the same time, in different ways."""
    desk = Desk("several loops at once", seed)
    desk.ordinary(1, light=False, per_hour=200)
    at = desk.after(10, 30)
    for n in range(4):
        desk.pen.spin(at + timedelta(seconds=n / 7), f"n@spin{n}.test", late=True)
        desk.expect("loop", f"spin{n}.test", at)
    for n in range(3):
        desk.pen.refuses_itself(at + timedelta(seconds=n * 100), f"u{n}@self.test")
    desk.expect("loop", "self.test", at)
    return desk.story()


def loop_refused(seed):
    """The MTA refuses to talk to itself: three messages and more within the window."""
    desk = Desk("the MTA calls it looping", seed)
    desk.ordinary(2, light=False, per_hour=200)
    at = desk.after(10, 60)
    how = desk.rng.choice((desk.pen.refuses_itself, desk.pen.greets_itself))
    for n in range(desk.rng.randrange(3, 12)):
        how(at + timedelta(seconds=n * desk.rng.uniform(1, 290)), f"u{n}@self.test")
    desk.expect("loop", "self.test", at)
    return desk.story()


def loop_of_two_daemons(seed):
    """Two sendmail daemons, the second one relays to the first by its address."""
    desk = Desk("two daemons", seed, SendmailPen)
    desk.ordinary(1, light=False, per_hour=200)
    at = desk.after(10, 30)
    desk.pen.spin_dual(at, "n@dual.test", rounds=desk.rng.randrange(3, 50))
    desk.expect("loop", "dual.test", at)
    return desk.story()


def loop_paused(seed):
    """A loop, and what our own pause logs for hours after."""
    desk = Desk("paused loop", seed)
    desk.ordinary(3, light=False, per_hour=200)
    at = desk.after(10, 30)
    desk.pen.spin(at, "n@spin.test")
    for n in range(120):
        desk.pen.paused(at + timedelta(seconds=30 + 40 * n), f"n{n}@spin.test")
    desk.expect("loop", "spin.test", at)
    return desk.story()


def no_loop(seed):
    """Filters, proxies, submissions, lists, and loops below every threshold."""
    desk = Desk("no loop", seed)
    desk.ordinary(3, light=False, per_hour=150)
    for n in range(150):
        at = desk.after(0, 180)
        desk.pen.filtered(at, "a@isp.test", desk.town.someone())
        desk.pen.proxied(desk.after(0, 180), "a@isp.test", desk.town.someone())
        desk.pen.submitted(desk.after(0, 180), desk.town.someone())
        if n % 10 == 0:
            desk.pen.listed(desk.after(0, 180), [desk.town.someone() for _ in range(20)])
            desk.pen.paused(desk.after(0, 180), f"u{n}@paused.test")
    for n in range(6):
        desk.pen.spin(desk.after(0, 180), f"u{n}@twice.test", passes=2)
        desk.pen.refuses_itself(desk.start + timedelta(minutes=n * 11), f"u{n}@seldom.test")
    return desk.story()


LAB = {
    "postfix/mx127.spinning": True,
    "postfix/partial.spinning": True,
    "sendmail/mx127.spinning": True,
    "sendmail/partial2.spinning": True,
    "postfix/mx127.default": False,
    "postfix/mx127b.ownname-listener": False,
    "postfix/nullmx.default": False,
    "postfix/rfc1918.spinning": False,
    "postfix/remedy-transport-hash-discard": False,
    "postfix/remedy-transport-cdb-retry": False,
    "sendmail/mx127.default": False,
    "sendmail/remedy-mailer-file-mailertable.queued": False,
    "sendmail/remedy-no-k-flag.queued": False,
    "sendmail/refuse.default": False,
}


def lab_logs(seed):
    """Real logs carried to other days, domains and hosts, some of them slowed down, merged."""
    desk = Desk("real logs, carried over", seed)
    desk.ordinary(2, light=False, per_hour=150)
    for n, name in enumerate(desk.rng.sample(sorted(LAB), 5)):
        at = desk.after(10, 60)
        domain = f"carried{n}.test"
        slower = desk.rng.choice((1.0, 1.0, 3.0, 30.0))
        replay_lab(desk.log, desk.rng, name, at, domain=domain, host=f"host{n % 2}", slower=slower)
        if LAB[name]:
            desk.expect("loop", domain, at)
    return desk.story()


def merged_hosts(seed):
    """Two servers in one log, with the same pids, one of them looping."""
    desk = Desk("merged hosts", seed)
    desk.ordinary(1, light=False, per_hour=200)
    at = desk.after(10, 40)
    twins = [
        SendmailPen(desk.log, random.Random(seed), host=f"mx{n}", full=False) for n in range(2)
    ]
    for n in range(30):
        # The same generator: the same pids and ids on either host.
        moment = at + timedelta(seconds=n / 3)
        if n < 8:
            twins[0].refuses_itself(moment, f"u{n}@self.test")
        else:
            twins[0].healthy(moment, "a@isp.test", f"u{n}@far.test")
        twins[1].healthy(moment, "a@isp.test", f"u{n}@innocent.test")
    desk.expect("loop", "self.test", at)
    return desk.story()


def spike(seed):
    """A quiet key of an ordinary day puts off four messages a minute and more."""
    desk = Desk("spike", seed)
    hours = desk.rng.uniform(2, 8)
    desk.ordinary(hours + 2)
    at = desk.start + timedelta(hours=hours)
    cause = desk.rng.choice(SPIKE_CAUSES)
    gap = 60 / desk.rng.uniform(4, 40)
    people = desk.rng.randrange(3, 200)
    for n in range(int(1200 / gap)):
        moment = at + timedelta(seconds=n * gap * desk.rng.uniform(0.98, 1.02))
        to = f"u{desk.rng.randrange(people)}@sick.test"
        qid = desk.pen.put_off(moment, to, cause, suspended=n > 20 and n % 2 == 0)
        desk.pen.put_off(
            moment + timedelta(minutes=5), to, cause, qid=qid, delay=300.0, suspended=n % 2 == 0
        )
    desk.expect("spike", "sick.test", at)
    return desk.story()


def provider_spike(seed):
    """A provider puts off all the domains that it hosts."""
    desk = Desk("provider's spike", seed)
    hours = desk.rng.uniform(2, 5)
    desk.ordinary(hours + 1)
    at = desk.start + timedelta(hours=hours)
    for n in range(120):
        moment = at + timedelta(seconds=n * 6)
        to = f"u{n}@hosted{desk.rng.randrange(3, 40) % 12}.test"
        desk.pen.put_off(moment, to, "throttled", host="mx7.sickhost.test")
    desk.expect("spike", "sickhost.test", at)
    return desk.story()


def mixed_mtas(seed):
    """Postfix and sendmail side by side in one log, each with a loop and ordinary mail."""
    desk = Desk("both MTAs in one log", seed)
    desk.ordinary(1, light=False, per_hour=200)
    for pen_of, host in ((PostfixPen, "mx1"), (SendmailPen, "mx2")):
        pen = pen_of(desk.log, desk.rng, host=host, full=True)
        at = desk.after(10, 40)
        domain = f"{host}spin.test"
        pen.spin(at, f"n@{domain}", late=True)
        desk.expect("loop", domain, at)
        for n in range(60):
            pen.filtered(desk.after(0, 60), "a@isp.test", f"u{n}@far.test")
            pen.submitted(desk.after(0, 60), f"u{n}@far.test")
    return desk.story()


def no_spike(seed):
    """Storms that are no news: greylisting, full mailboxes, old backlog, one man's retries, pauses."""
    desk = Desk("no spike", seed)
    desk.ordinary(6)
    at = desk.after(120, 180)
    for n in range(120):
        moment = at + timedelta(seconds=n * 3)
        desk.pen.put_off(moment, f"u{n}@greylists.test", "grey")
        desk.pen.put_off(moment, f"u{n}@full.test", "mailbox")
        desk.pen.put_off(moment, f"u{n}@backlog.test", "timeout", delay=5000.0 + n)
        desk.pen.paused(moment, f"u{n}@paused.test")
    for n in range(8):
        qid = desk.pen.queue_id()
        for retry in range(40):
            moment = at + timedelta(seconds=60 * retry + n)
            desk.pen.put_off(
                moment, f"u{n}@retried.test", "refused", qid=qid, delay=60.0 * retry + 1
            )
    return desk.story()


def outage(seed):
    """Nothing can be delivered for a while; then the queue is flushed, and half of it throttled."""
    desk = Desk("outage", seed)
    hours = desk.rng.uniform(2, 6)
    desk.ordinary(hours + 4)
    at = desk.start + timedelta(hours=hours)
    cause = desk.rng.choice(OUTAGE_CAUSES)
    minutes = desk.rng.uniform(15, 60)
    rate = desk.rng.uniform(6, 60)
    waiting = []
    for n in range(int(minutes * rate)):
        moment = at + timedelta(minutes=n / rate)
        to = desk.town.someone()
        qid = desk.pen.put_off(moment, to, cause, host=desk.town.hosts.get(to.rpartition("@")[2]))
        waiting.append((qid, to, moment))
    flush = at + timedelta(minutes=minutes + 1)
    for n, (qid, to, since) in enumerate(waiting):
        if n % 2:
            moment = flush + timedelta(seconds=n / 5)
            delay = (moment - since).total_seconds()
            desk.pen.put_off(moment, to, "throttled", qid=qid, delay=delay)
    desk.expect("outage", "outage", at)
    return desk.story()


def quiet_days(seed):
    """Two ordinary days: whatever is told is false."""
    desk = Desk("ordinary days", seed)
    desk.ordinary(48, per_hour=desk.rng.choice((100, 600, 3000)), lists=desk.rng.randrange(4))
    return desk.story()


def ordinary_mail(seed):
    """An ordinary hour with every line of it."""
    desk = Desk("ordinary mail", seed, full=True)
    town = desk.town
    for _ in range(600):
        send(desk.pen, town, desk.after(0, 60), town.someone(), light=False)
    return desk.story()


LOOPS = (
    loop_spins,
    loop_is_slow,
    loops_at_once,
    loop_refused,
    loop_of_two_daemons,
    loop_paused,
    no_loop,
    lab_logs,
    merged_hosts,
    mixed_mtas,
)
SPIKES = (spike, provider_spike, cold_spike, busy_spike, no_spike, outage, ordinary_mail)
TALES = (*LOOPS, *SPIKES, quiet_days)
