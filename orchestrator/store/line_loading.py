"""Customers, loaded for the time line in a few statements whatever their number."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from orchestrator.domain.event import Event, Kind
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import TAKEN, MessageState, Purpose
from orchestrator.domain.policy import address_in
from orchestrator.domain.program import Program
from orchestrator.domain.region import region_of
from orchestrator.domain.state import (
    CustomerState,
    Enrollment,
    Entries,
    SentMessage,
    Status,
    entries_of,
)
from orchestrator.domain.traits import sortable
from orchestrator.store.account_members import give_accounts
from orchestrator.store.addresses import StoredAddresses, marketing_refusals
from orchestrator.store.appointments import load_appointments
from orchestrator.store.changed_columns import Columns, Fingerprint, open_json
from orchestrator.store.events import NewEvent, new_events, past_events
from orchestrator.store.memberships import read_memberships
from orchestrator.store.prepared import Query, among
from orchestrator.store.stored_customer import StoredCustomer, read_choices
from orchestrator.store.stored_enrollment import StoredEnrollment
from orchestrator.store.tables import ASSIGNMENTS, CUSTOMERS, ENROLLMENTS, GRANTS, MESSAGES
from orchestrator.store.transaction import Transaction

#: Messages in these states count for the caps; queued ones too while the time line decides about
#: the next.
COUNTED = tuple(map(str, (*TAKEN, MessageState.LEASED, MessageState.UNKNOWN)))

#: What a run of a line may change of a customer, and of an enrollment.
OF_CUSTOMER = Columns(CUSTOMERS, (
    "traits", "email", "trait_times", "facts", "facts_version", "stage", "stage_since",
    "segments", "consent",
    "muted_until", "cursor", "happened_at", "next_due_at", "applied_event_id",
))  # fmt: skip
OF_ENROLLMENT = Columns(ENROLLMENTS, (
    "customer_id", "journey", "version", "number", "entered_at", "entry", "step", "arrived_at",
    "due_at", "deferred_since", "pass_no", "held_out", "variables", "coupon", "status", "reason",
    "ended_at", "converted_at", "goal_until", "goal_value",
    "kept", "key",
))  # fmt: skip

_c, _e, _m, _g, _a = CUSTOMERS.c, ENROLLMENTS.c, MESSAGES.c, GRANTS.c, ASSIGNMENTS.c
_CUSTOMERS = Query(
    select(
        *(_c[name] for name in OF_CUSTOMER.names), _c.id, _c.external_id, _c.anonymous, _c.traits_at
    ).where(among(_c.id, "ids")),
    opens_json=False,
)
_ENROLLMENT = select(*(_e[name] for name in OF_ENROLLMENT.names), _e.id).order_by(_e.id)
_OF_CUSTOMERS = among(_e.customer_id, "ids")
_since = bindparam("since", type_=_e.ended_at.type)
_ALL_ENROLLMENTS = Query(_ENROLLMENT.where(_OF_CUSTOMERS), opens_json=False)
_ENROLLMENTS = Query(
    _ENROLLMENT.where(
        _OF_CUSTOMERS,
        or_(
            _e.status == "active",
            _e.ended_at >= _since,
            (_e.goal_until >= _since) & _e.converted_at.is_(None),
        ),
    ),
    opens_json=False,
)
_ENROLLMENTS_BY_ID = Query(_ENROLLMENT.where(among(_e.id, "ids")), opens_json=False)
_ENTRIES = Query(
    select(
        _e.customer_id,
        _e.journey,
        func.min(_e.entered_at, type_=_e.entered_at.type),
        func.max(_e.entered_at, type_=_e.entered_at.type),
        func.max(_e.number),
        _e.key,
    )
    .where(_OF_CUSTOMERS)
    .group_by(_e.customer_id, _e.journey, _e.key)
)
_VARIANTS = Query(
    select(_a.customer_id, _a.journey, _a.step, _a.variant).where(among(_a.customer_id, "ids"))
)
_COUPONS = Query(
    select(_g.customer_id, _g.coupon).where(among(_g.customer_id, "ids"), _g.redeemed_at.is_(None))
)
_REWARDS = Query(select(_g.referred_id, _g.role).where(among(_g.referred_id, "ids"), _g.is_reward))
_left_at = func.coalesce(_m.leased_at, _m.decided_at, type_=_m.decided_at.type)
_SENT = Query(
    select(_m.customer_id, _left_at, _m.medium, _m.journey, _m.template, _m.purpose).where(
        among(_m.customer_id, "ids"),
        among(_m.state, "states"),
        _m.decided_at > bindparam("since", type_=_m.decided_at.type),
    )
)
_STATUSES = {str(status): status for status in Status}
_EVER = datetime(1, 1, 1, tzinfo=UTC)
_DEFERRAL_MAX = timedelta(days=14)  # a deferral moves the instant at which a message leaves


@dataclass(slots=True)
class Loaded:
    """A customer's state with the events not yet on their line. `stale` rules: facts must be
    counted anew. `before` and `enrollments_before` tell what was stored.
    """

    state: CustomerState
    before: Fingerprint
    fresh: list[NewEvent] = field(default_factory=list)
    stale: bool = False
    whole: bool = False  # with every enrollment there was
    is_brought: bool = False  # not due: another member of the account is
    applied_event_id: int = 0
    enrollments_before: dict[int, Fingerprint] = field(default_factory=dict)

    @property
    def newest_id(self) -> int:
        """The id of the newest event that is on the line once it was run."""
        fresh = (new.event.arrival for new in self.fresh)
        return max(self.applied_event_id, *fresh) if self.fresh else self.applied_event_id

    @property
    def events(self) -> list[Event]:
        """The new events that are no merges."""
        return [new.event for new in self.fresh if new.absorbed_id is None]

    @property
    def merges(self) -> list[tuple[Event, int]]:
        """The new events that are, each with the id of who turned out to be this customer."""
        return [(one.event, one.absorbed_id) for one in self.fresh if one.absorbed_id is not None]


def load(
    transaction: Transaction,
    program: Program,
    ids: Sequence[int],
    now: datetime,
    *,
    whole: bool = False,
) -> dict[int, Loaded]:
    """Some customers, by id, with all that a time line needs. `whole` loads every enrollment ever,
    for a merge; otherwise those that are open, just ended, or watched by a goal.
    """
    loaded, since = _load_persons(transaction, program, ids, now, queued_count=True)
    for customer_id, events in new_events(transaction, ids).items():
        loaded[customer_id].fresh = events
    _load_addresses(transaction, program, loaded)
    _load_enrollments(transaction, loaded, None if whole else since - program.max_age)
    if program.keeps_appointments:
        load_appointments(transaction, {key: one.state for key, one in loaded.items()})
    entries = _StoredEntries(transaction, ids)
    for one in loaded.values():
        one.whole = whole
        one.state.entries = _LazyEntries(entries, one.state.id)
    if program.index.has_splits or whole:
        for customer_id, journey, step, variant in transaction.rows(_VARIANTS, ids=ids):
            loaded[customer_id].state.assignments[journey, step] = variant
    if program.index.has_grants or whole:
        _load_grants(transaction, loaded)
    return loaded


def load_readers(
    transaction: Transaction, program: Program, ids: Sequence[int], now: datetime
) -> dict[int, CustomerState]:
    """What rules and templates of a message that is about to leave read of its customers, by id.
    Queued messages do not count for the caps: they are the ones that ask."""
    loaded, _ = _load_persons(transaction, program, ids, now, queued_count=False)
    _load_addresses(transaction, program, loaded)
    return {key: one.state for key, one in loaded.items()}


def _load_persons(
    transaction: Transaction,
    program: Program,
    ids: Sequence[int],
    now: datetime,
    *,
    queued_count: bool,
) -> tuple[dict[int, Loaded], datetime]:
    """Traits, facts, consent, and as much of the past as rules read; with the instant from which
    windows reach back.
    """
    version = program.rules_version
    rows = transaction.rows(_CUSTOMERS, ids=ids)
    read = [_read_customer(program, version, row) for row in rows]
    loaded = {one.state.id or 0: one for one in read}
    give_accounts(transaction, program, [one.state for one in read])
    # A line goes on where it was left, be it weeks ago: all windows reach back from there, not from
    # now.
    cursors = (one.state.cursor for one in loaded.values() if one.state.cursor is not None)
    since = min(cursors, default=now)
    index = program.index
    past = past_events(transaction, ids, index.history, since, told=index.told)
    for customer_id, events in past.items():
        history = loaded[customer_id].state.history
        for event in events:
            for name in index.history_names(event):
                history.setdefault(name, []).append(event)
    _load_sent(transaction, program, loaded, since, queued_count=queued_count)
    return loaded, since


def _read_customer(program: Program, version: str, row: tuple[Any, ...]) -> Loaded:
    (
        stored_traits, _, trait_times, facts, facts_version, stage, stage_since,
        segments, consent,
        muted_until, cursor, happened_at, next_due_at, applied_event_id, customer_id, external_id,
        anonymous, traits_at,
    ) = row  # fmt: skip
    traits = open_json(stored_traits)
    # What comes as text is opened when somebody asks for it. PostgreSQL gives values.
    state = StoredCustomer(
        external_id,
        program.lifecycle,
        program.zone,
        program.locale,
        id=customer_id,
        anonymous=anonymous,
        traits=traits,
        trait_times=_trait_times(traits, traits_at) if trait_times is None else trait_times,
        facts=open_json(facts),
        stage=stage,
        stage_since=stage_since,
        segments=_unless_text(segments, read_memberships),
        consent=_unless_text(consent, read_choices),
        muted_until=muted_until,
        cursor=cursor,
        happened_at=happened_at or cursor,
        next_due_at=next_due_at,
    )
    stale = cursor is not None and facts_version != version
    before = OF_CUSTOMER.fingerprint(row)
    return Loaded(state, before, stale=stale, applied_event_id=applied_event_id)


def _unless_text(stored: Any, read: Callable[[Any], object]) -> Any:
    return stored if isinstance(stored, str) else read(stored)


def _trait_times(traits: Iterable[str], traits_at: datetime | None) -> dict[str, str]:
    """When each trait was set, of rows from before that was kept: the time of the newest for
    all.
    """
    return dict.fromkeys(traits, sortable(traits_at)) if traits_at else {}


def _load_enrollments(
    transaction: Transaction, loaded: Mapping[int, Loaded], since: datetime | None
) -> None:
    """Those that are open or counted at `since` and later; every one when it is None."""
    ids = list(loaded)
    rows = (
        transaction.rows(_ALL_ENROLLMENTS, ids=ids)
        if since is None
        else transaction.rows(_ENROLLMENTS, ids=ids, since=since)
    )
    for row in rows:
        owner, enrollment = loaded[row[0]], _read_enrollment(row)
        owner.enrollments_before[row[-1]] = OF_ENROLLMENT.fingerprint(row)
        owner.state.enrollments.append(enrollment)


def load_enrollments(transaction: Transaction, ids: Collection[int]) -> dict[int, Enrollment]:
    rows = transaction.rows(_ENROLLMENTS_BY_ID, ids=sorted(set(ids)))
    return {row[-1]: _read_enrollment(row) for row in rows}


def _read_enrollment(row: tuple[Any, ...]) -> Enrollment:
    (
        _, journey, version, number, entered_at, entry, step, arrived_at, due_at, deferred_since,
        pass_no, held_out, variables, coupon, status, reason, ended_at, converted_at, goal_until,
        goal_value, kept, passage_key, key,
    ) = row  # fmt: skip
    return StoredEnrollment(
        journey, version, number, entered_at, entry, step, arrived_at, due_at,
        deferred_since, pass_no, held_out, open_json(variables), open_json(coupon),
        _STATUSES[status], reason, ended_at, converted_at, goal_until, goal_value,
        open_json(kept), passage_key, key, changed=False,
    )  # fmt: skip


class _StoredEntries:
    """When some customers entered which journeys, read for all of them with the first question:
    only what may let somebody in asks."""

    def __init__(self, transaction: Transaction, ids: Sequence[int]) -> None:
        self._transaction, self._ids = transaction, ids

    @cached_property
    def by_customer(self) -> dict[int, dict[str, Entries]]:
        """Entries by customer and journey."""
        found: dict[int, dict[str, Entries]] = {}
        for customer_id, journey, *entries, key in self._transaction.rows(_ENTRIES, ids=self._ids):
            theirs, one = found.setdefault(customer_id, {}), Entries(*entries)
            if key is not None:
                theirs[entries_of(journey, key)] = one
            theirs[journey] = _united(one, theirs.get(journey, one))
        return found


def _united(one: Entries, other: Entries) -> Entries:
    first, last = min(one.first, other.first), max(one.last, other.last)
    return Entries(first, last, max(one.number, other.number))


class _LazyEntries(UserDict[str, Entries]):
    """The entries of one customer, read when they are asked for."""

    def __init__(self, stored: _StoredEntries, customer_id: int | None) -> None:
        self._stored, self._customer_id = stored, customer_id or 0
        self._read: dict[str, Entries] | None = None

    @property
    def data(self) -> dict[str, Entries]:  # type: ignore[override]  # an attribute in UserDict
        """The entries by journey."""
        if self._read is None:
            self._read = self._stored.by_customer.get(self._customer_id, {})
        return self._read

    def get(self, journey: str, default: Any = None) -> Any:  # that of Mapping raises, and catches
        return self.data.get(journey, default)


def _load_sent(
    transaction: Transaction,
    program: Program,
    loaded: Mapping[int, Loaded],
    since: datetime,
    *,
    queued_count: bool,
) -> None:
    """Messages that caps and `received()` may look at; nothing to do when neither is used."""
    window = program.index.sent_window
    if window == timedelta(0):
        return
    states = (*COUNTED, str(MessageState.QUEUED)) if queued_count else COUNTED
    begin = _EVER if window is None else since - window - _DEFERRAL_MAX
    rows = transaction.rows(_SENT, ids=list(loaded), states=states, since=begin)
    for customer_id, at, medium, journey, template, purpose in rows:
        message = SentMessage(at, Medium(medium), journey, template, purpose == Purpose.MARKETING)
        loaded[customer_id].state.sent.append(message)


def _load_grants(transaction: Transaction, loaded: Mapping[int, Loaded]) -> None:
    ids = list(loaded)
    for customer_id, coupon in transaction.rows(_COUPONS, ids=ids):
        loaded[customer_id].state.coupons[coupon["code"]] = coupon
    for referred_id, role in transaction.rows(_REWARDS, ids=ids):
        loaded[referred_id].state.rewarded.add(role)


def _load_addresses(
    transaction: Transaction, program: Program, loaded: Mapping[int, Loaded]
) -> None:
    """Who wants no marketing, and a book of the addresses that these customers have and are about
    to have.
    """
    for customer_id, scope, reason in marketing_refusals(transaction, loaded):
        loaded[customer_id].state.suppressed[scope] = reason
    carriers = [(one.state.traits, one.fresh) for one in loaded.values()]
    home = program.locale, program.zone.key
    # It holds no state, which holds it: a circle would wait for the collector.
    book = StoredAddresses(
        transaction,
        lambda medium: (to for one in carriers for to in _addresses(*one, home, medium)),
    )
    for one in loaded.values():
        one.state.address_book = book


def _addresses(
    traits: Mapping[str, Any], fresh: Iterable[NewEvent], home: tuple[str, str], medium: Medium
) -> Iterator[str]:
    """A customer's addresses of a medium: their own, and those that their new events bring."""
    spec = medium.spec
    told = [one.event.properties for one in fresh if one.event.kind is Kind.IDENTIFY]
    for news in ({}, *told):
        if spec.trait in news or spec.trait in traits:  # else their region need not be known
            then = {**traits, **news}
            region = region_of(then, *home) if spec.by_number else ""
            if to := address_in(then, medium, region):
                yield to
