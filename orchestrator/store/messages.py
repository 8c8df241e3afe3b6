"""The ledger of messages: what is due, leases, outcomes. Decided once, leased by one worker at a
time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    bindparam,
    func,
    literal_column,
    null,
    select,
    update,
)

from orchestrator.domain.consent import Suppressed
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.message import MessageState, Purpose, QueuedMessage
from orchestrator.domain.route import route
from orchestrator.domain.value_class import value_class
from orchestrator.store.prepared import Prepared, Query, among
from orchestrator.store.tables import (
    CUSTOMERS,
    ENROLLMENTS,
    EVENTS,
    MESSAGES,
    SUPPRESSIONS,
)
from orchestrator.store.transaction import Transaction, chunked

_MESSAGES = select(*(MESSAGES.c[field.name] for field in fields(QueuedMessage)))
_KINDS = {"medium": Medium, "purpose": Purpose, "state": MessageState}
# by their text: the call of an enum's class takes five times as long
_KINDS_AT = [
    (n, {str(kind): kind for kind in _KINDS[one.name]})
    for n, one in enumerate(fields(QueuedMessage))
    if one.name in _KINDS
]


def _read(rows: Iterable[Iterable[Any]]) -> list[QueuedMessage]:
    """Rows of `_MESSAGES` as messages."""
    found = []
    for row in rows:
        values = list(row)
        for position, kind in _KINDS_AT:
            values[position] = kind[values[position]]
        found.append(QueuedMessage(*values))
    return found


@value_class
class Settlement:
    """What is written of one message: its new state and why. `not_before` only for those that are
    queued again; `begun` is false when nothing was tried, which then counts as no attempt; `resent`
    uses up the one time that an uncertain message may be sent again."""

    id: int
    state: MessageState
    at: datetime
    reason: str = ""
    code: str = ""
    provider_id: str = ""
    not_before: datetime | None = None
    begun: bool = True
    resent: bool = False


def due_messages(
    transaction: Transaction,
    channel: ChannelName,
    now: datetime,
    held: Collection[str],
    limit: int,
) -> list[QueuedMessage]:
    """Messages that wait for a channel and may leave now, locked for this transaction: by instant,
    then priority.

    Those whose customer has events that are not on the time line yet wait for it: one of them may
    say no.
    """
    found = {"channel": channel, "now": now, "held": sorted(held), "count": limit}
    return _read(transaction.rows(_DUE, **found))


def reroute(transaction: Transaction, channels: Mapping[ChannelName, Medium]) -> None:
    """Queues what waits for a channel that the project has no more for the first of its medium."""
    m = MESSAGES.c
    for medium in set(channels.values()):
        gone = (m.state == MessageState.QUEUED) & (m.medium == medium) & m.channel.not_in(channels)
        first = route(channels, medium, None)[0]
        transaction.execute(update(MESSAGES).where(gone).values(channel=first))


def newest_id(transaction: Transaction) -> int:
    """The id of the message decided last; 0 where there is none."""
    return transaction.execute(select(func.max(MESSAGES.c.id))).scalar() or 0


def is_caught_up() -> ColumnElement[bool]:
    """True where every event of a message's customer is on the time line, and no merge is pending.

    Two look-ups for each message: written as NOT EXISTS, PostgreSQL reads all events for a batch of
    200.
    """
    newest = (
        select(func.max(EVENTS.c.id))
        .where(EVENTS.c.customer_id == MESSAGES.c.customer_id)
        .scalar_subquery()
    )
    mine = (CUSTOMERS.c.id == MESSAGES.c.customer_id) & CUSTOMERS.c.merged_into.is_(None)
    applied = select(CUSTOMERS.c.applied_event_id).where(mine).scalar_subquery()
    settled: ColumnElement[bool] = (
        func.coalesce(newest, 0) <= applied
    )  # of a merge that waits to be run: neither
    return settled


_m = MESSAGES.c


def _given(name: str, column: ColumnElement[Any]) -> BindParameter[Any]:
    """A value of a column, by the name of a parameter."""
    return bindparam(name, type_=column.type)


_DUE = Query(
    _MESSAGES.where(
        _m.state == literal_column("'queued'"),
        _m.channel == _given("channel", _m.channel),
        _m.not_before <= _given("now", _m.not_before),
        ~among(_m.journey, "held"),
        is_caught_up(),
    )
    .order_by(_m.not_before, _m.priority.desc(), _m.journey, _m.id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True, of=MESSAGES)
)
_LEASE = Prepared(
    update(MESSAGES)
    .where(_m.id == bindparam("message"))
    .values(
        state=literal_column("'leased'"),
        leased_at=_given("left_at", _m.leased_at),
        template_version=_given("made_from", _m.template_version),
        to_address=_given("goes_to", _m.to_address),
        leased_by=_given("owner", _m.leased_by),
        lease_until=_given("until", _m.lease_until),
        lifecycle_version=_given("lifecycle", _m.lifecycle_version),
        attempts=_m.attempts + literal_column("1"),
    ),
    ["message", "left_at", "made_from", "goes_to", "owner", "until", "lifecycle"],
)
_SETTLE = Prepared(
    update(MESSAGES)
    .where(
        _m.id == bindparam("message"),
        _m.state == _given("was", _m.state),
        (_m.state != literal_column("'leased'"))
        | _m.leased_by.is_not_distinct_from(_given("owner", _m.leased_by)),
    )
    .values(
        state=_given("becomes", _m.state),
        reason=_given("why", _m.reason),
        code=_given("its_code", _m.code),
        provider_id=_given("its_id", _m.provider_id),
        settled_at=_given("at", _m.settled_at),
        not_before=func.coalesce(_given("again", _m.not_before), _m.not_before),
        attempts=_m.attempts - _given("unused", _m.attempts),
        resend_uncertain=_m.resend_uncertain & ~_given("resent", _m.resend_uncertain),
        lease_until=null(),
    ),
    ["message", "becomes", "why", "its_code", "its_id", "at", "again", "unused", "resent", "was",
     "owner"],
)  # fmt: skip


@value_class
class Lease:
    """A message handed to a channel: the instant it leaves, the hash of the template it is made
    from, and the address it goes to."""

    id: int
    at: datetime
    template_version: str
    to: str | None


def lease(
    transaction: Transaction,
    leases: Sequence[Lease],
    owner: str,
    until: datetime,
    lifecycle_version: str,
) -> None:
    """Marks messages as handed to a channel by a worker."""
    transaction.run(
        _LEASE,
        [
            (one.id, one.at, one.template_version, one.to and one.to.lower(), owner, until,
             lifecycle_version)
            for one in leases
        ],
    )  # fmt: skip


def settle(
    transaction: Transaction,
    settlements: Sequence[Settlement],
    *,
    was: MessageState = MessageState.QUEUED,
    leased_by: str | None = None,
) -> None:
    """Writes outcomes, of messages only that are still what they `was`; of a lease, of that
    worker's only (None: of one without an owner)."""
    transaction.run(
        _SETTLE,
        [
            (one.id, str(one.state), one.reason[:500], one.code[:50], one.provider_id[:200], one.at,
             one.not_before, int(not one.begun), one.resent, str(was), leased_by)
            for one in settlements
        ],
    )  # fmt: skip


