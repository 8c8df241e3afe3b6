"""Writes what a run of time lines changed and decided, in a handful of statements for some
hundred customers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from orchestrator.domain import effects
from orchestrator.domain.consent import AddressChoice
from orchestrator.domain.effects import Effect
from orchestrator.domain.identity import fold_address
from orchestrator.domain.message import Medium
from orchestrator.domain.policy import address
from orchestrator.domain.state import CustomerState, Enrollment
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.store.addresses import choice_row
from orchestrator.store.events import append_events, move_events, own_event
from orchestrator.store.tables import (
    ADDRESS_CHOICES,
    ASSIGNMENTS,
    CONSENTS,
    CUSTOMERS,
    DECISIONS,
    ENROLLMENTS,
    GRANTS,
    MESSAGES,
    STAGE_CHANGES,
    SUPPRESSIONS,
    TASKS,
)
from orchestrator.store.transaction import Transaction

EMAIL_CHARS_MAX = 320


@dataclass(slots=True)
class Run:
    """One customer's run: the state after it, its effects, and the customers merged into this
    one.
    """

    state: CustomerState
    effects: Sequence[Effect]
    applied_event_id: int
    absorbed_ids: Sequence[int] = ()


@dataclass(slots=True)
class _Rows:
    """Rows gathered by table."""

    decisions: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    stages: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)
    consents: list[dict[str, Any]] = field(default_factory=list)
    suppressions: list[dict[str, Any]] = field(default_factory=list)
    addresses: list[dict[str, Any]] = field(default_factory=list)
    grants: list[dict[str, Any]] = field(default_factory=list)
    redeemed: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)


def save_runs(
    transaction: Transaction,
    runs: Sequence[Run],
    now: datetime,
    facts_version: str,
    public_id: Callable[[int, str, int], str],
    priority: Callable[[str], int],
) -> None:
    """Writes the runs of some customers; each effect once, whatever was written before."""
    for run in runs:
        for absorbed in run.absorbed_ids:
            _hand_over(transaction, absorbed, run.state.id or 0)
    _save_enrollments(transaction, runs)
    _keep_emitted(transaction, runs, now)
    _save_customers(transaction, runs, facts_version)
    rows = _Rows()
    for run in runs:
        if run.absorbed_ids and (reason := run.state.suppressed.get("marketing")):
            rows.suppressions.append(_no_marketing(run.state, reason, now))
        for effect in run.effects:
            _gather(rows, run.state, effect, public_id, priority)
        if run.absorbed_ids:  # last: what a merge has decided overrules what was drawn before it
            rows.assignments += _all_assignments(run.state, now)
    _insert(transaction, rows)


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
            "kind": str(effects.DecisionKind.STUCK),
            "journey": "",
            "step": "",
            "detail": {},
        }
        transaction.execute(
            DECISIONS.insert(),
            [row | {"customer_id": key, "reason": why} for key, why in stuck.items()],
        )


def _keep_emitted(transaction: Transaction, runs: Sequence[Run], now: datetime) -> None:
    """Puts what Parcours itself told or changed into the customer's log of events, already applied:
    `performed()`, a recount of the facts and a late call find it there. Their lock, held since they
    were claimed, keeps other events from coming between."""
    rows = [
        own_event(run.state.id or 0, effect.event, now)
        for run in runs
        for effect in run.effects
        if isinstance(effect, effects.Logged)
        or (isinstance(effect, effects.Emitted) and effect.receiver is None)
    ]
    newest = append_events(transaction, rows) if rows else {}
    for run in runs:
        run.applied_event_id = max(run.applied_event_id, newest.get(run.state.id or 0, 0))


def _save_customers(transaction: Transaction, runs: Sequence[Run], facts_version: str) -> None:
    names = (
        "traits", "email", "trait_times", "facts", "facts_version", "stage", "stage_since",
        "consent", "muted_until", "cursor", "happened_at", "next_due_at", "applied_event_id",
    )  # fmt: skip
    statement = (
        update(CUSTOMERS)
        .where(CUSTOMERS.c.id == bindparam("customer"))
        .values({name: bindparam(f"new_{name}", type_=CUSTOMERS.c[name].type) for name in names})
    )
    rows = []
    for run in runs:
        state = run.state
        consent = {
            key: {"granted": c.granted, "at": c.at.isoformat(), "source": c.source}
            for key, c in state.consent.items()
        }
        values = (
            state.traits, _email(state), state.trait_times, state.facts, facts_version, state.stage,
            state.stage_since, consent, state.muted_until, state.cursor, state.happened_at,
            state.next_due_at, run.applied_event_id,
        )  # fmt: skip
        rows.append(
            {"customer": state.id}
            | {f"new_{name}": value for name, value in zip(names, values, strict=True)}
        )
    if rows:
        transaction.execute(statement, rows)


def _email(state: CustomerState) -> str | None:
    """The address to be found by; a longer text is none (RFC 5321 §4.5.3.1), and no index holds
    it.
    """
    email = address(state, Medium.EMAIL)
    return fold_address(email) if email is not None and len(email) <= EMAIL_CHARS_MAX else None


# ---------------------------------------------------------------- enrollments

_PLACE = (
    "version", "number", "entered_at", "entry", "step", "arrived_at", "due_at", "deferred_since",
    "pass_no", "held_out", "variables", "coupon", "ended_at", "converted_at", "goal_until",
    "reason",
)  # fmt: skip


def _enrollment_row(customer_id: int | None, enrollment: Enrollment) -> dict[str, Any]:
    row = {name: getattr(enrollment, name) for name in _PLACE}
    return row | {
        "customer_id": customer_id,
        "journey": enrollment.journey,
        "status": str(enrollment.status),
    }


def _save_enrollments(transaction: Transaction, runs: Sequence[Run]) -> None:
    """Inserts new enrollments, which learn their ids, and updates the changed ones."""
    touched = [(run.state.id, enrollment) for run in runs for enrollment in _touched(run)]
    new = [(owner, enrollment) for owner, enrollment in touched if enrollment.id is None]
    old = [(owner, enrollment) for owner, enrollment in touched if enrollment.id is not None]
    if new:
        # Found again by their key: returned in the order of the parameters, SQLite inserts them one
        # by one.
        e = ENROLLMENTS.c
        statement = ENROLLMENTS.insert().returning(e.id, e.customer_id, e.journey, e.number)
        written = transaction.execute(
            statement, [_enrollment_row(owner, enrollment) for owner, enrollment in new]
        )
        ids = {(row.customer_id, row.journey, row.number): row.id for row in written}
        for owner, enrollment in new:
            enrollment.id = ids[owner, enrollment.journey, enrollment.number]
    rows = [
        {f"new_{name}": value for name, value in _enrollment_row(owner, e).items()}
        | {"enrollment": e.id}
        for owner, e in old
    ]
    if rows:
        values = {
            name: bindparam(f"new_{name}", type_=ENROLLMENTS.c[name].type)
            for name in (*_PLACE, "customer_id", "status")
        }
        transaction.execute(
            update(ENROLLMENTS).where(ENROLLMENTS.c.id == bindparam("enrollment")).values(values),
            rows,
        )
    for _, enrollment in touched:
        enrollment.changed = False


def _touched(run: Run) -> Iterable[Enrollment]:
    """The enrollments a run began or changed, those no longer in the state included, each once."""
    seen: dict[int, Enrollment] = {
        id(e): e for e in run.state.enrollments if e.changed or e.id is None
    }
    for effect in run.effects:
        enrollment = getattr(effect, "enrollment", None)
        if enrollment is not None and (enrollment.changed or enrollment.id is None):
            seen.setdefault(id(enrollment), enrollment)
    return seen.values()


def _hand_over(transaction: Transaction, absorbed: int, survivor: int) -> None:
    """Gives everything that hangs on a merged customer to the one that survives (enrollments are
    written with it).
    """
    move_events(transaction, absorbed, survivor)
    for table in (DECISIONS, MESSAGES, STAGE_CHANGES, CONSENTS, TASKS, GRANTS):
        transaction.execute(
            update(table).where(table.c.customer_id == absorbed).values(customer_id=survivor)
        )
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


def _all_assignments(state: CustomerState, now: datetime) -> list[dict[str, Any]]:
    return [
        {"customer_id": state.id, "journey": journey, "step": step, "variant": variant, "at": now}
        for (journey, step), variant in state.assignments.items()
    ]


# ---------------------------------------------------------------- effects


def _gather(
    rows: _Rows,
    state: CustomerState,
    effect: Effect,
    public_id: Callable[[int, str, int], str],
    priority: Callable[[str], int],
) -> None:
    owner = {"customer_id": state.id}
    match effect:
        case effects.Decision():
            rows.decisions.append(owner | _decision_row(effect))
        case QueueMessage():
            rows.messages.append(owner | _message_row(effect, public_id, priority))
        case effects.StageChange(at, came_from, to, cause):
            rows.stages.append(owner | {"at": at, "came_from": came_from, "to": to, "cause": cause})
        case effects.Assignment(at, journey, step, variant):
            rows.assignments.append(
                owner | {"journey": journey, "step": step, "variant": variant, "at": at}
            )
        case effects.ConsentChange(at, key, choice, until):
            said = {
                "at": at,
                "key": key,
                "granted": choice.granted,
                "source": choice.source,
                "until": until,
            }
            rows.consents.append(owner | said)
            if key == "marketing":
                rows.suppressions.append(_no_marketing(state, choice.source, at))
        case effects.AddressLifted(at, medium, to, topic, source):
            rows.addresses.append(choice_row(medium, to, AddressChoice(at, True, topic), source))
        case effects.Grant():
            rows.grants.append(_grant_row(state, effect))
        case effects.CouponRedeemed(at, code):
            rows.redeemed.append({"which": code, "when": at})
        case effects.TaskMade():
            rows.tasks.append(owner | _task_row(effect))


def _no_marketing(state: CustomerState, reason: str, at: datetime) -> dict[str, Any]:
    return {"scope": "marketing", "address": f"customer:{state.id}", "reason": reason, "at": at}


def _decision_row(effect: effects.Decision) -> dict[str, Any]:
    return {
        "enrollment_id": effect.enrollment.id if effect.enrollment else None,
        "at": effect.at,
        "kind": str(effect.kind),
        "journey": effect.journey,
        "step": effect.step,
        "reason": effect.reason,
        "detail": dict(effect.detail),
    }


def _message_row(
    effect: QueueMessage,
    public_id: Callable[[int, str, int], str],
    priority: Callable[[str], int],
) -> dict[str, Any]:
    enrollment, step = effect.enrollment, effect.step
    assert enrollment.id is not None  # enrollments are written first
    return {
        "public_id": public_id(enrollment.id, step.id, effect.pass_no),
        "enrollment_id": enrollment.id,
        "journey": enrollment.journey,
        "version": enrollment.version,
        "step": step.id,
        "pass_no": effect.pass_no,
        "medium": str(step.medium),
        "channel": effect.channel,
        "template": step.template,
        "purpose": str(effect.purpose),
        "topic": effect.topic,
        "priority": priority(enrollment.journey),
        "subject": step.subject,
        "sender": step.sender,
        "reply_to": step.reply_to,
        "resend_uncertain": step.resend_uncertain,
        "variables": dict(effect.variables),
        "coupon": dict(effect.coupon) if effect.coupon else None,
        "decided_at": effect.at,
        "not_before": effect.at,
        "expires_at": effect.at + step.expires,
        "state": "queued",
        "reason": "",
        "code": "",
        "provider_id": "",
        "template_version": "",
        "lifecycle_version": "",
        "attempts": 0,
    }


def _grant_row(state: CustomerState, effect: effects.Grant) -> dict[str, Any]:
    return {
        "code": effect.code,
        "customer_id": state.id if effect.receiver == state.external_id else None,
        "referred_id": state.id,
        "enrollment_id": effect.enrollment.id,
        "step": effect.step,
        "pass_no": effect.enrollment.pass_no,
        "role": str(effect.to),
        "is_reward": effect.is_reward,
        "coupon": dict(effect.coupon),
        "at": effect.at,
    }


def _task_row(effect: effects.TaskMade) -> dict[str, Any]:
    return {
        "enrollment_id": effect.enrollment.id,
        "step": effect.step,
        "pass_no": effect.enrollment.pass_no,
        "type": effect.type,
        "note": effect.note,
        "assignee": effect.assignee,
        "at": effect.at,
        "due_at": effect.due_at,
    }


def _insert(transaction: Transaction, rows: _Rows) -> None:
    transaction.insert(DECISIONS, rows.decisions)
    transaction.insert(STAGE_CHANGES, rows.stages)
    transaction.insert(CONSENTS, rows.consents)
    transaction.insert_new(MESSAGES, rows.messages)
    transaction.insert_new(SUPPRESSIONS, rows.suppressions)
    transaction.insert_new(ADDRESS_CHOICES, rows.addresses)
    transaction.insert_new(GRANTS, rows.grants)
    transaction.insert_new(TASKS, rows.tasks)
    transaction.upsert(
        ASSIGNMENTS,
        rows.assignments,
        keys=["customer_id", "journey", "step"],
        values=["variant", "at"],
    )
    if rows.redeemed:
        at = bindparam("when", type_=GRANTS.c.redeemed_at.type)
        statement = update(GRANTS).where(GRANTS.c.code == bindparam("which")).values(redeemed_at=at)
        transaction.execute(statement, rows.redeemed)
