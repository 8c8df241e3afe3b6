"""The tables: as declared on both databases, each hot statement on its index, repeats harmless,
times intact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta, timezone
from functools import partial
from random import randrange
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Table, event, inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import SQLModel

from orchestrator.store import (
    customers,
    due,
    events,
    figures,
    messages,
    settings,
    visitors,
    webhooks,
)
from orchestrator.store.database import Database
from orchestrator.store.migrate import migrate
from orchestrator.store.tables import (
    ADDRESS_CHOICES,
    CONSENTS,
    CUSTOMERS,
    EVENTS,
    GRANTS,
    MESSAGES,
    OWNED,
    SUPPRESSIONS,
)
from orchestrator.store.transaction import Transaction
from orchestrator.store.upgrade import alembic_config
from tests.store.rows import EVENT, GRANT, MESSAGE, NOW, add_customer

# ---------------------------------------------------------------- schema


def test_a_migrated_database_is_what_the_tables_declare(database: Database) -> None:
    with database.read() as connection:
        options: dict[str, Any] = {"compare_type": _kinds_differ}
        if database.is_sqlite:
            options["include_object"] = _can_be_compared
        context = MigrationContext.configure(connection.connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_row_is_known_by_the_same_columns_as_the_tables_declare(database: Database) -> None:
    with database.read() as transaction:
        found = inspect(transaction.connection)
        for table in SQLModel.metadata.sorted_tables:
            key = found.get_pk_constraint(table.name)["constrained_columns"]
            assert (table.name, key) == (table.name, [one.name for one in table.primary_key])


def _can_be_compared(_object: Any, name: str | None, *_more: Any) -> bool:
    """SQLite does not tell that a column of an index descends; the plan of the statement that
    needs it does.
    """
    return name != "messages_due"


def _kinds_differ(_context: Any, _old: Any, _new: Any, found: Any, declared: Any) -> bool:
    """Types by what they hold: JSON, times and numbers have other names in each database."""
    impl = getattr(declared, "impl_instance", declared)
    if found._type_affinity is impl._type_affinity:
        return False
    return {str(found).upper(), str(impl).upper()} != {"JSONB", "JSON"}


def test_every_column_that_says_whose_a_row_is_is_on_the_list_of_who_merges_and_erases() -> None:
    whose = {
        column
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if column.name in ("customer_id", "referred_id")
    }
    assert whose == set(OWNED)


def test_migrating_twice_does_nothing(database: Database) -> None:
    migrate(database)
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1


# ---------------------------------------------------------------- types


def test_a_time_comes_back_as_it_was_in_utc(database: Database) -> None:
    # An instant that nothing has written: the text of one that was is known in every zone.
    here = NOW.replace(microsecond=randrange(10**6))
    elsewhere = here.astimezone(timezone(timedelta(hours=13, minutes=45)))
    with database.write() as connection:
        settings_at = {"external_id": "a", "created_at": elsewhere, "next_due_at": here}
        add_customer(connection, **settings_at)
        row = connection.execute(CUSTOMERS.select()).one()
    assert row.created_at == row.next_due_at == here
    assert row.created_at.tzinfo is UTC or row.created_at.utcoffset() == timedelta(0)
    assert row.cursor is None


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with (
        pytest.raises(StatementError, match="a naive time cannot be stored"),
        database.write() as connection,
    ):
        add_customer(connection, created_at=NOW.replace(tzinfo=None))


def test_times_are_compared_by_their_instant(database: Database) -> None:
    moments = [
        NOW,
        NOW + timedelta(microseconds=1),
        NOW.replace(microsecond=0),
        NOW + timedelta(days=1),
    ]
    with database.write() as connection:
        for number, at in enumerate(moments):
            add_customer(connection, external_id=str(number), next_due_at=at)
        assert customers.next_due(connection) == NOW.replace(microsecond=0)
        assert customers.claim_due(connection, NOW, 10) == [3, 1]


def test_what_is_remembered_comes_back(database: Database) -> None:
    with database.write() as connection:
        settings.write(connection, "key", NOW.isoformat())
        settings.write(connection, "key", (NOW + timedelta(days=1)).isoformat())
    with database.read() as connection:
        assert settings.read_time(connection, "key") == NOW + timedelta(days=1)
        assert settings.read_time(connection, "other") is None


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as connection:
            add_customer(connection)
            raise LookupError

    with pytest.raises(LookupError):
        write_and_fail()
    with database.read() as connection:
        assert customers.count_customers(connection) == 0


# ---------------------------------------------------------------- repeats


@pytest.mark.parametrize(
    ("table", "row", "again"),
    [
        (EVENTS, EVENT, {"name": "B"}),
        (MESSAGES, MESSAGE, {"public_id": "q"}),  # the same enrollment, step and pass
        (MESSAGES, MESSAGE, {"enrollment_id": 2}),  # the same id
        (GRANTS, GRANT, {"code": "d"}),  # the same enrollment, step, pass and role
        (GRANTS, GRANT, {"code": "d", "enrollment_id": 2}),  # rewarded in that role already
    ],
)
def test_what_must_happen_once_is_written_once(
    database: Database, table: Table, row: dict[str, Any], again: dict[str, Any]
) -> None:
    with database.write() as connection:
        connection.insert_new(table, [row])
        connection.insert_new(table, [row | again])
        rows = connection.execute(table.select()).all()
    assert len(rows) == 1


def test_a_coupon_may_be_given_more_than_once_a_reward_may_not(database: Database) -> None:
    with database.write() as connection:
        coupon = GRANT | {"is_reward": False}
        connection.insert_new(GRANTS, [coupon, coupon | {"code": "d", "enrollment_id": 2}])
        assert len(connection.execute(GRANTS.select()).all()) == 2


def test_a_customer_is_one_row_and_an_anonymous_of_the_same_id_another(database: Database) -> None:
    with database.write() as connection:
        add_customer(connection)
        add_customer(connection, anonymous=True)
    with pytest.raises(IntegrityError), database.write() as connection:
        add_customer(connection)


# ---------------------------------------------------------------- plans


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed meanwhile, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        seen.append((statement, parameters[0] if many else parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def plan(
    database: Database, connection: Transaction, ask: Callable[[], object], *, forced: bool = True
) -> str:
    """How the database finds the rows of the last statement that `ask` executes; `forced`:
    whatever its tables hold.
    """
    with statements(database) as seen:
        ask()
    statement, parameters = seen[-1]
    if database.is_sqlite:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "\n".join(str(row[-1]) for row in rows)
    for way in (
        ("seqscan", "bitmapscan") if forced else ()
    ):  # most tables here are too small to need an index
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    return "\n".join(
        str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
    )


@pytest.fixture
def busy(database: Database) -> Database:
    """A database with so many customers and events that a planner cares."""
    with database.write() as connection:
        for number in range(500):
            add_customer(connection, external_id=str(number))
        rows = [
            EVENT | {"customer_id": n % 500 + 1, "message_id": f"m{n}", "name": "AB"[n % 2]}
            for n in range(10_000)
        ]
        connection.insert_new(EVENTS, rows)
        connection.execute(text("ANALYZE"))
    return database


def test_webhooks_due_are_found_by_their_index(database: Database) -> None:
    with database.write() as connection:
        ask = partial(webhooks.take_due, connection, NOW, 16, NOW)
        assert "webhooks_due" in plan(database, connection, ask)


def test_customers_due_are_found_by_their_index(database: Database) -> None:
    with database.write() as connection:
        found = plan(database, connection, lambda: customers.claim_due(connection, NOW, 500))
    assert "customers_due" in found
    assert "TEMP B-TREE" not in found


def test_when_the_first_customer_is_due_is_found_by_the_index(database: Database) -> None:
    with database.write() as connection:
        found = plan(database, connection, lambda: customers.next_due(connection))
    assert "customers_due" in found


def test_steps_due_are_found_by_their_index(database: Database) -> None:
    with database.write() as connection:
        found = plan(database, connection, lambda: due.count_due_people(connection, ["cart"], NOW))
    assert "enrollments_due" in found


def test_messages_due_are_found_by_their_index(database: Database) -> None:
    with database.write() as connection:
        found = plan(
            database,
            connection,
            lambda: messages.due_messages(connection, "email", NOW, frozenset(), 200),
        )
    assert "messages_due" in found
    assert "TEMP B-TREE" not in found
    assert "Sort" not in found


def test_messages_due_keep_their_index_before_a_backlog(busy: Database) -> None:
    with busy.write() as connection:
        rows = [
            MESSAGE | {"public_id": f"p{n}", "customer_id": n % 500 + 1, "enrollment_id": n}
            for n in range(5_000)
        ]
        connection.insert_new(MESSAGES, rows)
        connection.execute(text("ANALYZE"))
        ask = lambda: messages.due_messages(connection, "email", NOW, frozenset(), 200)  # noqa: E731
        found = plan(busy, connection, ask, forced=False)
    assert "messages_due" in found
    assert not any(
        word in found
        for word in ("TEMP B-TREE", "Sort", "Hash", "Seq Scan on events", "SCAN events")
    )


def test_leases_are_found_by_their_index(database: Database) -> None:
    with database.write() as connection:
        found = plan(database, connection, lambda: messages.leased_messages(connection))
    assert "messages_leased" in found or "messages_by_state" in found


def test_addresses_nobody_writes_to_are_found_by_their_index(database: Database) -> None:
    query = SUPPRESSIONS.select().where(
        SUPPRESSIONS.c.address.in_(["a@example.com", "b@example.com"])
    )
    with database.write() as connection:
        found = plan(database, connection, lambda: connection.execute(query))
    assert "suppressions_of_address" in found


def test_what_was_said_of_addresses_is_found_by_an_index(database: Database) -> None:
    query = ADDRESS_CHOICES.select().where(
        ADDRESS_CHOICES.c.address.in_(["a@example.com", "b@example.com"])
    )
    with database.write() as connection:
        found = plan(database, connection, lambda: connection.execute(query))
    assert "INDEX" in found.upper()
    assert "SCAN address_choices" not in found


def test_whether_an_address_is_a_customers_is_found_by_the_index(database: Database) -> None:
    with database.read() as connection:
        found = plan(
            database,
            connection,
            lambda: visitors.is_known_address(database, {"a@example.com"}, "x"),
        )
    assert "customers_email" in found


def test_the_messages_of_a_journey_are_found_by_their_index(database: Database) -> None:
    with database.write() as connection:
        found = plan(
            database,
            connection,
            lambda: figures.count_messages_since(connection, NOW, journey="cart"),
        )
    assert "messages_of_journey" in found


def test_new_events_of_customers_are_found_by_their_index(busy: Database) -> None:
    with busy.write() as connection:
        found = plan(busy, connection, lambda: events.new_events(connection, [1, 2, 3]))
    assert "events_of_customer" in found


def test_past_events_of_customers_are_found_by_their_index(busy: Database) -> None:
    windows = {"A": timedelta(days=7), "B": None}
    with busy.write() as connection:
        found = plan(
            busy,
            connection,
            lambda: events.past_events(connection, [1, 2, 3], windows, NOW, told={"A"}),
        )
    assert "events_of_customer" in found


def test_messages_of_customers_are_found_by_their_index(database: Database) -> None:
    query = MESSAGES.select().where(MESSAGES.c.customer_id.in_([1, 2]), MESSAGES.c.decided_at > NOW)
    with database.write() as connection:
        found = plan(database, connection, lambda: connection.execute(query))
    assert "messages_of_customer" in found


def test_a_message_is_found_by_its_public_id_and_an_event_by_its_message_id(
    database: Database,
) -> None:
    with database.write() as connection:
        found = plan(database, connection, lambda: messages.find_message(connection, "p"))
        assert "SCAN messages" not in found
        assert "Seq Scan on messages" not in found
        found = plan(database, connection, lambda: events.known_message_ids(connection, ["m"]))
        assert "SCAN events" not in found or "INDEX" in found
        assert "Seq Scan" not in found


# ---------------------------------------------------------------- migrations


def test_an_older_database_is_brought_along_with_what_is_in_it(database_url: str) -> None:
    database = Database(database_url)
    command.upgrade(alembic_config(database), "0001")
    traits = [{"email": "Ada@Example.com"}, {"email": 7}, {}, {"email": "Bo.b+news@googlemail.com"}]
    with database.write() as connection:
        for number, one in enumerate(traits):
            add_customer(connection, external_id=str(number), traits=one)
        said = {
            "customer_id": 1,
            "at": NOW,
            "key": "email",
            "granted": True,
            "source": "identify",
            "until": None,
        }
        connection.execute(CONSENTS.insert().values(said))
    migrate(database)
    with database.write() as connection:
        found = (
            connection.execute(select(CUSTOMERS.c.email).order_by(CUSTOMERS.c.id)).scalars().all()
        )
        connection.execute(CONSENTS.insert().values(said | {"granted": None}))
        choices = connection.execute(
            select(CONSENTS.c.at, CONSENTS.c.granted).order_by(CONSENTS.c.id)
        ).all()
    database.close()
    assert found == ["ada@example.com", None, None, "bob@gmail.com"]
    assert [tuple(row) for row in choices] == [(NOW, True), (NOW, None)]


def test_messages_from_before_there_were_channels_are_of_the_one_called_like_their_medium(
    database_url: str,
) -> None:
    database = Database(database_url)
    command.upgrade(alembic_config(database), "0006")
    values = {
        "public_id": "'m' || n", "customer_id": "1", "enrollment_id": "n", "journey": "'j'",
        "version": "''", "step": "'s'", "pass_no": "1", "medium": "medium", "template": "'t'",
        "template_version": "''", "lifecycle_version": "''", "purpose": "'marketing'",
        "topic": "''", "priority": "50", "resend_uncertain": "false", "variables": "'{}'",
        "decided_at": "'2026-01-01'", "not_before": "'2026-01-01'", "state": "'queued'",
        "reason": "''", "code": "''", "provider_id": "''", "attempts": "0",
    }  # fmt: skip
    rows = "(SELECT 1 AS n, 'email' AS medium UNION ALL SELECT 2, 'sms') AS old"
    with database.write() as connection:
        connection.execute(
            text(
                f"INSERT INTO messages ({', '.join(values)}) SELECT {', '.join(values.values())} FROM {rows}"
            )
        )
    migrate(database)
    with database.read() as connection:
        found = connection.execute(select(MESSAGES.c.medium, MESSAGES.c.channel)).all()
    database.close()
    assert sorted(map(tuple, found)) == [("email", "email"), ("sms", "sms")]
