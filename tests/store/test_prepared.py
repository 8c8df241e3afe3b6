"""Prepared statements say the same as SQLAlchemy's own, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import ColumnElement, Integer, bindparam, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from orchestrator.store.changed_columns import Changes, Columns
from orchestrator.store.database import Database
from orchestrator.store.prepared import Prepared, Query, among
from orchestrator.store.tables import CUSTOMERS, EVENTS
from orchestrator.store.transaction import Transaction

NOW = datetime(2026, 3, 2, 9, 0, 0, 123, tzinfo=UTC)


def add_events(transaction: Transaction, *names: str) -> int:
    rows = [
        {
            "customer_id": number,
            "message_id": name,
            "at": NOW,
            "received_at": NOW,
            "kind": 3,
            "name": name,
            "properties": {"price": 19.9, "tags": ["é", None], "at": NOW},
            "context": {},
        }
        for number, name in enumerate(names)
    ]
    return transaction.insert_new(EVENTS, rows)


def test_what_a_prepared_query_reads_is_what_a_plain_one_reads(database: Database) -> None:
    plain = select(EVENTS).order_by(EVENTS.c.id)
    with database.write() as transaction:
        add_events(transaction, "A", "B")
        read = [tuple(row) for row in transaction.execute(plain)]
        assert list(transaction.rows(Query(plain))) == read
    assert read[0][3] == NOW


def test_new_rows_are_counted_and_known_ones_left_alone(database: Database) -> None:
    with database.write() as transaction:
        assert add_events(transaction, "A", "B") == 2
        assert add_events(transaction, "B", "C") == 1
        assert add_events(transaction) == 0


@pytest.mark.parametrize("names", [[], ["A"], ["A", "C", "no such name", "'; DROP"]])
def test_many_keys_are_one_parameter(database: Database, names: list[str]) -> None:
    query = Query(select(EVENTS.c.name).where(among(EVENTS.c.name, "names")).order_by(EVENTS.c.id))
    with database.write() as transaction:
        add_events(transaction, "A", "B", "C")
        found = [name for (name,) in transaction.rows(query, names=names)]
    assert found == [name for name in names if name in "ABC"]


def test_a_statement_is_executed_for_each_row(database: Database) -> None:
    rename = Prepared(
        update(EVENTS).where(EVENTS.c.name == bindparam("was")).values(name=bindparam("now")),
        ["was", "now"],
    )
    with database.write() as transaction:
        add_events(transaction, "A", "B", "C")
        assert transaction.run(rename, [("A", "x"), ("C", "y"), ("no such name", "z")]) == 2
        names = transaction.scalars(select(EVENTS.c.name).order_by(EVENTS.c.id)).all()
    assert names == ["x", "B", "y"]


def test_of_a_row_only_what_changed_is_written(database: Database) -> None:
    columns = Columns(CUSTOMERS, ("traits", "stage", "cursor"))
    with database.write() as transaction:
        row = {
            "external_id": "ada", "created_at": NOW, "traits": {"a": 1}, "facts": {}, "consent": {},
            "stage": "new", "applied_event_id": 0, "cursor": None,
        }  # fmt: skip
        transaction.insert(CUSTOMERS, [row])
        traits = {"a": 1}
        before = columns.fingerprint((traits, "new", None))
        traits["a"] = 2  # in place, as a time line does
        transaction.execute(update(CUSTOMERS).values(stage="somebody else wrote this"))
        changes = Changes(columns)
        changes.note(1, before, (traits, "new", NOW))
        changes.write(transaction)
        c = CUSTOMERS.c
        stored = transaction.execute(select(c.traits, c.stage, c.cursor)).one()
    assert tuple(stored) == ({"a": 2}, "somebody else wrote this", NOW)


def test_for_no_row_nothing_is_executed_and_none_is_counted(database: Database) -> None:
    renamed = update(EVENTS).where(EVENTS.c.id == bindparam("key")).values(name=bindparam("new"))
    with database.write() as transaction:
        assert Prepared(renamed, ["new", "key"]).run(transaction.connection, []) == 0


class Counted(ColumnElement[int]):
    """Counts how often it is compiled."""

    inherit_cache = False
    type = Integer()
    times = 0


@compiles(Counted)
def _compile_counted(element: Counted, compiler: SQLCompiler, **options: object) -> str:
    element.times += 1
    return "1"


def test_a_second_database_of_a_kind_takes_what_was_compiled_for_the_first(
    database: Database,
) -> None:
    one = Counted()
    query = Query(select(EVENTS.c.name, one.label("one")))
    other = Database(database.url)
    for opened in (database, other, database):
        with opened.write() as transaction:
            add_events(transaction, "A")
            assert list(transaction.rows(query)) == [("A", 1)]
    other.close()
    assert one.times == 1
