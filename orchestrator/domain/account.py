"""The account that a customer belongs to (a company, a team), as their own line knows it.

Each member's line has its own knowledge of the account, as of where that line is: so a line that is
retraced, or lies behind those of others, reads what was known then. What one member tells is
brought to the others' lines as news (`domain.account_news`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.event import Event, Kind
from orchestrator.domain.traits import sortable, take_newest, trait_of

#: Segment's event for somebody who leaves their account.
LEFT_ACCOUNT = "Account Removed User"


@dataclass(slots=True)
class KnownAccount:
    """An account by its id; "" where somebody has left theirs. `since` is when they last said that
    they belong to it, or when they left.
    """

    id: str
    since: datetime
    traits: dict[str, object] = field(default_factory=dict)
    trait_times: dict[str, str] = field(default_factory=dict)
    changed: bool = True  # not written yet

    def get(self, name: str) -> object:
        """Its id or a trait; None when missing."""
        return (self.id or None) if name == "id" else trait_of(self.traits, name)

    def take(self, said: Mapping[str, object], at: datetime) -> None:
        """Applies traits that were said at an instant."""
        take_newest(self.traits, self.trait_times, said, sortable(at))
        self.changed = self.changed or bool(said)

    def lacks(self, said: Mapping[str, object]) -> bool:
        """Whether traits say anything else than what is known."""
        return any(self.traits.get(name) != value for name, value in said.items())

    def learn(self, other: KnownAccount) -> bool:
        """Takes over what another member knows better; says whether that changes anything."""
        before = self.traits.copy()
        for name, at in other.trait_times.items():
            if at > self.trait_times.get(name, ""):
                told = {name: other.traits.get(name)}
                take_newest(self.traits, self.trait_times, told, at)
        is_news = self.traits != before
        self.changed = self.changed or is_news
        return is_news

    def copy(self) -> KnownAccount:
        """A copy that stays as it is while the line goes on."""
        return KnownAccount(
            self.id, self.since, dict(self.traits), dict(self.trait_times), self.changed
        )


def group_of(event: Event) -> str:
    """The account that a `group` call, or news of one, is about; "" where it names none."""
    named = event.context.get("groupId")
    return named if isinstance(named, str) else ""


def group_call(at: datetime, account: tuple[str, Mapping[str, object]], arrival: int) -> Event:
    """A `group` call of the account with that id and these traits."""
    return Event(at, Kind.GROUP, "", account[1], arrival, context={"groupId": account[0]})


def join(account: KnownAccount | None, event: Event) -> KnownAccount | None:
    """What a customer belongs to after a `group` call of theirs: the newest call decides, and its
    traits are the account's.
    """
    named = group_of(event)
    if not named:
        return account
    if account is None or (account.id != named and event.at >= account.since):
        account = KnownAccount(named, event.at)
    if account.id == named:
        account.since = max(account.since, event.at)
        account.take(event.properties, event.at)
        account.changed = True
    return account


def leave(account: KnownAccount | None, event: Event) -> KnownAccount | None:
    """What a customer belongs to after they were removed from their account: nothing, unless the
    event names another one, or they have joined since.
    """
    if account is None or event.at < account.since or group_of(event) not in ("", account.id):
        return account
    return KnownAccount("", event.at)


def unite(ours: KnownAccount | None, theirs: KnownAccount | None) -> KnownAccount | None:
    """What a customer belongs to who absorbs another: what was said last."""
    if ours is None or theirs is None:
        ours = theirs = ours or theirs
    if ours is None or theirs is None:
        return None
    newest, other = (ours, theirs) if ours.since >= theirs.since else (theirs, ours)
    if newest.id == other.id:
        newest.learn(other)
    newest.changed = True
    return newest
