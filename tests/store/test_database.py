"""Transactions: who reads never waits for who writes, nor the other way round."""

from __future__ import annotations

from sqlalchemy import func, select

from orchestrator.store.database import Database
from orchestrator.store.tables import CUSTOMERS
from orchestrator.store.transaction import Transaction
from tests.store.rows import add_customer


def people(transaction: Transaction) -> int:
    return int(transaction.scalar(select(func.count()).select_from(CUSTOMERS)))


def test_who_reads_while_another_writes_sees_what_was_before(database: Database) -> None:
    with database.write() as writing:
        add_customer(writing)
        with database.read() as reading:
            assert people(reading) == 0
    with database.read() as reading:
        assert people(reading) == 1


def test_who_writes_to_a_new_database_does_not_wait_for_who_reads(database_url: str) -> None:
    database = Database(database_url)
    with database.write() as transaction:
        CUSTOMERS.create(transaction.connection)
    with database.read() as reading:
        assert people(reading) == 0
        with database.write() as writing:
            add_customer(writing)
    with database.read() as reading:
        assert people(reading) == 1
    database.close()
