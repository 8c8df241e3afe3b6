"""News of an account: what happened to one member, as the lines of the others hear it.

The event is of the kind ACCOUNT, without a name and properties of its own: no fact, no history and
no trigger may take it for something that its customer did. What it tells stands in its context,
beside the account's id: `traits` (with the `times` of each, where they are not that of the event),
an `event` with its `properties`, or a change of what is watched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from orchestrator.domain.account import KnownAccount, group_of
from orchestrator.domain.effects import RuleChange
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.traits import take_newest
from orchestrator.domain.values import as_mapping


def tell_traits(account: str, event: Event, said: Mapping[str, object]) -> Event:
    """Traits that a `group` call said."""
    return _news(account, event.at, event, {"traits": dict(said)})


def tell_event(account: str, event: Event) -> Event:
    """What a member did, or was told."""
    return _news(account, event.at, event, {"event": event.name, "properties": event.properties})


def tell_change(account: str, change: RuleChange) -> Event:
    """Another stage of a member's, or a segment that they have entered."""
    told = {"watch": change.kind, "name": change.name or change.to}
    return _news(account, change.at, None, told)


def tell_all(known: KnownAccount, event: Event) -> Event:
    """All that is known of an account, for who joins it by an event."""
    said = {name: known.traits.get(name) for name in known.trait_times}
    return _news(known.id, event.at, event, {"traits": said, "times": dict(known.trait_times)})


def _news(account: str, at: datetime, source: Event | None, told: Mapping[str, object]) -> Event:
    arrival, starts = (0, True) if source is None else (source.arrival, source.starts)
    return Event(at, Kind.ACCOUNT, "", {}, arrival, starts, {"groupId": account, **told})


def hear_news(account: KnownAccount | None, news: Event) -> None:
    """Takes what news say of the account's traits; of one that was left since, nothing."""
    said = as_mapping(news.context.get("traits"))
    if account is None or account.id != group_of(news) or not said:
        return
    times = as_mapping(news.context.get("times"))
    if not times:
        account.take(said, news.at)
        return
    for name, value in said.items():
        at = str(times.get(name, ""))
        take_newest(account.traits, account.trait_times, {name: value}, at)
    account.changed = True


def heard_of_account(events: Sequence[Event]) -> list[Event]:
    """What happened to other members, among the events of an instant that may start something: each
    under its own name.
    """
    return [
        Event(
            one.at,
            Kind.ACCOUNT,
            str(one.context.get("event", "")),
            as_mapping(one.context.get("properties")),
            context=one.context,
        )
        for one in events
        if one.kind is Kind.ACCOUNT and one.starts and "traits" not in one.context
    ]


def is_change(heard: Event, kind: str, name: str | None) -> bool:
    """Whether a member has entered a stage or a segment."""
    return heard.context.get("watch") == kind and heard.context.get("name") == name
