"""Customers' lives, loaded for the time line in a few statements whatever their number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select

from orchestrator.domain.event import Event, Kind
from orchestrator.domain.message import Medium
from orchestrator.domain.policy import address_in
from orchestrator.domain.program import Program
from orchestrator.domain.region import region_of
from orchestrator.domain.state import (
    Choice,
    CustomerState,
    Enrollment,
    Entries,
    SentMessage,
    Status,
    sortable,
)
from orchestrator.store.addresses import StoredAddresses
from orchestrator.store.events import new_events, past_events, read_event
from orchestrator.store.tables import (
    ASSIGNMENTS,
    CUSTOMERS,
    ENROLLMENTS,
    GRANTS,
    MESSAGES,
    SUPPRESSIONS,
)
from orchestrator.store.transaction import Transaction, chunked

#: Messages in these states count for the caps; queued ones too while the time line decides about
#: the next.
COUNTED = (
    "leased",
    "accepted",
    "delivered",
    "opened",
    "clicked",
    "complained",
    "bounced",
    "unknown",
)


@dataclass(slots=True)
class Life:
    """A customer's state with the events not yet on their line. `stale` rules: facts must be
    counted anew.
    """

    state: CustomerState
    fresh: list[Row[Any]] = field(default_factory=list)
    stale: bool = False
    whole: bool = False  # with every enrollment there was
    applied_event_id: int = 0

    @property
    def events(self) -> list[Event]:
        """The new events that are no merges."""
        return [read_event(row) for row in self.fresh if row.absorbed_id is None]


def load_lives(
    transaction: Transaction,
    program: Program,
    ids: Sequence[int],
    now: datetime,
    *,
    whole: bool = False,
) -> dict[int, Life]:
    """The lives of some customers, by id, with all that a time line needs. `whole` loads every
    enrollment ever, for a merge; otherwise those that are open, just ended, or watched by a goal.
    """
    lives, since = _load_persons(transaction, program, ids, now, queued_count=True)
    for life in lives.values():
        life.whole = whole
    for customer_id, rows in new_events(transaction, ids).items():
        lives[customer_id].fresh = rows
    _load_addresses(transaction, lives)
    _load_enrollments(transaction, lives, ids, None if whole else since - program.max_age)
    _load_entries(transaction, lives, ids)
    if program.index.has_splits or whole:
        for row in _rows(transaction, select(ASSIGNMENTS), ASSIGNMENTS.c.customer_id, ids):
            lives[row.customer_id].state.assignments[row.journey, row.step] = row.variant
    if program.index.has_grants or whole:
        _load_grants(transaction, lives, ids)
    return lives


def load_readers(
    transaction: Transaction, program: Program, ids: Sequence[int], now: datetime
) -> dict[int, CustomerState]:
    """What rules and templates of a message that is about to leave read of its customers, by id.
    Queued messages do not count for the caps: they are the ones that ask."""
    lives, _ = _load_persons(transaction, program, ids, now, queued_count=False)
    _load_addresses(transaction, lives)
    return {key: life.state for key, life in lives.items()}


def _load_persons(
    transaction: Transaction,
    program: Program,
    ids: Sequence[int],
    now: datetime,
    *,
    queued_count: bool,
) -> tuple[dict[int, Life], datetime]:
    """Traits, facts, consent, and as much of the past as rules read; with the instant from which
    windows reach back.
    """
    lives = {
        row.id: _read_customer(program, row)
        for row in _rows(transaction, select(CUSTOMERS), CUSTOMERS.c.id, ids)
    }
    # A line goes on where it was left, be it weeks ago: all windows reach back from there, not from
    # now.
    since = min(
        (life.state.cursor for life in lives.values() if life.state.cursor is not None), default=now
    )
    for customer_id, events in past_events(transaction, ids, program.index.history, since).items():
        history = lives[customer_id].state.history
        for event in events:
            for name in program.index.history_names(event):
                history.setdefault(name, []).append(event)
    _load_sent(transaction, program, lives, ids, since, queued_count=queued_count)
    return lives, since


def _rows(transaction: Transaction, query: Any, column: Any, ids: Sequence[Any]) -> list[Row[Any]]:
    return [
        row for some in chunked(ids) for row in transaction.execute(query.where(column.in_(some)))
    ]


def _read_customer(program: Program, row: Row[Any]) -> Life:
    state = CustomerState(
        row.external_id,
        program.lifecycle,
        program.zone,
        program.locale,
        id=row.id,
        anonymous=row.anonymous,
        traits=row.traits,
        trait_times=_trait_times(row),
        facts=row.facts,
        stage=row.stage,
        stage_since=row.stage_since,
        consent=read_choices(row.consent),
        muted_until=row.muted_until,
        cursor=row.cursor,
        happened_at=row.happened_at or row.cursor,
        next_due_at=row.next_due_at,
    )
    stale = row.cursor is not None and row.facts_version != program.lifecycle.version
    return Life(state, stale=stale, applied_event_id=row.applied_event_id)


def _trait_times(row: Row[Any]) -> dict[str, str]:
    """When each trait was set; of rows from before that was kept, the time of the newest for
    all.
    """
    if row.trait_times is not None:
        return dict(row.trait_times)
    return dict.fromkeys(row.traits, sortable(row.traits_at)) if row.traits_at else {}


def read_choices(stored: dict[str, dict[str, Any]]) -> dict[str, Choice]:
    """The choices of a customer's row, newest last. Rows of earlier versions may know a topic in
    several spellings.
    """
    choices = {
        key: Choice(value["granted"], datetime.fromisoformat(value["at"]), value["source"])
        for key, value in stored.items()
    }
    return {
        key.lower(): choice for key, choice in sorted(choices.items(), key=lambda one: one[1].at)
    }


def _load_enrollments(
    transaction: Transaction, lives: dict[int, Life], ids: Sequence[int], since: datetime | None
) -> None:
    """Those that are open or counted at `since` and later; every one when it is None."""
    e = ENROLLMENTS.c
    query = select(ENROLLMENTS).order_by(e.id)
    if since is not None:
        watched = (e.goal_until >= since) & e.converted_at.is_(None)
        query = query.where(or_(e.status == "active", e.ended_at >= since, watched))
    for row in _rows(transaction, query, ENROLLMENTS.c.customer_id, ids):
        lives[row.customer_id].state.enrollments.append(_read_enrollment(row))


def load_enrollments(transaction: Transaction, ids: Collection[int]) -> dict[int, Enrollment]:
    """Enrollments by id."""
    rows = _rows(transaction, select(ENROLLMENTS), ENROLLMENTS.c.id, sorted(set(ids)))
    return {row.id: _read_enrollment(row) for row in rows}


def _read_enrollment(row: Row[Any]) -> Enrollment:
    """A row as the time line knows it."""
    return Enrollment(
        row.journey,
        row.version,
        row.number,
        row.entered_at,
        row.entry,
        row.step,
        row.arrived_at,
        row.due_at,
        row.deferred_since,
        row.pass_no,
        row.held_out,
        row.variables,
        row.coupon,
        Status(row.status),
        row.reason,
        row.ended_at,
        row.converted_at,
        row.goal_until,
        id=row.id,
        changed=False,
    )


def _load_entries(transaction: Transaction, lives: dict[int, Life], ids: Sequence[int]) -> None:
    e = ENROLLMENTS.c
    numbers = func.min(e.entered_at), func.max(e.entered_at), func.max(e.number)
    query = select(e.customer_id, e.journey, *numbers).group_by(e.customer_id, e.journey)
    for customer_id, journey, first, last, number in _rows(transaction, query, e.customer_id, ids):
        lives[customer_id].state.entries[journey] = Entries(first, last, number)


def _load_sent(
    transaction: Transaction,
    program: Program,
    lives: dict[int, Life],
    ids: Sequence[int],
    since: datetime,
    *,
    queued_count: bool,
) -> None:
    """Messages that caps and `received()` may look at; nothing to do when neither is used."""
    window = program.index.sent_window
    if window == timedelta(0):
        return
    m = MESSAGES.c
    left_at = func.coalesce(m.leased_at, m.decided_at, type_=m.decided_at.type)
    states = (*COUNTED, "queued") if queued_count else COUNTED
    query = select(
        m.customer_id, m.medium, m.journey, m.template, m.purpose, left_at.label("at")
    ).where(m.state.in_(states))
    if window is not None:
        # A deferral moves the instant at which it leaves.
        query = query.where(m.decided_at > since - window - timedelta(days=14))
    for row in _rows(transaction, query, m.customer_id, ids):
        message = SentMessage(
            row.at, Medium(row.medium), row.journey, row.template, row.purpose == "marketing"
        )
        lives[row.customer_id].state.sent.append(message)


def _load_grants(transaction: Transaction, lives: dict[int, Life], ids: Sequence[int]) -> None:
    query = select(GRANTS.c.customer_id, GRANTS.c.coupon).where(GRANTS.c.redeemed_at.is_(None))
    for row in _rows(transaction, query, GRANTS.c.customer_id, ids):
        lives[row.customer_id].state.coupons[row.coupon["code"]] = row.coupon
    given = select(GRANTS.c.referred_id, GRANTS.c.role).where(GRANTS.c.is_reward)
    for row in _rows(transaction, given, GRANTS.c.referred_id, ids):
        lives[row.referred_id].state.rewarded.add(row.role)


def _load_addresses(transaction: Transaction, lives: dict[int, Life]) -> None:
    """What is known of the addresses that these customers have and are about to have, and who wants
    no marketing.
    """
    book = StoredAddresses(transaction)
    book.read_ahead([address for life in lives.values() for address in _addresses(life)])
    by_key = {f"customer:{key}": life.state for key, life in lives.items()}
    for row in _rows(transaction, select(SUPPRESSIONS), SUPPRESSIONS.c.address, list(by_key)):
        by_key[row.address].suppressed[row.scope] = row.reason
    for life in lives.values():
        life.state.address_book = book


def _addresses(life: Life) -> Iterator[str]:
    """A customer's addresses, and those that their new events bring."""
    state = life.state
    told = [row.properties for row in life.fresh if row.kind == Kind.IDENTIFY]
    for traits in ({}, *told):
        then = {**state.traits, **traits}
        region = region_of(then, state.locale, state.home_zone.key)
        yield from filter(None, (address_in(then, medium, region) for medium in Medium))
