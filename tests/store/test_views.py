"""The views: what the engine writes, as people's own tools read it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import inspect, select, text
from sqlalchemy.engine import make_url

from orchestrator.domain.assignment import choose
from orchestrator.store.database import Database
from orchestrator.store.migrate import migrate
from orchestrator.store.tables import EVENTS
from orchestrator.store.upgrade import alembic_config
from orchestrator.store.views import VIEWS, view
from tests.store.rows import EVENT, add_customer
from tests.support.life import after_start
from tests.support.project import CONSENTING
from tests.support.shop import Shop

JOURNEYS = (
    """
journey: cart
trigger: {event: Added}
reentry: always
holdout: 50%
goal: {event: Order Completed, within: 5d, value: event.total}
steps:
  - delay: 1h
  - split:
      - {variant: a, share: 50, then: [{email: short}]}
      - {variant: b, share: 50, then: [{email: long}]}
""",
)


def of_group(word: str, shares: list[tuple[str, float]], step: str) -> str:
    """A customer who is drawn into a group of the journey."""
    names = (f"c{number}" for number in range(1000))
    return next(name for name in names if choose(shares, "cart", step, name) == word)


HELD = of_group("held out", [("held out", 50), ("treated", 50)], "holdout")
TREATED = of_group("treated", [("held out", 50), ("treated", 50)], "holdout")


@pytest.fixture
def shop(migrated_url: str, tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, migrated_url, JOURNEYS)
    for name in (HELD, TREATED):
        opened.identify("0s", name, email=f"{name}@example.com")
        opened.track("1m", "Added", name)
        opened.track("2h", "Order Completed", name, order_id=17, total=60.5, currency="eur")
        opened.track("3d", "Order Refunded", name, order_id="17", total=10)
    opened.tick("61m")
    opened.tick("4d")
    yield opened
    opened.close()


def read(shop: Shop, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of a view, its times as the time after the start."""
    found = view(name)
    query = select(*(found.c[one] for one in columns)).order_by(found.c.user_id)
    with shop.context.database.read() as transaction:
        rows = [tuple(row) for row in transaction.execute(query)]
    return [tuple(after_start(v) if isinstance(v, datetime) else v for v in row) for row in rows]


def pair(held: Any, treated: Any) -> list[Any]:
    """In the order of their ids."""
    return [one for _, one in sorted([(HELD, held), (TREATED, treated)])]


def test_a_message_says_when_it_left_and_knows_nothing_of_receipts(shop: Shop) -> None:
    columns = "user_id", "timestamp", "journey", "medium", "state", "opened_at"
    assert read(shop, "sends", *columns) == [(TREATED, "1h 1m", "cart", "email", "accepted", None)]


def test_an_entry_knows_its_first_message_or_when_it_was_held_out(shop: Shop) -> None:
    columns = "user_id", "timestamp", "held_out", "first_message_at", "converted_at", "value"
    assert read(shop, "entries", *columns) == pair(
        (HELD, "1m", True, "1h 1m", "2h", 60.5), (TREATED, "1m", False, "1h 1m", "2h", 60.5)
    )


def test_a_conversion_knows_whether_a_message_was_before_it(shop: Shop) -> None:
    columns = "user_id", "timestamp", "held_out", "entered_at", "first_message_at", "value"
    assert read(shop, "conversions", *columns) == pair(
        (HELD, "2h", True, "1m", "1h 1m", 60.5), (TREATED, "2h", False, "1m", "1h 1m", 60.5)
    )


def test_exposures_are_those_of_holdouts_at_the_entry_and_of_splits_at_the_fork(
    shop: Shop,
) -> None:
    rows = set(read(shop, "exposures", "user_id", "timestamp", "experiment_id", "variation_id"))
    ((step,),) = shop.rows("SELECT DISTINCT step FROM decisions WHERE reason = 'variant'")
    shares = [("a", 50.0), ("b", 50.0)]
    assert rows == {
        (HELD, "1m", "cart/holdout", "held out"),
        (TREATED, "1m", "cart/holdout", "treated"),
        (HELD, "1h 1m", f"cart/{step}", choose(shares, "cart", step, HELD)),
        (TREATED, "1h 1m", f"cart/{step}", choose(shares, "cart", step, TREATED)),
    }
    assert list(view("exposures").c.keys())[:4] == [
        "user_id", "timestamp", "experiment_id", "variation_id",
    ]  # fmt: skip