def leased_messages(transaction: Transaction, but: Collection[int] = ()) -> list[QueuedMessage]:
    """Messages under a lease, whoever's, without those of these ids."""
    leased = select(MESSAGES.c.id).where(MESSAGES.c.state == MessageState.LEASED)
    ids = [one for one in transaction.scalars(leased) if one not in but]
    return [
        message
        for some in chunked(ids)
        for message in _read(transaction.execute(_MESSAGES.where(MESSAGES.c.id.in_(some))))
    ]


def is_any_queued(transaction: Transaction, channel: ChannelName) -> bool:
    """Whether any message waits for a channel, be it for tomorrow."""
    waiting = select(MESSAGES.c.id).where(
        MESSAGES.c.state == MessageState.QUEUED, MESSAGES.c.channel == channel
    )
    return transaction.execute(waiting.limit(1)).first() is not None


def unknown_messages(
    transaction: Transaction, channel: ChannelName, limit: int = 1000
) -> list[QueuedMessage]:
    """Messages of a channel whose outcome nobody knows."""
    m = MESSAGES.c
    query = _MESSAGES.where(m.state == MessageState.UNKNOWN, m.channel == channel).limit(limit)
    return _read(transaction.execute(query))


def suppress_addresses(
    transaction: Transaction,
    addresses: Mapping[tuple[str, str], str],
    now: datetime,
) -> None:
    """Adds addresses to the suppression list: (medium, address) → reason."""
    rows = [
        {**Suppressed.of_address(medium, address)._asdict(), "reason": reason, "at": now}
        for (medium, address), reason in addresses.items()
    ]
    transaction.insert_new(SUPPRESSIONS, rows)


def count_by_state(transaction: Transaction) -> dict[str, dict[str, int]]:
    """How many messages are in each state, by channel."""
    return _count_by_state(transaction, MESSAGES.c.channel)


def count_by_state_of_media(transaction: Transaction) -> dict[str, dict[str, int]]:
    """The same by medium."""
    return _count_by_state(transaction, MESSAGES.c.medium)


def _count_by_state(transaction: Transaction, by: ColumnElement[str]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    m = MESSAGES.c
    query = select(by, m.state, func.count()).group_by(by, m.state)
    for name, state, count in transaction.execute(query):
        counts.setdefault(name, {})[state] = count
    return counts


def list_messages(
    transaction: Transaction,
    states: Collection[str] = (),
    journey: str | None = None,
    limit: int = 50,
) -> list[Row[Any]]:
    """The newest messages, in some states or (none) in all, with the id of their customer."""
    query = (
        select(MESSAGES, CUSTOMERS.c.external_id)
        .join(CUSTOMERS, CUSTOMERS.c.id == MESSAGES.c.customer_id)
        .order_by(MESSAGES.c.id.desc())
        .limit(limit)
    )
    if states:
        query = query.where(MESSAGES.c.state.in_(sorted(states)))
    if journey:
        query = query.where(MESSAGES.c.journey == journey)
    return list(transaction.execute(query))


def find_message(
    transaction: Transaction, public_id: str
) -> tuple[QueuedMessage, dict[str, object]] | None:
    """A message of the ledger, with what started its enrollment."""
    found = _read(transaction.execute(_MESSAGES.where(MESSAGES.c.public_id == public_id)))
    if not found:
        return None
    e = ENROLLMENTS.c
    query = select(e.entry, e.entered_at).where(e.id == found[0].enrollment_id)
    row = transaction.execute(query).first()
    return None if row is None else (found[0], {**row.entry, "at": row.entered_at})
