"""Writes what a run of time lines changed and decided, in a handful of statements for some
hundred customers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update

from orchestrator.domain.assignment import HOLDOUT
from orchestrator.domain.consent import MARKETING
from orchestrator.domain.effects import DecisionKind, Effect
from orchestrator.domain.identity import fold_address
from orchestrator.domain.medium import Medium
from orchestrator.domain.policy import address
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import CustomerState, Enrollment
from orchestrator.store.account_members import ACCOUNT_MEMBERS, save_accounts
from orchestrator.store.changed_columns import Changes, Fingerprint
from orchestrator.store.columns import dump_json
from orchestrator.store.events import append_events
from orchestrator.store.line_loading import OF_CUSTOMER, OF_ENROLLMENT
from orchestrator.store.memberships import write_memberships
from orchestrator.store.prepared import Prepared, Values
from orchestrator.store.stored_customer import StoredCustomer, write_choices
from orchestrator.store.stored_enrollment import StoredEnrollment
from orchestrator.store.tables import (
    APPOINTMENTS,
    ASSIGNMENTS,
    CUSTOMERS,
    DECISIONS,
    ENROLLMENTS,
    EVENTS,
    GRANTS,
    OWNED,
    SUPPRESSIONS,
)
from orchestrator.store.transaction import Transaction
from orchestrator.store.writers import KEEP_NEWEST, Row, Run, gather, no_marketing

EMAIL_CHARS_MAX = 320
_INSERT_ENROLLMENTS = Prepared(ENROLLMENTS.insert(), ["id", *OF_ENROLLMENT.names])
#: Written with the survivor, drawn anew, or with a rule of their own.
_MOVED_OTHERWISE = (
    ENROLLMENTS.c.customer_id,
    ASSIGNMENTS.c.customer_id,
    GRANTS.c.referred_id,
    APPOINTMENTS.c.customer_id,
    ACCOUNT_MEMBERS.c.customer_id,
)


@dataclass(slots=True)
class RunOutcome:
    """What came of running one customer's line: the state after it, its effects, and the customers
    merged into this one. `before` and `enrollments_before`, as they were loaded, save writing what
    did not change; those of a merge are written whole.
    """

    state: CustomerState
    effects: Sequence[Effect]
    applied_event_id: int
    absorbed_ids: Sequence[int] = ()
    before: Fingerprint | None = None
    enrollments_before: Mapping[int, Fingerprint] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Saving:
    """When outcomes are written, and what the project says of them."""

    now: datetime
    facts_version: str
    public_id: Callable[[int, str, int], str]
    priority: Callable[[str], int]

    def run_of(self, outcome: RunOutcome) -> Run:
        """What rows of an outcome's effects are made of."""
        return Run(outcome.state, self.now, self.public_id, self.priority)


def save(transaction: Transaction, outcomes: Sequence[RunOutcome], saving: Saving) -> None:
    """Writes the outcomes of some customers; each effect once, whatever was written before."""
    merged = [outcome for outcome in outcomes if outcome.absorbed_ids]
    for outcome in merged:
        for absorbed in outcome.absorbed_ids:
            _move_to_survivor(transaction, absorbed, outcome.state.id or 0)
    _save_enrollments(transaction, outcomes)
    gone = [one for outcome in merged for one in outcome.absorbed_ids]
    save_accounts(transaction, [outcome.state for outcome in outcomes], gone)
    rows = gather([(saving.run_of(outcome), outcome.effects) for outcome in outcomes])
    # Before the customers: what they are told by Parcours itself is applied to their lines already.
    # Their lock, held since they were claimed, keeps other events from coming between.
    own_events = [row for writer, some in rows.items() if writer.table is EVENTS for row in some]
    newest = append_events(transaction, own_events) if own_events else {}
    _save_customers(transaction, outcomes, saving.facts_version, newest)
    _refuse_marketing(transaction, merged, saving.now)
    for writer, some in rows.items():
        if writer.table is not EVENTS:
            writer.write(transaction, some)
    # Last: what a merge has decided overrules what was drawn before it.
    kept = [row for outcome in merged for row in _all_assignments(outcome.state, saving.now)]
    transaction.insert(ASSIGNMENTS, kept, KEEP_NEWEST)


def set_aside(
    transaction: Transaction, stuck: Mapping[int, str], now: datetime, until: datetime
) -> None:
    """Looks at these customers again at `until` only, and writes down that they are stuck:
    customer → error.
    """
    if stuck:
        transaction.execute(
            update(CUSTOMERS).where(CUSTOMERS.c.id.in_(sorted(stuck))).values(next_due_at=until)
        )
        row = {
            "at": now,
            "kind": str(DecisionKind.STUCK),
            "journey": "",
            "step": "",
            "reason": str(Reason.FAULT),
        }
        transaction.insert(
            DECISIONS,
            [row | {"customer_id": key, "detail": {"error": why}} for key, why in stuck.items()],
        )


def _save_customers(
    transaction: Transaction,
    outcomes: Sequence[RunOutcome],
    facts_version: str,
    newest: Mapping[int, int],
) -> None:
    changes = Changes(OF_CUSTOMER)
    for outcome in outcomes:
        key = outcome.state.id or 0
        applied = max(outcome.applied_event_id, newest.get(key, 0))
        changes.note(key, outcome.before, _customer_values(outcome, facts_version, applied))
    changes.write(transaction)


def _customer_values(outcome: RunOutcome, facts_version: str, applied_event_id: int) -> Values:
    """In the order of OF_CUSTOMER."""
    state, before = outcome.state, outcome.before
    if isinstance(state, StoredCustomer) and before is not None:
        consent, segments, trait_times = state.unopened()
    else:
        consent, trait_times = write_choices(state.consent), state.trait_times
        segments = write_memberships(state.segments)
    return (
        *_traits_and_email(state, before), trait_times, state.facts, facts_version, state.stage,
        state.stage_since, segments, consent, state.muted_until,
        state.cursor, state.happened_at, state.next_due_at, applied_event_id,
    )  # fmt: skip


