"""Plans of mail for a story: a healthy stream, and what breaks into it."""

import random

from mailworld import places
from mailworld.world import mail


def healthy(number: int, seconds: float, seed: int = 1) -> list[dict]:
    """Return mail in, mail through the gateway and mail out, spread over *seconds*."""
    dice = random.Random(seed)
    plan = []
    for n in range(number):
        at = seconds * n / number
        user = dice.choice(places.USERS)
        stranger = f"user{dice.randrange(50)}@isp.example"
        kind = dice.random()
        if kind < 0.45:
            plan.append(mail(stranger, f"{user}@{places.OWN_DOMAIN}", at=at))
        elif kind < 0.65:
            plan.append(mail(stranger, f"{user}@{places.INNER_DOMAIN}", at=at))
        else:
            pc = dice.randrange(len(places.OFFICE))
            customer = f"cust{dice.randrange(90)}@{dice.choice(places.HEALTHY)}.example"
            plan.append(_out(f"{user}@{places.OWN_DOMAIN}", customer, pc, at))
    return plan


def noise(number: int, seconds: float, seed: int = 4) -> list[dict]:
    """Return what every server sees: greylisted mail, unknown users, attempts to relay."""
    dice = random.Random(seed)
    plan = []
    for n in range(number):
        at = seconds * (n + 0.5) / number
        stranger = f"user{dice.randrange(50)}@isp.example"
        plan.append(_out(f"alice@{places.OWN_DOMAIN}", f"cust{n}@larch.example", 0, at))
        plan.append(mail(stranger, f"nobody{n}@{places.OWN_DOMAIN}", at=at + 0.5))
        plan.append(mail(stranger, f"cust{n}@oak.example", at=at + 1.0))
        # The gateway learns of this unknown user only later: a bounce that arrives.
        plan.append(mail(f"cust{n}@birch.example", f"nobody{n}@{places.INNER_DOMAIN}", at=at + 1.5))
    return plan


def joe_job(number: int, forged: str, start: float, seconds: float, seed: int = 2) -> list[dict]:
    """Return spam forged from *forged* to users that the inner host does not know."""
    dice = random.Random(seed)
    names = ("info", "sales", "john", "kate", "web", "jim")
    return [
        mail(
            forged,
            f"{dice.choice(names)}{dice.randrange(10_000)}@{places.INNER_DOMAIN}",
            source=places.SPAMMER,
            helo="friend",
            subject="cheap watches",
            at=start + seconds * n / number,
        )
        for n in range(number)
    ]


def spike(number: int, domain: str, start: float, seconds: float, seed: int = 3) -> list[dict]:
    """Return mail from the office to *number* people at *domain*."""
    dice = random.Random(seed)
    return [
        _out(
            f"{dice.choice(places.USERS)}@{places.OWN_DOMAIN}",
            f"cust{n}@{domain}",
            dice.randrange(len(places.OFFICE)),
            start + seconds * n / number,
        )
        for n in range(number)
    ]


def together(*plans: list[dict]) -> list[dict]:
    """Return all mail of *plans* in the order of time."""
    return sorted((one for plan in plans for one in plan), key=lambda one: one["at"])


def _out(sender: str, recipient: str, pc: int, at: float) -> dict:
    source, helo = places.OFFICE[pc], f"pc{pc + 1}.{places.INNER_DOMAIN}"
    return mail(sender, recipient, source=source, helo=helo, at=at)
