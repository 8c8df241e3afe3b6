"""Calls that were accepted beside the engine, on their way into a SQLite database.

SQLite has one writer, and an engine with much to do writes all the time: who accepts calls would
wait for it. So the HTTP side appends them to a file beside the database, durable before it answers,
and the ingest phase takes them from there into the inbox. How far it has read is written in the
same transaction: whatever dies, each call is taken once. PostgreSQL's writers do not wait for each
other; there calls go into the inbox at once. See docs/decisions/0015-beside-the-engine.md.

A segment is a file that one process appends to and holds locked for as long as it may; what was cut
off at its end was never acknowledged.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

import orjson
from sqlalchemy.engine import make_url

from orchestrator.store import settings
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.database import Database
from orchestrator.store.inbox import (
    InboxEntry,
    RejectedEntry,
    check_store,
    put_calls,
    put_rejections,
)
from orchestrator.store.lock import try_to_lock
from orchestrator.store.transaction import Transaction

READ_SO_FAR = "accepted_read_so_far"  # the setting: bytes by segment
SEGMENT_BYTES_MAX = 8 * 1024 * 1024
READ_BYTES = 1024 * 1024
_ENDING = ".calls"

_Entry = InboxEntry | RejectedEntry


def folder_of(database: Database) -> Path | None:
    """Where calls wait for a SQLite database; None for others, and for one in memory."""
    path = make_url(database.url).database if database.is_sqlite else None
    return None if not path or path == ":memory:" else Path(f"{path}.accepted")


class AcceptedCalls:
    """The segment of this process. Used by one thread."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder
        folder.mkdir(exist_ok=True)  # once: one that is deleted later is missed, not made again
        self._handle: int | None = None

    def append(self, calls: Sequence[InboxEntry], rejections: Sequence[RejectedEntry]) -> int:
        """Files calls and rejections, durable on return; returns how many calls. Raises
        StoreUnavailable, also while the database itself does not answer.
        """
        check_store(self._database)
        entries: list[_Entry] = [*rejections, *calls]
        records = [part for one in entries for part in _record(one)]
        try:
            self._write(b"".join(records))
        except OSError as error:
            self.close()  # what is cut off in the middle must have nothing behind it
            raise StoreUnavailable(f"accepted calls cannot be written: {error.strerror}") from error
        return len(calls)

    def close(self) -> None:
        """Lets go of the segment."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _write(self, records: bytes) -> None:
        if self._handle is not None and _is_full_or_gone(self._handle):
            self.close()
        if self._handle is None:
            self._handle = _begin_segment(self._folder)
        if os.write(self._handle, records) != len(records):
            raise OSError(0, "the disk is full")
        os.fsync(self._handle)


def has_calls(transaction: Transaction, database: Database) -> bool:
    """Whether calls wait beside the database."""
    segments = _segments(database)
    if not segments:  # always so on PostgreSQL, and the engine looks twice a second
        return False
    read = _read_so_far(transaction)
    return any(size > read.get(path.name, 0) for path, size in segments)


def take_in(transaction: Transaction, database: Database, limit: int) -> None:
    """Puts some of the calls that wait, a few more than `limit` at most, into the inbox."""
    segments = _segments(database)
    if not segments:
        return
    read, done, left = _read_so_far(transaction), dict[str, int](), limit
    for segment, size_seen in segments:
        begin = read.get(segment.name, 0)
        finished = _finished_size(segment)  # before it is read: nothing comes behind that
        is_finished = finished is not None
        # who appended may have done so once more before it ended, behind our look at the folder
        size = size_seen if finished is None else finished
        if size <= begin and is_finished:
            segment.unlink(missing_ok=True)  # an earlier transaction has taken all of it
            continue
        entries, end = _read_entries(segment, begin, left) if size > begin else ([], begin)
        _put(transaction, entries)
        left -= len(entries)
        # what is cut off at the end was never acknowledged
        done[segment.name] = size if is_finished and left and not entries else end
    if done != read:
        settings.write(transaction, READ_SO_FAR, orjson.dumps(done).decode())


def _put(transaction: Transaction, entries: Sequence[_Entry]) -> None:
    put_calls(transaction, [one for one in entries if isinstance(one, InboxEntry)])
    put_rejections(transaction, [one for one in entries if isinstance(one, RejectedEntry)])


def _record(entry: _Entry) -> tuple[bytes, bytes, bytes, bytes]:
    """A line that describes the entry, then its bytes as they are, and a line's end."""
    at, size = entry.received_at, len(entry.raw)
    if isinstance(entry, InboxEntry):
        head = orjson.dumps([size, at, entry.source, entry.message_id, entry.starts])
    else:
        head = orjson.dumps([size, at, entry.source, entry.code, entry.reason, 0])
    return head, b"\n", entry.raw, b"\n"


def _read_entries(segment: Path, begin: int, limit: int) -> tuple[list[_Entry], int]:
    """Up to `limit` entries behind a place of a segment, and the place behind the last of them."""
    with segment.open("rb") as file:
        file.seek(begin)
        data = file.read(READ_BYTES)
        found = list(islice(_parse(data), limit))
        if not found and limit:  # a refused call may be as large as a request
            found = list(islice(_parse(data + file.read()), limit))
    return [entry for entry, _ in found], begin + (found[-1][1] if found else 0)


def _parse(data: bytes) -> Iterator[tuple[_Entry, int]]:
    at = 0
    while (line_end := data.find(b"\n", at)) >= 0:
        try:
            size, received, source, *rest = orjson.loads(data[at:line_end])
        except (orjson.JSONDecodeError, ValueError, TypeError):  # lost in a power cut
            return
        at = line_end + size + 2
        if data[at - 1 : at] != b"\n":
            return
        raw, received_at = data[line_end + 1 : at - 1], datetime.fromisoformat(received)
        if len(rest) == 2:
            yield InboxEntry(rest[0], received_at, source, rest[1], raw), at
        else:
            yield RejectedEntry(received_at, source, rest[0], rest[1], raw), at


def _segments(database: Database) -> list[tuple[Path, int]]:
    """The segments with their sizes, the oldest first."""
    folder = folder_of(database)
    try:
        found = sorted(os.scandir(folder), key=lambda one: one.name) if folder else []
        return [(Path(one.path), one.stat().st_size) for one in found if one.name.endswith(_ENDING)]
    except FileNotFoundError:
        return []


def _read_so_far(transaction: Transaction) -> dict[str, int]:
    written = settings.read(transaction, READ_SO_FAR)
    return dict(orjson.loads(written)) if written else {}


def _begin_segment(folder: Path) -> int:
    newest = max((int(one.partition("-")[0]) for one in os.listdir(folder)), default=0)
    # never the name of one that was deleted: how far that was read may still be written
    name = f"{newest + 1:010d}-{secrets.token_hex(8)}{_ENDING}"
    handle = os.open(folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
    if not try_to_lock(handle) or _is_full_or_gone(handle):  # who reads has looked in between
        os.close(handle)
        return _begin_segment(folder)
    _make_name_durable(folder)
    return handle


def _make_name_durable(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _is_full_or_gone(handle: int) -> bool:
    found = os.fstat(handle)
    return found.st_size > SEGMENT_BYTES_MAX or found.st_nlink == 0


def _finished_size(path: Path) -> int | None:
    """The size of a segment to which nobody appends any more; None where somebody may."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        return os.fstat(handle).st_size if try_to_lock(handle) else None
    finally:
        os.close(handle)
