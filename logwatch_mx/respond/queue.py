"""What a mail server's queue holds for one domain, and holding it back or letting it go.

Only messages all of whose remaining recipients are in exactly the domain are touched: by their
exact queue ids, read immediately before, and looked at again afterwards. Nothing is ever deleted.
It is no remedy for a loop that spins, whose copies are in flight under new ids: route first, hold
then, release last.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from logwatch_mx.config.domain import a_labels
from logwatch_mx.errors import EffectError


class Step(StrEnum):
    """The two things that may be done to a queued message."""

    HOLD = "hold"
    RELEASE = "release"


class Queued(Struct, frozen=True, kw_only=True):
    """One message in the queue.

    *queue* is the server's word for where it is. *recipients* are those that are still to be
    served; none are known while the file is being written. *ours*: it is held, and not by
    somebody else as far as the server tells (Postfix does not). *reason*: why it waits or is held.
    """

    id: str
    queue: str
    held: bool = False
    ours: bool = False
    sender: str
    recipients: tuple[str, ...] = ()
    size: int | None = None
    arrived: datetime | None = None
    reason: str = ""


class MailQueue(Protocol):
    """One server's queue. Every method may raise ``EffectError``."""

    def messages(self) -> Iterator[Queued]:
        """Yield every message that is in the queue now."""

    def step(self, step: Step, ids: Collection[str]) -> None:
        """Ask for *step* on exactly these ids; it may not have come about for each of them."""


class Stepped(Struct, frozen=True, kw_only=True):
    """What came of a step: the messages of the domain as they are now, and the ids it was for."""

    messages: tuple[Queued, ...]
    done: tuple[str, ...] = ()
    not_done: tuple[str, ...] = ()


def messages_for(queue: MailQueue, domain: str) -> list[Queued]:
    """Return the messages with any recipient in *domain*, by their age."""
    found = [message for message in queue.messages() if domain in _domains(message)]
    return sorted(found, key=lambda message: (message.arrived is None, message.arrived, message.id))


def is_whole(message: Queued, domain: str) -> bool:
    """Return whether *message* has recipients and all of them are in exactly *domain*."""
    return bool(message.recipients) and _domains(message) == {domain}


def can(step: Step, message: Queued, domain: str) -> bool:
    """Return whether *step* is something to do on *message*."""
    wanted = message.ours if step is Step.RELEASE else not message.held
    return wanted and is_whole(message, domain)


def do_step(queue: MailQueue, domain: str, step: Step, ids: Iterable[str] | None = None) -> Stepped:
    """Do *step* on the messages of *domain* (of these only those in *ids*), and look again.

    Raise ``EffectError``, with nothing done, when one of *ids* is not wholly this domain's.
    """
    before = {message.id: message for message in messages_for(queue, domain)}
    asked = set(before) if ids is None else set(ids)
    strangers = sorted(
        id_ for id_ in asked if ids is not None and not _may_touch(before.get(id_), domain)
    )
    if strangers:
        raise EffectError(
            f"{strangers[0]}: not in the queue now with all its recipients in {domain};"
            " nothing was done"
        )
    chosen = sorted(id_ for id_ in asked if can(step, before[id_], domain))
    if not chosen:
        return Stepped(messages=tuple(before.values()))
    queue.step(step, chosen)
    after = {message.id: message for message in messages_for(queue, domain)}
    wanted = step is Step.HOLD
    done = {id_ for id_ in chosen if id_ in after and after[id_].held is wanted}
    # What is gone was let go and delivered.
    done |= {id_ for id_ in chosen if id_ not in after and not wanted}
    return Stepped(
        messages=tuple(after.values()),
        done=tuple(sorted(done)),
        not_done=tuple(sorted(set(chosen) - done)),
    )


#: So often a step is done again on what the listing before it had missed.
_ROUNDS = 4


def do_all(act: Callable[[], Stepped], domain: str, step: Step) -> Stepped:
    """Do *step* by *act* until none of the *domain*'s messages is left that was not asked about.

    While Postfix takes up its deferred mail, postqueue misses what is moving: 15 of 99 on a server
    whose queue run had just begun.
    """
    found = act()
    done, failed = set(found.done), set(found.not_done)
    for _ in range(_ROUNDS):
        if all(m.id in done | failed or not can(step, m, domain) for m in found.messages):
            break
        found = act()
        done |= set(found.done)
        failed |= set(found.not_done)
    left = failed - done
    return Stepped(messages=found.messages, done=tuple(sorted(done)), not_done=tuple(sorted(left)))


def domain_of(address: str) -> str | None:
    """Return the domain of the mail *address* as A-labels; None where it has none.

    The domain is what stands after the last ``@``: a quoted local part may hold others.
    """
    local, at, domain = address.strip().removeprefix("<").removesuffix(">").rpartition("@")
    if not (at and local):
        return None
    try:
        return a_labels(domain)
    except ValueError:
        return None


def _domains(message: Queued) -> set[str | None]:
    return {domain_of(recipient) for recipient in message.recipients}


def _may_touch(message: Queued | None, domain: str) -> bool:
    return message is not None and is_whole(message, domain)
