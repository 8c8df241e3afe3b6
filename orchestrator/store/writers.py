"""What each effect of a time line becomes in the database: the one place that lists them.

An effect of a kind that is not listed is an error, here and in a test: none is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import Table, bindparam, update

from orchestrator.domain.consent import MARKETING, AddressChoice, Suppressed
from orchestrator.domain.effects import (
    AddressLifted,
    AppointmentMade,
    AppointmentOver,
    Assignment,
    AudienceChange,
    ConsentChange,
    CouponRedeemed,
    Decision,
    Effect,
    Emitted,
    Grant,
    Logged,
    OnsiteShown,
    RuleChange,
    TaskMade,
)
from orchestrator.domain.errands import KEY
from orchestrator.domain.event import Kind
from orchestrator.domain.pace import place_of
from orchestrator.domain.state import CustomerState
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.domain.steps.webhook import WebhookDue
from orchestrator.domain.value_class import value_class
from orchestrator.domain.values import folded
from orchestrator.domain.webhook_port import request_as_data
from orchestrator.store.account_calls import news_call
from orchestrator.store.addresses import choice_row
from orchestrator.store.appointments import DROP
from orchestrator.store.events import own_event
from orchestrator.store.prepared import Prepared, Values
from orchestrator.store.tables import (
    ADDRESS_CHOICES,
    APPOINTMENTS,
    ASSIGNMENTS,
    AUDIENCE_CHANGES,
    CONSENTS,
    DECISIONS,
    EVENTS,
    GRANTS,
    INBOX,
    MESSAGES,
    ONSITE_CONTENTS,
    POOL_CODES,
    STAGE_CHANGES,
    SUPPRESSIONS,
    TASKS,
    WEBHOOKS,
)
from orchestrator.store.transaction import LEAVE, OnConflict, Transaction

ENGINE = "engine"  # the source of calls that Parcours made itself
KEEP_NEWEST = OnConflict(("customer_id", "journey", "step"), ("variant", "at"))

Row = dict[str, object]
E = TypeVar("E", bound=Effect)


@value_class
class Run:
    """What rows are made of besides the effect: whose it is, when it is written, and what the
    project says of messages."""

    state: CustomerState
    now: datetime
    public_id: Callable[[int, str, int], str]
    priority: Callable[[str], int]

    @property
    def customer_id(self) -> int:
        """The customer's id; their row is there before their line is run."""
        assert self.state.id is not None
        return self.state.id


@dataclass(frozen=True, slots=True, eq=False)
class Writer(Generic[E]):
    """Turns an effect into a row of a table, or into none. `statement` writes it otherwise than as
    a new row; its parameters are the row's values. With `columns` rows are their values alone."""

    table: Table
    row: Callable[[E, Run], Row | Values | None]
    on_conflict: OnConflict | None = None
    statement: Prepared | None = None
    columns: tuple[str, ...] = ()

    def write(self, transaction: Transaction, rows: Sequence[Any]) -> None:
        if self.statement is not None:
            transaction.run(self.statement, (tuple(row.values()) for row in rows))
        elif self.columns:
            transaction.insert_values(self.table, self.columns, rows, self.on_conflict)
        else:
            transaction.insert(self.table, rows, self.on_conflict)


_OF_DECISION = (
    "customer_id", "enrollment_id", "at", "kind", "journey", "step", "reason", "detail",
)  # fmt: skip


def _decision(effect: Decision, run: Run) -> Values:
    """In the order of _OF_DECISION: of the most frequent rows no dictionary is made."""
    enrollment = effect.enrollment
    return (
        run.state.id, enrollment.id if enrollment is not None else None, effect.at,
        str(effect.kind), effect.journey, effect.step, str(effect.reason), effect.detail,
    )  # fmt: skip


def _message(effect: QueueMessage, run: Run) -> Row:
    enrollment, step = effect.enrollment, effect.step
    assert enrollment.id is not None  # enrollments are written first
    return {
        "public_id": run.public_id(enrollment.id, step.id, effect.pass_no),
        "customer_id": run.state.id,
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
        "priority": run.priority(enrollment.journey),
        "subject": step.subject,
        "sender": step.sender,
        "reply_to": step.reply_to,
        "resend_uncertain": step.resend_uncertain,
        "variables": dict(effect.variables),
        "coupon": dict(effect.coupon) if effect.coupon else None,
        "decided_at": effect.at,
        "not_before": effect.at,
        "expires_at": effect.at + step.expires,
    }