def test_the_control_group_of_the_whole_project_is_an_experiment_of_its_own(
    migrated_url: str, tmp_path: Path
) -> None:
    toml = CONSENTING + '[holdout]\nglobal = "100%"\n'
    shop = Shop(tmp_path, migrated_url, JOURNEYS, {"toml": toml})
    shop.identify("0s", TREATED, email="a@example.com")
    shop.track("1m", "Added", TREATED)
    shop.tick("2h")
    columns = "user_id", "timestamp", "experiment_id", "variation_id", "enrollment_id"
    rows = read(shop, "exposures", *columns)
    assert (TREATED, "1m", "holdout", "held out", None) in rows
    assert "cart/holdout" not in {row[2] for row in rows}
    assert read(shop, "entries", "held_out", "first_message_at") == [(True, "1h 1m")]
    shop.close()


def test_who_turns_out_to_be_known_was_drawn_when_they_entered(
    migrated_url: str, tmp_path: Path
) -> None:
    shop = Shop(tmp_path, migrated_url, JOURNEYS)
    shop.call("0s", "track", None, anonymousId="x", event="Added", properties={})
    shop.tick("1m")
    shop.call("2m", "identify", TREATED, anonymousId="x", traits={})
    shop.track("2m", "Added", TREATED)
    shop.tick("40m")
    rows = read(shop, "exposures", "user_id", "timestamp", "experiment_id")
    assert rows == [(TREATED, "0s", "cart/holdout")]
    shop.close()


def test_orders_and_refunds_are_read_as_the_shop_wrote_them(shop: Shop) -> None:
    columns = "user_id", "timestamp", "order_id", "kind", "amount", "currency"
    rows = read(shop, "orders", *columns)
    assert sorted(row for row in rows if row[0] == HELD) == [
        (HELD, "2h", "17", "order", 60.5, "EUR"),
        (HELD, "3d", "17", "refund", 10.0, None),
    ]


def test_stages_are_told_without_segments(migrated_url: str, tmp_path: Path) -> None:
    shop = Shop(tmp_path, migrated_url, JOURNEYS)
    shop.track("0s", "Order Completed", "ada")
    shop.tick("1s")
    columns = "user_id", "timestamp", "came_from", "stage", "cause"
    assert read(shop, "stages", *columns) == [("ada", "0s", None, "new_customer", "event")]
    shop.close()


#: A total as a shop may send it, and the amount that it is.
TOTALS = [
    (12, 12.0), (12.5, 12.5), ("12.50", 12.5), (" 7 ", 7.0), ("-3.", -3.0), ("+.5", 0.5),
    ("1e2", 100.0), ("1.2.3", None), ("12 €", None), ("", None), ("+", None), ("1-2", None),
    (True, None), (None, None), ([1], None), ("9" * 51, None),
]  # fmt: skip


def test_an_amount_is_read_out_of_whatever_a_shop_sends(database: Database) -> None:
    with database.write() as transaction:
        add_customer(transaction)
        for number, (total, _) in enumerate(TOTALS):
            row = {"message_id": str(number), "name": "Order Completed"}
            transaction.execute(EVENTS.insert(), [EVENT | row | {"properties": {"total": total}}])
        orders = view("orders")
        found = transaction.scalars(select(orders.c.amount).order_by(orders.c.event_id)).all()
    assert found == [amount for _, amount in TOTALS]


def test_other_tools_read_the_views_of_sqlite_without_our_functions(
    database: Database,
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL has our functions in itself")
    with database.write() as transaction:
        add_customer(transaction)
        row = {"name": "Order Completed", "properties": {"total": "5.5"}}
        transaction.execute(EVENTS.insert(), [EVENT | row])
    with sqlite3.connect(str(make_url(database.url).database)) as plain:
        counts = {name: len(plain.execute(f"SELECT * FROM {name}").fetchall()) for name in VIEWS}
    assert counts["orders"] == 1


def test_a_database_of_an_older_version_gets_the_views(database_url: str) -> None:
    database = Database(database_url)
    command.upgrade(alembic_config(database), "0007")
    migrate(database)
    with database.read() as transaction:
        assert set(inspect(transaction.connection).get_view_names()) >= set(VIEWS)
        for name in VIEWS:
            assert transaction.execute(text(f"SELECT * FROM {name}")).all() == []
    database.close()
