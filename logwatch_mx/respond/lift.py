"""When to let mail flow again: what is in force and what DNS says now, to what ends or goes on.

What is in force is what the map says: an entry that is not there any more has ended too.

Pure. An action ends by itself as soon as one of the resolvers says that the MX is good, and
otherwise at its expiry, unless DNS has just said what would be enough to begin it. Silence of DNS
lets it expire.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from logwatch_mx.config.settings import Settings
from logwatch_mx.model.action import Action, ActionState, Outcome
from logwatch_mx.model.deed import Confirmation, Deed
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import LOOPS, REFUTES
from logwatch_mx.respond.guard import FRESH, proof
from logwatch_mx.respond.plan import ROUTING, is_enough, never_touched
from logwatch_mx.respond.route import Entry

#: DNS is asked again so long before an action would expire; time for two answers a minute apart.
ASK_BEFORE = timedelta(minutes=10)

#: ``undo`` where the state could not be written, or an editor.
BY_HAND = "not in the map any more: another hand took it back"


class Lift(Struct, frozen=True, kw_only=True):
    """What becomes of an action that is in force: *ends*, or goes on until *goes_on_until*."""

    action: Action
    ends: Outcome | None = None
    goes_on_until: datetime | None = None


def lift(
    deeds: Iterable[Deed],
    *,
    confirmations: Iterable[Confirmation],
    now: datetime,
    settings: Settings,
) -> tuple[Lift, ...]:
    """Return what ends now and what goes on once more; everything else stays as it is."""
    heard = sorted(confirmations, key=lambda one: one.at)
    found = (_lift(deed, heard, now, settings) for deed in deeds if in_force(deed))
    return tuple(one for one in found if one is not None)


def ask_again(deeds: Iterable[Deed], now: datetime) -> frozenset[str]:
    """Return the domains whose DNS should be asked, since an action about them expires soon."""
    return frozenset(
        deed.action.target
        for deed in deeds
        if in_force(deed)
        and deed.action.expires is not None
        and deed.action.expires - now <= ASK_BEFORE
    )


def taken_by_hand(
    deeds: Iterable[Deed], entries: Mapping[str, Entry], now: datetime
) -> tuple[Lift, ...]:
    """Return those of *deeds* that are in force as we remember, and not in the map's *entries*."""
    return tuple(
        Lift(action=deed.action, ends=_outcome(deed.action, ActionState.UNDONE, BY_HAND, now))
        for deed in deeds
        if in_force(deed) and not is_there(deed.action, entries)
    )


def wrongly_touched(
    deeds: Iterable[Deed], site: Site, settings: Settings, now: datetime
) -> tuple[Lift, ...]:
    """Return those of *deeds* that are in force and would be refused now, whatever DNS says.

    A domain may become ours, or be protected, while mail for it is paused.
    """
    found = ((deed, never_touched(deed.action.target, site, settings)) for deed in deeds)
    return tuple(
        Lift(
            action=deed.action,
            ends=_outcome(deed.action, ActionState.UNDONE, f"taken back: {refusal[0]}", now),
        )
        for deed, refusal in found
        if refusal is not None and in_force(deed)
    )


def is_there(action: Action, entries: Mapping[str, Entry]) -> bool:
    """Say whether the entry of exactly this *action* is among *entries*."""
    entry = entries.get(action.target)
    return entry is not None and entry.action == action.id


def in_force(deed: Deed) -> bool:
    """Say whether *deed* is an entry in a map now."""
    return deed.action.state is ActionState.DONE and deed.action.verb in ROUTING


def _lift(
    deed: Deed, heard: Iterable[Confirmation], now: datetime, settings: Settings
) -> Lift | None:
    action = deed.action
    # What was said before the action is why it was taken, not news.
    begun = action.at or now
    news = tuple(one for one in heard if one.domain == action.target and one.at > begun)
    # Each resolver's last word: of two that answer at one moment, either may object.
    words = {one.resolver: one for one in news if one.outcome in LOOPS | REFUTES}
    for word in words.values():
        if word.outcome in REFUTES and now - word.at <= FRESH:
            said = f"taken back: {word.resolver} says {word.outcome}"
            return Lift(action=action, ends=_outcome(action, ActionState.UNDONE, said, now))
    if action.expires is None or action.expires > now:
        return None
    if is_enough(proof(news, action.target, now), action.verb, settings):
        return Lift(action=action, goes_on_until=now + settings.respond.expiry)
    said = "expired; DNS did not say twice that the loop is still there"
    return Lift(action=action, ends=_outcome(action, ActionState.EXPIRED, said, now))


def _outcome(action: Action, state: ActionState, said: str, now: datetime) -> Outcome:
    return Outcome(action=action.id, state=state, said=said, at=now)