def _traits_and_email(state: CustomerState, before: Fingerprint | None) -> tuple[object, object]:
    """Their address follows from the traits: while these are as they were, so is it."""
    if before is not None:
        traits, email = before[:2]
        if email is not None and dump_json(state.traits) == traits:
            return traits, email
    return state.traits, _email(state)


def _email(state: CustomerState) -> str | None:
    """The address to be found by; a longer text is none (RFC 5321 §4.5.3.1), and no index holds
    it.
    """
    email = address(state, Medium.EMAIL)
    return fold_address(email) if email is not None and len(email) <= EMAIL_CHARS_MAX else None


# ---------------------------------------------------------------- enrollments


def _enrollment_values(
    customer_id: int | None, one: Enrollment, entry: Mapping[str, object] | str
) -> Values:
    """In the order of OF_ENROLLMENT."""
    return (
        customer_id, one.journey, one.version, one.number, one.entered_at, entry, one.step,
        one.arrived_at, one.due_at, one.deferred_since, one.pass_no, one.held_out, one.variables,
        one.coupon, str(one.status), one.reason, one.ended_at, one.converted_at, one.goal_until,
        one.goal_value, one.kept, one.key,
    )  # fmt: skip


def _save_enrollments(transaction: Transaction, outcomes: Sequence[RunOutcome]) -> None:
    """Inserts new enrollments, which learn their ids, and updates the changed ones."""
    new, changes = list[tuple[int | None, Enrollment]](), Changes(OF_ENROLLMENT)
    for outcome in outcomes:
        owner = outcome.state.id
        for enrollment in _touched(outcome):
            if enrollment.id is None:
                new.append((owner, enrollment))
            else:
                before = outcome.enrollments_before.get(enrollment.id)
                entry = enrollment.entry if before is None else _unopened(enrollment)
                changes.note(enrollment.id, before, _enrollment_values(owner, enrollment, entry))
            enrollment.changed = False
    _insert_enrollments(transaction, new)
    changes.write(transaction)


def _insert_enrollments(
    transaction: Transaction, new: Sequence[tuple[int | None, Enrollment]]
) -> None:
    """They get their ids before they are written: rows that a database returns are asked for one
    after the other.
    """
    ids = transaction.take_ids(ENROLLMENTS, len(new))
    for (_, enrollment), key in zip(new, ids, strict=True):
        enrollment.id = key
    rows = ((one.id, *_enrollment_values(owner, one, one.entry)) for owner, one in new)
    transaction.run(_INSERT_ENROLLMENTS, rows)


def _unopened(one: Enrollment) -> Mapping[str, object] | str:
    """What started it, as it was read where nobody has opened it since."""
    return one.stored_entry if isinstance(one, StoredEnrollment) else one.entry


def _touched(outcome: RunOutcome) -> Iterable[Enrollment]:
    """The enrollments a run began or changed, those no longer in the state included, each once."""
    touched = [e for e in outcome.state.enrollments if e.changed or e.id is None]
    for effect in outcome.effects:
        one = getattr(effect, "enrollment", None)
        if one is not None and (one.changed or one.id is None) and not _holds(touched, one):
            touched.append(one)
    return touched


def _holds(some: Sequence[Enrollment], one: Enrollment) -> bool:
    """Whether it is among them itself: two may be equal until they are written."""
    return [other for other in some if other is one] != []


# ---------------------------------------------------------------- merges


def _move_to_survivor(transaction: Transaction, absorbed: int, survivor: int) -> None:
    """Gives everything that hangs on a merged customer to the one that survives."""
    for column in OWNED:
        if column not in _MOVED_OTHERWISE:
            moved = update(column.table).where(column == absorbed).values({column.name: survivor})
            transaction.execute(moved)
    other = GRANTS.alias()
    rewarded = select(other.c.id).where(
        other.c.referred_id == survivor,
        other.c.role == GRANTS.c.role,
        other.c.is_reward,
        GRANTS.c.is_reward,
    )
    # Both were rewarded for the same invitation before they turned out to be one: the second reward
    # stays where it was.
    mine = (GRANTS.c.referred_id == absorbed) & ~rewarded.exists()
    transaction.execute(update(GRANTS).where(mine).values(referred_id=survivor))
    transaction.execute(
        ASSIGNMENTS.delete().where(ASSIGNMENTS.c.customer_id.in_((absorbed, survivor)))
    )


def _refuse_marketing(
    transaction: Transaction, merged: Sequence[RunOutcome], now: datetime
) -> None:
    """Who wanted no marketing before a merge wants none after it."""
    rows = [
        no_marketing(outcome.state.id or 0, reason, now)
        for outcome in merged
        if (reason := outcome.state.suppressed.get(MARKETING))
    ]
    transaction.insert_new(SUPPRESSIONS, rows)


def _all_assignments(state: CustomerState, now: datetime) -> list[Row]:
    return [
        {
            "customer_id": state.id,
            "journey": journey,
            "step": step,
            "variant": variant,
            "at": _drawn_at(state, journey, now) if step == HOLDOUT else now,
        }
        for (journey, step), variant in state.assignments.items()
    ]


def _drawn_at(state: CustomerState, journey: str, now: datetime) -> datetime:
    """Whether somebody is held out is drawn when they first enter the journey, or any ("")."""
    entries = state.entries.items()
    return min((one.first for name, one in entries if journey in ("", name)), default=now)
