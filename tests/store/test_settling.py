"""What a person says of messages: which failed ones leave again, and what became of unknown ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select

from orchestrator.store.database import Database
from orchestrator.store.settling import Ruling, Which, find_failed, retry, settle_by_hand
from orchestrator.store.tables import DECISIONS, MESSAGES
from tests.store.rows import MESSAGE, NOW

LATER = NOW + timedelta(hours=2)


@pytest.fixture
def failed(database: Database) -> Database:
    """Four messages: two that failed, one of them past its time by now; one that was rejected, and
    one that left."""
    times = [NOW + timedelta(hours=3), NOW + timedelta(hours=1), None, None]
    states = ["failed", "failed", "rejected", "accepted"]
    with database.write() as transaction:
        for number, (state, expires) in enumerate(zip(states, times, strict=True)):
            name = "abcd"[number]
            row = {
                "public_id": name, "pass_no": number, "state": state, "expires_at": expires,
                "reason": f"said {name.upper()}", "code": f"5{number}", "attempts": 4,
                "settled_at": NOW + timedelta(minutes=number), "journey": "jk"[number % 2],
                "channel": "email" if number else "other",
            }  # fmt: skip
            transaction.execute(MESSAGES.insert(), [MESSAGE | row])
    return database


def ledger(database: Database) -> dict[str, Row[Any]]:
    with database.read() as transaction:
        return {row.public_id: row for row in transaction.execute(select(MESSAGES))}


@pytest.mark.parametrize(
    ("which", "again"),
    [
        (Which(), ["a", "c"]),
        (Which(journey="j"), ["a", "c"]),
        (Which(journey="k"), []),
        (Which(channel="other"), ["a"]),
        (Which(reason="SAID c"), ["c"]),
        (Which(reason="50"), ["a"]),  # its code
        (Which(since=NOW + timedelta(minutes=2)), ["c"]),
        (Which(["c"]), ["c"]),
    ],
)
def test_what_is_named_and_still_worth_sending_leaves_again(
    failed: Database, which: Which, again: list[str]
) -> None:
    assert find_failed(failed, which, LATER, expired=False).again == again
    assert retry(failed, which, LATER, expired=False).again == again
    after = ledger(failed)
    queued = [name for name, row in after.items() if row.state == "queued"]
    assert queued == again
    assert all((after[name].attempts, after[name].not_before) == (0, LATER) for name in again)
    with failed.read() as transaction:
        told = transaction.execute(select(DECISIONS).order_by(DECISIONS.c.id)).all()
    assert [(row.detail["message"], row.detail["verdict"]) for row in told] == [
        (name, "retry") for name in again
    ]


def test_what_cannot_be_sent_again_is_told_by_its_reason(failed: Database) -> None:
    found = find_failed(failed, Which(["b", "d", "x"]), LATER, expired=False)
    assert found.again == []
    assert found.expired == ["b"]
    assert found.others == {"d": "accepted"}
    assert found.missing == ["x"]


def test_a_message_past_its_time_has_its_time_anew_when_it_is_asked_for(failed: Database) -> None:
    found = retry(failed, Which(["a", "b"]), LATER, expired=True)
    assert (found.again, found.expired) == (["a", "b"], ["b"])
    after = ledger(failed)
    assert after["b"].expires_at == LATER + timedelta(hours=1)
    assert after["a"].expires_at == NOW + timedelta(hours=3)  # it was in time anyway


def test_at_its_very_end_a_message_is_still_in_time(failed: Database) -> None:
    end = NOW + timedelta(hours=1)
    assert find_failed(failed, Which(["b"]), end, expired=False).again == ["b"]


@pytest.mark.parametrize(
    ("ruling", "state"),
    [(Ruling.SENT, "accepted"), (Ruling.AGAIN, "queued"), (Ruling.DROP, "not_sent")],
)
@pytest.mark.parametrize("ids", [["a", "b", "x"], None])
def test_a_ruling_is_about_unknown_messages_only(
    database: Database, ids: list[str] | None, ruling: Ruling, state: str
) -> None:
    with database.write() as transaction:
        for number, was in enumerate(["unknown", "leased"]):
            row = {"public_id": "ab"[number], "pass_no": number, "state": was}
            transaction.execute(MESSAGES.insert(), [MESSAGE | row])
    found = settle_by_hand(database, ids, ruling, LATER)
    after = ledger(database)
    assert (after["a"].state, after["b"].state) == (state, "leased")
    assert found.done == ["a"]
    assert found.others == ({"b": "leased"} if ids else {})
    assert found.missing == (["x"] if ids else [])
    with database.read() as transaction:
        (told,) = transaction.execute(select(DECISIONS)).all()
    assert (told.reason, told.detail) == ("by hand", {"message": "a", "verdict": str(ruling)})
