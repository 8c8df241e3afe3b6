"""The log of events, as customers' lines are read from it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestrator.domain.event import Event, Kind
from orchestrator.domain.values import INSTANT
from orchestrator.store import events
from orchestrator.store.database import Database
from orchestrator.store.tables import EVENTS
from tests.store.rows import EVENT, NOW, add_customer

DAY = timedelta(days=1)


@pytest.fixture
def log(database: Database) -> Database:
    """Ada's and Bob's events; all but the last are on their lines."""
    happened = [
        (1, "A", NOW - 3 * DAY), (1, "A", NOW - DAY), (1, "A", NOW - DAY + INSTANT),
        (2, "A", NOW - DAY + INSTANT), (1, "B", NOW - 90 * DAY), (1, "C", NOW - INSTANT),
    ]  # fmt: skip
    with database.write() as transaction:
        for name in ("ada", "bob"):
            add_customer(transaction, external_id=name, applied_event_id=len(happened))
        for number, (customer, name, at) in enumerate([*happened, (1, "A", NOW - INSTANT)]):
            row = {
                "customer_id": customer, "name": name, "at": at, "message_id": str(number),
                "properties": {"number": number},
            }  # fmt: skip
            transaction.execute(EVENTS.insert(), [EVENT | row])
    return database


def places(found: dict[int, list[Event]]) -> dict[int, list[tuple[str, datetime]]]:
    return {key: [(one.name, one.at) for one in some] for key, some in found.items()}


def test_of_the_past_only_what_windows_reach_is_read_in_order(log: Database) -> None:
    with log.read() as transaction:
        windows = {"A": DAY, "B": None}
        found = events.past_events(transaction, [1, 2], windows, NOW, told=["B"])
        assert events.past_events(transaction, [1, 2], {}, NOW, told=[]) == {}
    assert places(found) == {
        1: [("B", NOW - 90 * DAY), ("A", NOW - DAY + INSTANT)],
        2: [("A", NOW - DAY + INSTANT)],
    }
    assert [one.properties for one in found[1]] == [{"number": 4}, {}]


def test_what_is_not_on_its_line_yet_is_new(log: Database) -> None:
    with log.read() as transaction:
        found = events.new_events(transaction, [1, 2])
    ((only,),) = found.values()
    assert (list(found), only.event.name, only.event.at) == ([1], "A", NOW - INSTANT)
    assert (only.received_at, only.absorbed_id, only.event.arrival) == (NOW, None, 7)


def test_the_whole_past_and_events_of_a_name_are_one_customers(log: Database) -> None:
    with log.read() as transaction:
        past = events.whole_past(transaction, 1, 6)
        named = events.named_events(transaction, [1, 2], ["A"])
        assert events.named_events(transaction, [1], []) == {}
    assert [one.arrival for one in past] == [5, 1, 2, 3, 6]
    assert {key: [one.arrival for one in some] for key, some in named.items()} == {
        1: [1, 2, 3, 7],
        2: [4],
    }


def test_what_parcours_puts_on_a_line_itself_is_its_customers_and_nobody_elses(
    database: Database,
) -> None:
    own = Event(NOW, Kind.EMITTED, "Reward Granted", {"code": "c"})
    with database.write() as transaction:
        add_customer(transaction)
        transaction.insert_new(EVENTS, [events.own_event(1, own, NOW + DAY)])
        ((new,),) = events.new_events(transaction, [1]).values()
    assert (new.event.kind, new.event.name, new.event.properties) == (
        Kind.EMITTED,
        "Reward Granted",
        {"code": "c"},
    )
    assert (new.event.own, new.event.unnamed, new.received_at) == (True, False, NOW + DAY)
