"""What the lease decides about messages that do not leave, as it is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.message import QueuedMessage
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.domain.state import Enrollment, Status
from orchestrator.store import kept_back, messages
from orchestrator.store.database import Database
from orchestrator.store.kept_back import Refusal
from orchestrator.store.tables import DECISIONS, ENROLLMENTS, MESSAGES
from orchestrator.store.transaction import Transaction
from tests.store.rows import ENROLLMENT, MESSAGE, NOW

LATER = NOW + timedelta(hours=1)


def leased(transaction: Transaction) -> QueuedMessage:
    """A message under a lease, of the first of two enrollments."""
    for number in (1, 2):
        transaction.execute(ENROLLMENTS.insert(), [ENROLLMENT | {"number": number}])
    transaction.execute(MESSAGES.insert(), [MESSAGE | {"state": "leased"}])
    (message,) = messages.leased_messages(transaction)
    return message


def enrollments(transaction: Transaction) -> list[Row[Any]]:
    return list(transaction.execute(select(ENROLLMENTS).order_by(ENROLLMENTS.c.id)))


def test_a_message_that_only_stays_is_told_and_leaves_its_journey_alone(
    database: Database,
) -> None:
    with database.write() as transaction:
        message = leased(transaction)
        before = enrollments(transaction)
        refusal = Refusal(message, LATER, DecisionKind.NOT_SENT, Reason.NO_CONSENT, {})
        kept_back.write(transaction, [refusal])
        (told,) = transaction.execute(select(DECISIONS)).all()
        assert enrollments(transaction) == before
    assert (told.kind, told.reason, told.step, told.at) == ("not_sent", "no_consent", "s", LATER)
    assert (told.customer_id, told.enrollment_id, told.journey) == (1, 1, "j")
    assert told.detail == {"message": "p"}


def test_who_leaves_is_out_from_that_instant_on_and_nobody_else_is(database: Database) -> None:
    with database.write() as transaction:
        detail = Detail(rule="Order Completed", status="exited")
        refusal = Refusal(
            leased(transaction), LATER, DecisionKind.LEFT, Reason.EXIT, detail, Status.EXITED
        )
        kept_back.write(transaction, [refusal])
        again = replace(refusal, detail=Detail(rule="Stopped"), at=LATER + timedelta(hours=1))
        kept_back.write(transaction, [again])  # who is out stays as they left
        left, other = enrollments(transaction)
        told = transaction.execute(select(DECISIONS)).first()
    assert (left.status, left.reason, left.ended_at) == ("exited", "Order Completed", LATER)
    assert (left.due_at, left.converted_at) == (None, None)
    assert (other.status, other.due_at) == ("active", NOW)
    assert told is not None
    assert told.reason == "exit"
    assert told.detail == {"rule": "Order Completed", "message": "p", "status": "exited"}


def test_a_conversion_at_the_lease_is_of_no_step_and_tells_its_value(database: Database) -> None:
    with database.write() as transaction:
        refusal = Refusal(
            leased(transaction),
            LATER,
            DecisionKind.CONVERTED,
            Reason.GOAL,
            Detail(rule="Order Completed", value=80),
            Status.CONVERTED,
            worth=80,
        )
        kept_back.write(transaction, [refusal])
        converted, other = enrollments(transaction)
        (told,) = transaction.execute(select(DECISIONS)).all()
    assert (converted.status, converted.converted_at) == ("converted", LATER)
    assert (converted.goal_value, other.goal_value) == (80, None)
    assert (other.status, other.converted_at) == ("active", None)
    assert (told.step, told.detail["value"]) == ("", 80)


def test_a_wait_that_is_counted_anew_is_moved_and_no_other(database: Database) -> None:
    with database.write() as transaction:
        message = leased(transaction)
        inside = Enrollment("j", "v", 1, NOW, step="s", arrived_at=LATER, due_at=None)
        inside.id = 2
        refusal = Refusal(
            message, LATER, DecisionKind.WAITING, Reason.FREQUENCY_CAP, {}, waiting=inside
        )
        kept_back.write(transaction, [refusal])
        other, moved = enrollments(transaction)
    assert (moved.arrived_at, moved.due_at, moved.status) == (LATER, None, "active")
    assert (other.arrived_at, other.due_at) == (NOW, NOW)


def test_nothing_is_written_where_nothing_was_refused(database: Database) -> None:
    with database.write() as transaction:
        kept_back.write(transaction, [])
        assert transaction.execute(select(DECISIONS)).all() == []