def _rule_change(effect: RuleChange, run: Run) -> Row:
    return {
        "customer_id": run.state.id,
        "at": effect.at,
        "segment": effect.name or None,
        "came_from": effect.came_from,
        "to": effect.to,
        "cause": effect.cause,
    }


def _assignment(effect: Assignment, run: Run) -> Row:
    return {
        "customer_id": run.state.id,
        "journey": effect.journey,
        "step": effect.step,
        "variant": effect.variant,
        "at": effect.at,
    }


def _consent(effect: ConsentChange, run: Run) -> Row:
    return {
        "customer_id": run.state.id,
        "at": effect.at,
        "key": effect.key,
        "granted": effect.choice.granted,
        "source": effect.choice.source,
        "until": effect.until,
        "proof": dict(effect.proof) or None,
    }


def _no_marketing(effect: ConsentChange, run: Run) -> Row | None:
    if effect.key != MARKETING:
        return None
    return no_marketing(run.customer_id, effect.choice.source, effect.at)


def no_marketing(customer_id: int, reason: str, at: datetime) -> Row:
    """The row that says that a customer gets no marketing."""
    return {**Suppressed.of_customer(customer_id)._asdict(), "reason": reason, "at": at}


def _address_choice(effect: AddressLifted, run: Run) -> Row:
    choice = AddressChoice(effect.at, True, effect.topic)
    return choice_row(effect.medium, effect.address, choice, effect.source)


def _grant(effect: Grant, run: Run) -> Row:
    return {
        "code": effect.code,
        "customer_id": run.state.id if effect.receiver == run.state.external_id else None,
        "referred_id": run.state.id,
        "enrollment_id": effect.enrollment.id,
        "step": effect.step,
        "pass_no": effect.enrollment.pass_no,
        "role": str(effect.to),
        "is_reward": effect.is_reward,
        "coupon": dict(effect.coupon),
        "at": effect.at,
    }


def _taken(effect: Grant, run: Run) -> Row | None:
    return {"which": folded(effect.code), "at": effect.at} if "pool" in effect.coupon else None


def _redeemed(effect: CouponRedeemed, run: Run) -> Row:
    return {"code": effect.code, "at": effect.at}


def _task(effect: TaskMade, run: Run) -> Row:
    return {
        "customer_id": run.state.id,
        "enrollment_id": effect.enrollment.id,
        "step": effect.step,
        "pass_no": effect.enrollment.pass_no,
        "type": effect.type,
        "note": effect.note,
        "assignee": effect.assignee,
        "at": effect.at,
        "due_at": effect.due_at,
    }


def _webhook(effect: WebhookDue, run: Run) -> Row:
    enrollment = effect.enrollment
    assert enrollment.id is not None  # enrollments are written first
    return {
        "public_id": run.public_id(enrollment.id, effect.step, effect.pass_no),
        "customer_id": run.state.id,
        "enrollment_id": enrollment.id,
        "journey": enrollment.journey,
        "step": effect.step,
        "pass_no": effect.pass_no,
        "request": request_as_data(effect.request),
        "keeps_answer": effect.keeps_answer,
        "decided_at": effect.at,
        "not_before": effect.at,
        "expires_at": effect.expires_at,
    }


def _made_by(effect: AudienceChange | OnsiteShown, run: Run) -> Row:
    """Whose a row is, and which step made it."""
    enrollment = effect.enrollment
    return {
        "customer_id": run.state.id,
        "enrollment_id": enrollment.id,
        "step": effect.step,
        "pass_no": enrollment.pass_no,
        "at": effect.at,
    }


def _audience(effect: AudienceChange, run: Run) -> Row:
    told = {"audience": effect.audience, "is_member": effect.is_member}
    return _made_by(effect, run) | told


def _onsite(effect: OnsiteShown, run: Run) -> Row:
    return _made_by(effect, run) | {
        "priority": run.priority(effect.enrollment.journey),
        "slot": effect.slot,
        "content": effect.content,
        "until": effect.until,
    }


