"""What the ledger says about one customer, and whom a text means."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Row

from orchestrator.store import one_customer
from orchestrator.store.database import Database
from orchestrator.store.tables import (
    CONSENTS,
    DECISIONS,
    ENROLLMENTS,
    EVENTS,
    GRANTS,
    MESSAGES,
    STAGE_CHANGES,
    TASKS,
)
from orchestrator.store.transaction import Transaction
from tests.store.rows import DECISION, ENROLLMENT, EVENT, GRANT, MESSAGE, NOW, add_customer


def people(transaction: Transaction, text: str) -> list[str]:
    return [row.external_id for row in one_customer.find_people(transaction, text)]


@pytest.fixture
def customers(database: Database) -> Database:
    with database.write() as transaction:
        add_customer(transaction, external_id="ada", email="ada@example.com")
        add_customer(transaction, external_id="bob", traits={"phone": "+33 (0)6 39-98.12/34"})
        add_customer(transaction, external_id="+33639981234")
        add_customer(transaction, external_id="x", email="ada@example.com", merged_into=1)
    return database


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada", ["ada"]),
        ("Ada@Example.com", ["ada"]),  # and nobody who was merged
        ("06 39 98 12 34", ["bob"]),
        ("+7 39 98 12 34", ["bob"]),  # whatever stands before the last eight digits
        ("981234", ["bob"]),  # as few digits as will do
        ("81234", []),
        ("+33639981234", ["+33639981234"]),  # an id is asked first
        ("ext. 981234", []),
        ("nobody", []),
    ],
)
def test_a_text_means_an_id_or_else_an_address_or_a_number_however_it_is_written(
    customers: Database, text: str, found: list[str]
) -> None:
    with customers.read() as transaction:
        assert people(transaction, text) == found


def test_everything_of_a_customer_is_told_in_order_and_nothing_of_anybody_else(
    database: Database,
) -> None:
    stage = {"customer_id": 1, "at": NOW, "from": None, "to": "new", "cause": "rule"}
    task = {
        "customer_id": 1, "enrollment_id": 1, "step": "s", "pass_no": 1, "type": "call",
        "note": "", "at": NOW, "due_at": None,
    }  # fmt: skip
    consent = {"customer_id": 1, "at": NOW, "key": "email", "granted": True, "source": "page"}
    kept = [
        (ENROLLMENTS, ENROLLMENT, {"number": 2}, one_customer.enrollments_of),
        (DECISIONS, DECISION, {"kind": "left"}, one_customer.decisions_of),
        (MESSAGES, MESSAGE, {"public_id": "q", "pass_no": 2}, one_customer.messages_of),
        (STAGE_CHANGES, stage, {"to": "old"}, one_customer.stage_changes_of),
        (TASKS, task, {"pass_no": 2}, one_customer.tasks_of),
        (CONSENTS, consent, {"granted": False}, one_customer.consents_of),
    ]
    with database.write() as transaction:
        for table, row, change, read in kept:
            other = {"public_id": "r", "enrollment_id": 9} if table is MESSAGES else {}
            other |= {"enrollment_id": 9} if table is TASKS else {}
            for one in (row, row | {"customer_id": 2} | other, row | change):
                transaction.execute(table.insert(), [one])
            found = read(transaction, 1)
            (name, value), *_ = change.items()
            names = {"from": "came_from"} if read is one_customer.stage_changes_of else {}
            told = [getattr(one, names.get(name, name)) for one in found]
            assert told == [row[name], value], table.name


def test_of_one_journey_only_its_decisions_and_messages_are_told(database: Database) -> None:
    with database.write() as transaction:
        for number, journey in enumerate(("j", "k", "j")):
            transaction.execute(DECISIONS.insert(), [DECISION | {"journey": journey}])
            one = {"journey": journey, "public_id": str(number), "pass_no": number}
            transaction.execute(MESSAGES.insert(), [MESSAGE | one])
        for read in (one_customer.decisions_of, one_customer.messages_of):
            assert [row.journey for row in read(transaction, 1, "k")] == ["k"]
            assert [row.journey for row in read(transaction, 1)] == ["j", "k", "j"]


def test_events_are_told_in_the_order_in_which_they_happened(database: Database) -> None:
    def named(rows: list[Row[tuple[object, ...]]]) -> list[str]:
        return [row.name for row in rows]

    with database.write() as transaction:
        for name, hours, customer in (("C", 2, 1), ("A", 0, 1), ("B", 0, 1), ("A", 1, 2)):
            row = {
                "message_id": f"{name}{customer}",
                "name": name,
                "at": NOW + timedelta(hours=hours),
                "customer_id": customer,
            }
            transaction.insert_new(EVENTS, [EVENT | row])
        assert named(one_customer.events_of(transaction, 1)) == ["A", "B", "C"]


def test_a_reward_is_told_of_whoever_it_was_given_for_whoever_may_use_it(
    database: Database,
) -> None:
    with database.write() as transaction:
        theirs = GRANT | {"code": "theirs", "customer_id": 2, "role": "referrer"}
        transaction.insert_new(
            GRANTS, [GRANT, theirs, GRANT | {"code": "d", "referred_id": 2, "enrollment_id": 2}]
        )
        assert [row.code for row in one_customer.grants_of(transaction, 1)] == ["c", "theirs"]
