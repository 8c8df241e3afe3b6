"""Databases of earlier versions: what is in them is brought along, and told as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import select

from orchestrator.domain.reasons import Reason
from orchestrator.measure.decisions_told import Reading, Teller
from orchestrator.measure.happened import Happened
from orchestrator.store.database import Database
from orchestrator.store.migrate import migrate, newest_revision
from orchestrator.store.one_customer import decisions_of
from orchestrator.store.tables import DECISIONS, ENROLLMENTS
from orchestrator.store.upgrade import alembic_config

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
UNTIL = (NOW + timedelta(days=2)).isoformat()
MISSING = "customer.ends is missing"

#: Rows as version 5972fd7 and those after it wrote them, and how their `explain` told them.
OLD: list[tuple[str, str, dict[str, Any], str]] = [
    ("entered", "", {}, "enters"),
    ("entered", "held out", {}, "enters, held out: in the control group, so nothing is done"),
    ("ignored", "already inside", {}, "is not let in: already inside"),
    ("ignored", "only_if: entry.n > 1", {},
     "is not let in: `only_if` does not hold (entry.n > 1)"),
    ("restarted", "again, pass 2", {}, "begins again, pass 2"),
    ("waiting", "step", {"until": UNTIL}, "waits until Wed 2026-01-07 10:00:00"),
    ("waiting", "no_consent", {}, "waits: no consent yet"),
    ("waiting", "the journey was edited", {}, "now waits: the journey was edited"),
    ("queued", "email", {"template": "hi"}, "email hi is to be sent"),
    ("deferred", "frequency_cap", {}, "the message is held back by the frequency cap"),
    ("not_sent", "no_consent", {"template": "hi"}, "hi is not sent: no consent"),
    ("not_sent", "suppressed: hard bounce: 5.1.1", {"template": "hi"},
     "hi is not sent: suppressed: hard bounce: 5.1.1"),
    ("not_sent", "left before: Order: 7", {"message": "m"},
     "the message is not sent: left before: Order: 7"),
    ("not_sent", "referrer already rewarded", {},
     "the message is not sent: referrer already rewarded"),
    ("expired", "quiet_hours", {"template": "hi"},
     "hi expired while it was held back by quiet hours"),
    ("branched", "timed out", {}, "waited in vain"),
    ("branched", "Order Completed came", {}, "the wait is over: Order Completed came"),
    ("branched", "variant b", {}, "is given the variant b"),
    ("branched", "else", {}, "goes the other way, as no condition before it holds"),
    ("branched", "no branch holds", {}, "goes on, as no condition of the branch holds"),
    ("branched", "customer.orders >= 2", {}, "goes the way of `customer.orders >= 2`"),
    ("branched", "the date is past: later skipped", {},
     "goes on: the date is past: later skipped"),
    ("branched", "the date is past: end skipped", {}, "goes on: the date is past: end skipped"),
    ("no_date", f"{MISSING}; later is skipped", {"lack": "missing"},
     f"has no date: {MISSING}; later is skipped"),
    ("no_date", f"{MISSING}; goes on", {"lack": "missing"}, f"has no date: {MISSING}; goes on"),
    ("no_date", f"{MISSING}; leaves", {"lack": "missing"}, f"has no date: {MISSING}; leaves"),
    ("no_date", "vars.d is more than a hundred years ahead; leaves", {"lack": "too_far"},
     "has no date: vars.d is more than a hundred years ahead; leaves"),
    ("changed", "set a, b", {}, "keeps in mind: a, b"),
    ("changed", "update plan", {}, "the customer's data change: plan"),
    ("changed", "topic:offers: yes", {}, "topic:offers: yes"),
    ("changed", "marketing: no", {}, "marketing: no"),
    ("changed", "no marketing for a while", {}, "no marketing for a while"),
    ("changed", "emits Points Earned", {}, "emits Points Earned"),
    ("changed", "by hand", {"message": "m", "verdict": "again"},
     "a person settles a message: queue it again"),
    ("granted", "coupon for customer", {}, "gets a coupon"),
    ("granted", "reward for referrer", {}, "a reward goes to the referrer"),
    ("task", "call", {}, "a task for a person: call"),
    ("held_out", "sms", {"template": "hi"}, "sms hi is not done: in the control group"),
    ("held_out", "coupon", {}, "coupon is not done: in the control group"),
    ("converted", "Order Completed", {"value": 80.5},
     "reaches the goal: Order Completed, worth 80.5"),
    ("converted", "goal", {"value": None}, "reaches the goal: goal"),
    ("unreadable", "the email trait is no address that mail can go to", {},
     "cannot be reached: the email trait is no address that mail can go to"),
    ("overtaken", "decided before Paid, identify was known", {},
     "decided before Paid, identify was known"),
    ("overtaken", "decided before who the customer is was known", {},
     "decided before who the customer is was known"),
    ("reopened", "converted is taken back: Paid came late", {},
     "converted is taken back: Paid came late"),
    ("stuck", "KeyError", {},
     "could not be looked at, by a fault of Parcours (KeyError): it is tried again within the hour"),
    ("left", "end of the journey", {"status": "completed"}, "reached the end"),
    ("left", "Order Completed", {"status": "converted"},
     "left: the goal was reached (Order Completed)"),
    ("left", "customer.vip", {"status": "filtered"},
     "left: `only_if` no longer holds (customer.vip)"),
    ("left", "customer.orders > 3", {"status": "exited"}, "leaves (customer.orders > 3)"),
    ("left", "the journey no longer exists", {"status": "exited"},
     "leaves (the journey no longer exists)"),
    ("left", "more than 100 steps in one instant", {"status": "exited"},
     "leaves (more than 100 steps in one instant)"),
    ("left", "merged", {}, "left: merged into another enrollment"),
]  # fmt: skip


@pytest.fixture
def old_database(database_url: str) -> Iterator[Database]:
    """A database of the version before the list of reasons."""
    database = Database(database_url)
    command.upgrade(alembic_config(database), "0007")
    yield database
    database.close()


def test_the_last_file_of_the_migrations_is_the_newest_for_alembic_too(
    database: Database,
) -> None:
    scripts = ScriptDirectory.from_config(alembic_config(database))
    assert scripts.get_heads() == [newest_revision()]


def write_decisions(database: Database, *rows: dict[str, Any]) -> None:
    same = {"customer_id": 1, "enrollment_id": 1, "at": NOW, "journey": "j", "step": "step"}
    with database.write() as transaction:
        transaction.execute(DECISIONS.insert(), [same | row for row in rows])


def test_decisions_that_were_sentences_are_told_as_before(old_database: Database) -> None:
    write_decisions(
        old_database,
        *({"kind": kind, "reason": reason, "detail": detail} for kind, reason, detail, _ in OLD),
    )
    migrate(old_database)
    with old_database.read() as transaction:
        found = decisions_of(transaction, 1)
    teller = Teller(Reading(ZoneInfo("UTC")), Happened())
    assert [teller.tell(row) for row in found] == [told for *_, told in OLD]
    assert {row.reason for row in found} <= set(Reason)


def test_the_facts_that_stood_in_a_sentence_stand_beside_the_others(old_database: Database) -> None:
    write_decisions(
        old_database,
        {"kind": "queued", "reason": "email", "detail": {"template": "hi"}},
        {"kind": "converted", "reason": "Paid", "detail": {"value": None}},
        {"kind": "left", "reason": "merged", "detail": {}},
    )
    migrate(old_database)
    with old_database.read() as transaction:
        found = [(row.reason, row.detail) for row in decisions_of(transaction, 1)]
    assert found == [
        ("", {"template": "hi", "medium": "email"}),
        ("goal", {"value": None, "rule": "Paid"}),
        ("merged", {"status": "merged"}),
    ]


def test_what_goals_were_worth_is_taken_from_the_decisions(old_database: Database) -> None:
    worth = [12, 80.5, "many", True, None]
    same = {
        "journey": "j", "version": "v", "number": 1, "entered_at": NOW, "entry": {}, "pass_no": 1,
        "held_out": False, "variables": {}, "status": "converted", "reason": "Paid",
        "converted_at": NOW,
    }  # fmt: skip
    with old_database.write() as transaction:
        rows = [same | {"customer_id": number} for number in range(len(worth))]
        # the version before has no column for it
        old = ENROLLMENTS.insert().values(dict.fromkeys(rows[0]))
        transaction.execute(old, rows)
    for number, value in enumerate(worth):
        said = {"kind": "converted", "reason": "Paid", "detail": {"value": value}}
        write_decisions(old_database, said | {"enrollment_id": number + 1})
    stale = {"kind": "converted", "reason": "Paid", "detail": {"value": 99}, "enrollment_id": 1}
    write_decisions(old_database, stale | {"at": NOW - timedelta(days=1)})
    migrate(old_database)
    with old_database.read() as transaction:
        found = transaction.execute(select(ENROLLMENTS.c.goal_value).order_by(ENROLLMENTS.c.id))
        assert list(found.scalars()) == [12.0, 80.5, None, None, None]