def _appointment(effect: AppointmentMade, run: Run) -> Row:
    one = effect.appointment
    return {
        "customer_id": run.state.id,
        "journey": one.journey,
        "called_at": one.called_at,
        "number": one.number,
        "place": place_of(one.journey, run.state.external_id),
        "enters_at": one.enters_at,
    }


def _over(effect: AppointmentOver, run: Run) -> Row:
    one = effect.appointment
    return {
        "whose": effect.of or run.state.id,
        "which": one.journey,
        "called": one.called_at,
        "what": one.number,
    }


def _own_event(effect: Emitted, run: Run) -> Row | None:
    return None if effect.receiver else own_event(run.customer_id, effect.event, run.now)


def _logged(effect: Logged, run: Run) -> Row:
    return own_event(run.customer_id, effect.event, run.now)


def _call_for_another(effect: Emitted, run: Run) -> Row | None:
    """What happens to somebody else is a call of theirs, received when it happened: after a long
    jump of a virtual clock it is no history for that."""
    event = effect.event
    if effect.receiver is None:
        return None
    if event.kind is Kind.ACCOUNT:
        return news_call(effect)
    key = event.properties[KEY if KEY in event.properties else "code"]
    message_id = f"{event.name}:{key}"
    call = {
        "type": "track",
        "event": event.name,
        "userId": effect.receiver,
        "messageId": message_id,
        "timestamp": event.at.isoformat(),
        "properties": dict(event.properties),
    }
    raw = orjson.dumps(call)
    return {
        "message_id": message_id,
        "received_at": event.at,
        "source": ENGINE,
        "starts": True,
        "raw": raw,
    }


_REDEEM = Prepared(
    update(GRANTS)
    .where(GRANTS.c.code == bindparam("which"))
    .values(redeemed_at=bindparam("at", type_=GRANTS.c.redeemed_at.type)),
    ["which", "at"],
)

_TAKE = Prepared(
    update(POOL_CODES)
    .where(POOL_CODES.c.folded == bindparam("which"))
    .values(granted_at=bindparam("at", type_=POOL_CODES.c.granted_at.type)),
    ["which", "at"],
)

WRITERS: Mapping[type[Effect], tuple[Writer[Any], ...]] = {
    Decision: (Writer(DECISIONS, _decision, columns=_OF_DECISION),),
    QueueMessage: (Writer(MESSAGES, _message, LEAVE),),
    RuleChange: (Writer(STAGE_CHANGES, _rule_change),),
    Assignment: (Writer(ASSIGNMENTS, _assignment, KEEP_NEWEST),),
    ConsentChange: (
        Writer(CONSENTS, _consent),
        Writer(SUPPRESSIONS, _no_marketing, LEAVE),
    ),
    AddressLifted: (Writer(ADDRESS_CHOICES, _address_choice, LEAVE),),
    Grant: (Writer(GRANTS, _grant, LEAVE), Writer(POOL_CODES, _taken, statement=_TAKE)),
    CouponRedeemed: (Writer(GRANTS, _redeemed, statement=_REDEEM),),
    AudienceChange: (Writer(AUDIENCE_CHANGES, _audience, LEAVE),),
    OnsiteShown: (Writer(ONSITE_CONTENTS, _onsite, LEAVE),),
    TaskMade: (Writer(TASKS, _task, LEAVE),),
    WebhookDue: (Writer(WEBHOOKS, _webhook, LEAVE),),
    AppointmentMade: (Writer(APPOINTMENTS, _appointment, LEAVE),),
    AppointmentOver: (Writer(APPOINTMENTS, _over, statement=DROP),),
    Emitted: (Writer(EVENTS, _own_event), Writer(INBOX, _call_for_another, LEAVE)),
    Logged: (Writer(EVENTS, _logged),),
}


def gather(runs: Sequence[tuple[Run, Sequence[Effect]]]) -> dict[Writer[Any], list[Any]]:
    """The rows of the effects of some runs, in their order, by writer."""
    rows: dict[Writer[Any], list[Any]] = {writer: [] for one in WRITERS.values() for writer in one}
    for run, effects in runs:
        for effect in effects:
            for writer in WRITERS[type(effect)]:
                row = writer.row(effect, run)
                if row is not None:
                    rows[writer].append(row)
    return rows
