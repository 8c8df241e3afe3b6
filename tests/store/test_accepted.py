"""Calls that wait beside a SQLite database: each is taken once, whoever dies when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from orchestrator.store import accepted
from orchestrator.store.accepted import AcceptedCalls, folder_of, has_calls, take_in
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.database import Database
from orchestrator.store.inbox import InboxEntry, RejectedEntry
from orchestrator.store.tables import INBOX, REJECTIONS
from tests.conftest import DatabaseServer, Template

NOW = datetime(2026, 1, 5, 10, 0, 0, 123456, tzinfo=UTC)
REFUSED = RejectedEntry(NOW, "api", "invalid_json", "not\nJSON", b'{"a":\n\n"b')


@pytest.fixture
def database(migrated: Template, sqlite_server: DatabaseServer) -> Iterator[Database]:
    with migrated.copy(sqlite_server) as url:
        opened = Database(url)
        yield opened
        opened.close()


@pytest.fixture
def calls(database: Database) -> Iterator[AcceptedCalls]:
    opened = AcceptedCalls(database, folder(database))
    yield opened
    opened.close()


def folder(database: Database) -> Path:
    found = folder_of(database)
    assert found is not None
    return found


def call(name: str, raw: bytes = b'{"type":"track"}') -> InboxEntry:
    return InboxEntry(name, NOW, "api", True, raw)


def take(database: Database, limit: int = 1000) -> None:
    with database.write() as transaction:
        take_in(transaction, database, limit)


def inbox(database: Database) -> list[str]:
    with database.read() as transaction:
        return list(transaction.scalars(select(INBOX.c.message_id).order_by(INBOX.c.id)))


def waits(database: Database) -> bool:
    with database.read() as transaction:
        return has_calls(transaction, database)


def segments(database: Database) -> int:
    return len(list(folder(database).iterdir()))


def test_calls_and_refusals_arrive_as_they_were(database: Database, calls: AcceptedCalls) -> None:
    late = InboxEntry("é", NOW - timedelta(days=1), "page", False, b"\x00\xff\n{}")
    assert calls.append([call("a"), late], [REFUSED]) == 2
    assert waits(database)
    take(database)
    assert not waits(database)
    with database.read() as transaction:
        rows = transaction.execute(select(INBOX).order_by(INBOX.c.id)).all()
        (refused,) = transaction.execute(select(REJECTIONS)).all()
    assert (rows[1].message_id, rows[1].received_at) == ("é", late.received_at)
    assert (rows[1].source, rows[1].starts, rows[1].raw) == ("page", False, late.raw)
    assert (refused.code, refused.reason, refused.raw) == ("invalid_json", "not\nJSON", REFUSED.raw)


def test_what_a_transaction_that_failed_has_taken_is_taken_again(
    database: Database, calls: AcceptedCalls
) -> None:
    calls.append([call("a"), call("b")], [])
    with suppress(ZeroDivisionError), database.write() as transaction:
        take_in(transaction, database, 1000)
        raise ZeroDivisionError
    assert waits(database)
    assert inbox(database) == []
    take(database)
    take(database)
    assert inbox(database) == ["a", "b"]


def test_a_few_are_taken_at_a_time(database: Database, calls: AcceptedCalls) -> None:
    calls.append([call(str(number)) for number in range(5)], [])
    taken = []
    while waits(database):
        take(database, limit=2)
        taken.append(len(inbox(database)))
    assert taken == [2, 4, 5]


def test_a_record_that_was_cut_off_is_passed_over_once_its_writer_is_gone(
    database: Database, calls: AcceptedCalls
) -> None:
    calls.append([call("a")], [])
    (segment,) = folder(database).iterdir()
    whole = segment.read_bytes()
    segment.write_bytes(whole + whole[:-3])
    take(database)
    assert inbox(database) == ["a"]
    assert waits(database)  # its writer may be about to write the rest
    calls.close()
    take(database)
    assert not waits(database)
    take(database)
    assert segments(database) == 0


def test_a_record_that_was_half_written_is_taken_when_it_is_whole(
    database: Database, calls: AcceptedCalls
) -> None:
    calls.append([call("a"), call("b")], [])
    (segment,) = folder(database).iterdir()
    whole = segment.read_bytes()
    for length in (3, len(whole) - 3, len(whole)):
        segment.write_bytes(whole[:length])
        take(database)
    assert inbox(database) == ["a", "b"]


def test_a_segment_is_deleted_when_it_is_read_and_nobody_writes_to_it(
    database: Database, calls: AcceptedCalls
) -> None:
    calls.append([call("a")], [])
    take(database)
    take(database)
    assert segments(database) == 1
    calls.close()
    calls.append([call("b")], [])
    assert segments(database) == 2
    take(database)
    assert (segments(database), inbox(database)) == (1, ["a", "b"])


def test_a_full_segment_is_followed_by_another(
    database: Database, calls: AcceptedCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepted, "SEGMENT_BYTES_MAX", 100)
    monkeypatch.setattr(accepted, "READ_BYTES", 300)
    for number in range(6):
        calls.append([call(str(number), b"x" * 400)], [REFUSED])
    assert segments(database) == 6
    while waits(database):
        take(database)
    assert inbox(database) == list("012345")
    take(database)
    assert segments(database) == 1


def test_a_deleted_folder_is_missed_and_not_made_again(
    database: Database, calls: AcceptedCalls
) -> None:
    calls.append([call("a")], [])
    for segment in folder(database).iterdir():
        segment.unlink()
    folder(database).rmdir()
    with pytest.raises(StoreUnavailable):
        calls.append([call("b")], [])
    assert not folder(database).exists()
    assert not waits(database)


def test_a_database_that_was_deleted_takes_no_calls(
    database: Database, calls: AcceptedCalls
) -> None:
    Path(database.url.removeprefix("sqlite:///")).unlink()
    with pytest.raises(StoreUnavailable):
        calls.append([call("a")], [])
    assert segments(database) == 0


def test_what_is_accepted_just_before_a_process_dies_is_taken_though_its_segment_was_looked_at(
    database: Database, calls: AcceptedCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls.append([call("a")], [])
    take(database)
    lock = accepted.try_to_lock

    def accept_and_die_first(handle: int) -> bool:
        monkeypatch.undo()
        calls.append([call("b")], [])
        calls.close()
        return lock(handle)

    monkeypatch.setattr(accepted, "try_to_lock", accept_and_die_first)
    take(database)
    take(database)
    assert inbox(database) == ["a", "b"]
    assert not waits(database)
