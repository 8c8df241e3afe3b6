"""When processes that lease messages were last seen."""

from __future__ import annotations

from datetime import timedelta

from orchestrator.store import workers
from orchestrator.store.database import Database
from tests.store.rows import NOW

LATER = NOW + timedelta(seconds=30)


def test_a_process_was_last_seen_at_its_last_beat_and_an_unknown_one_never(
    database: Database,
) -> None:
    with database.write() as transaction:
        for at in (NOW, LATER):
            workers.beat(transaction, "one", "up 1", at)
        workers.beat(transaction, "two", "up 2", NOW)
        assert workers.last_beat(transaction, "one") == LATER
        assert workers.last_beat(transaction, "two") == NOW
        assert workers.last_beat(transaction, "three") is None


def test_a_process_that_is_forgotten_leaves_the_others_known(database: Database) -> None:
    with database.write() as transaction:
        for token in ("one", "two"):
            workers.beat(transaction, token, "up", NOW)
        workers.forget(transaction, "one")
        assert workers.last_beat(transaction, "one") is None
        assert workers.last_beat(transaction, "two") == NOW
