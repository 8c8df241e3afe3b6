"""The figures behind `status`."""

from __future__ import annotations

from datetime import timedelta

from orchestrator.store import figures
from orchestrator.store.database import Database
from orchestrator.store.figures import TakenBy
from orchestrator.store.tables import DECISIONS, ENROLLMENTS, EVENTS, MESSAGES, REJECTIONS
from tests.store.rows import DECISION, ENROLLMENT, EVENT, MESSAGE, NOW, add_customer

EARLIER = NOW - timedelta(hours=1)


def test_people_are_counted_by_stage_without_those_who_were_merged(database: Database) -> None:
    with database.write() as transaction:
        for number, stage in enumerate(("new", "new", None, "loyal")):
            add_customer(transaction, external_id=f"c{number}", stage=stage)
        add_customer(transaction, external_id="x", stage="new", merged_into=1)
        assert figures.count_stages(transaction) == {"new": 2, "": 1, "loyal": 1}
        assert len(list(figures.walk_customers(transaction))) == 4


def test_who_is_inside_is_counted_by_journey(database: Database) -> None:
    places = [("j", "active"), ("j", "active"), ("j", "exited"), ("k", "completed")]
    with database.write() as transaction:
        for number, (journey, status) in enumerate(places):
            row = {"journey": journey, "status": status, "number": number}
            transaction.execute(ENROLLMENTS.insert(), [ENROLLMENT | row])
        assert figures.count_inside(transaction) == {"j": 2}


def test_refused_calls_are_counted_by_code(database: Database) -> None:
    call = {"received_at": NOW, "source": "api", "reason": "", "raw": b"{}"}
    with database.write() as transaction:
        for code in ("invalid_json", "no_id", "no_id"):
            transaction.execute(REJECTIONS.insert(), [call | {"code": code}])
        assert figures.count_rejections(transaction) == {"invalid_json": 1, "no_id": 2}


def test_messages_are_counted_by_what_became_of_them(database: Database) -> None:
    kinds = [
        ("j", "accepted", "", NOW), ("j", "accepted", "", EARLIER), ("j", "not_sent", "caps", NOW),
        ("j", "not_sent", "caps", NOW), ("k", "not_sent", "no_consent", NOW),
    ]  # fmt: skip
    with database.write() as transaction:
        for number, (journey, state, reason, at) in enumerate(kinds):
            row = {
                "public_id": str(number), "enrollment_id": number, "journey": journey,
                "state": state, "reason": reason, "decided_at": at, "channel": "main",
            }  # fmt: skip
            transaction.execute(MESSAGES.insert(), [MESSAGE | row])
        assert figures.count_messages_since(transaction, NOW, journey="j") == {
            "accepted": 1,
            "not_sent": 2,
        }
        refused = {tuple(row) for row in figures.count_refused_messages(transaction)}
        assert refused == {("main", "j", "caps", 2), ("main", "k", "no_consent", 1)}
        ways = figures.ways_of_steps(transaction, ["j"])
        assert ways == {("j", "s"): TakenBy("email", "main")}
        assert figures.ways_of_steps(transaction, []) == {}


def test_what_never_became_a_message_is_counted_and_listed_the_newest_first(
    database: Database,
) -> None:
    refused = DECISION | {"kind": "not_sent", "step": "s", "reason": "no_consent"}
    template = {"template": "hello"}
    decided = [
        {"detail": template, "at": EARLIER},
        {"detail": template, "at": NOW, "journey": "k"},
        {"detail": template, "at": NOW},
        {"detail": {}},  # a reward
        {"detail": {**template, "message": "p"}},  # it stands in the ledger
        {"detail": template, "kind": "queued"},
    ]
    with database.write() as transaction:
        add_customer(transaction, external_id="ada")
        for row in decided:
            transaction.execute(DECISIONS.insert(), [refused | row])
        counted = {tuple(row) for row in figures.count_unsent(transaction)}
        listed = figures.list_unsent(transaction, "j", 10)
        newest = figures.list_unsent(transaction, None, 1)
    assert counted == {
        ("not_sent", "j", "s", "no_consent", None, 2),
        ("not_sent", "k", "s", "no_consent", None, 1),
    }
    assert [(row.at, row.template, row.external_id) for row in listed] == [
        (NOW, "hello", "ada"),
        (EARLIER, "hello", "ada"),
    ]
    assert [row.at for row in newest] == [NOW]


def test_events_are_walked_by_their_names(database: Database) -> None:
    with database.write() as transaction:
        for name in "ABCA":
            transaction.execute(EVENTS.insert(), [EVENT | {"name": name, "message_id": None}])
        assert [event.name for event in figures.walk_events(transaction, ["A", "C"])] == [
            "A",
            "C",
            "A",
        ]
