"""Files of calls, line by line into the inbox: what was accepted, what was there already, what was
refused and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from io import BufferedReader

from orchestrator.clock import Clock, VirtualClock
from orchestrator.domain.call import CALL_BYTES_MAX
from orchestrator.domain.errors import CallRejected, TimeWentBack
from orchestrator.engine.last_tick import LAST_TICK
from orchestrator.intake.calls import Reception, accept_call, write_call
from orchestrator.intake.lines import GZIP_DAMAGE, FileDamaged, read_lines
from orchestrator.json_text import JsonRefused, read_json
from orchestrator.store import settings
from orchestrator.store.database import Database
from orchestrator.store.events import known_message_ids
from orchestrator.store.inbox import InboxEntry, RejectedEntry, write_inbox
from orchestrator.store.lock import hold_database

SOURCE = "file"
BATCH_CALLS = 1000
LINE_BYTES_MAX = 8 * CALL_BYTES_MAX  # escapes and spaces take room that the call itself does not


@dataclass(slots=True)
class RejectReason:
    """Why some lines were refused; `places` are all of them, as `file:line`."""

    code: str
    text: str
    places: list[str] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """How many they are."""
        return len(self.places)


@dataclass(slots=True)
class Intake:
    """Takes files in and counts. Calls older than `max_age` at their receipt are history and start
    nothing.
    """

    database: Database
    clock: Clock
    max_age: timedelta
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reasons: dict[tuple[str, str], RejectReason] = field(default_factory=dict)

    @property
    def seen(self) -> int:
        """How many lines were looked at."""
        return self.accepted + self.duplicates + self.rejected

    def read(self, file: BufferedReader, name: str, advance: Callable[[int], None]) -> None:
        """Takes a file in; `advance` is told the bytes read since it was last called. Raises
        FileDamaged; what came before the damage is in the inbox.
        """
        lines = read_lines(file, LINE_BYTES_MAX)
        batch: list[tuple[int, bytes]] = []
        damage: Exception | None = None
        position = 0
        try:
            for numbered in lines:
                batch.append(numbered)
                if len(batch) == BATCH_CALLS:
                    self._file(batch, name)
                    batch = []
                    if file.seekable():
                        advance(file.tell() - position)
                        position = file.tell()
        except GZIP_DAMAGE as error:
            damage = error
        self._file(batch, name)
        if damage is not None:
            last = f"after line {batch[-1][0]}" if batch else "at its beginning"
            raise FileDamaged(
                f"{name} is damaged {last}: mend it and take it in again, which is harmless"
            ) from damage

    def _file(self, lines: list[tuple[int, bytes]], name: str) -> None:
        reception = Reception(self.clock.now(), self.max_age, SOURCE)
        entries, refused = list[InboxEntry](), list[RejectedEntry]()
        for number, line in lines:
            try:
                entries.append(_accept(line, reception))
            except CallRejected as error:
                refused.append(
                    RejectedEntry(
                        reception.at, SOURCE, error.code, str(error), line[:CALL_BYTES_MAX]
                    )
                )
                self._note(error, f"{name}:{number}")
        with self.database.read() as transaction:
            known = known_message_ids(transaction, {entry.message_id for entry in entries})
        fresh = write_inbox(
            self.database, [entry for entry in entries if entry.message_id not in known], refused
        )
        self.accepted += fresh
        self.duplicates += len(entries) - fresh
        self.rejected += len(refused)

    def _note(self, error: CallRejected, place: str) -> None:
        reason = self.reasons.setdefault(
            (error.code, str(error)), RejectReason(error.code, str(error))
        )
        reason.places.append(place)


@contextmanager
def moved_to(database: Database, now: datetime) -> Iterator[Clock]:
    """Lends a virtual clock to take calls in as if they came then; nothing else works on the
    database meanwhile.

    Raises AlreadyRunning, and TimeWentBack for an instant before what was already processed.
    """
    with hold_database(database):
        with database.read() as transaction:
            last = settings.read_time(transaction, LAST_TICK)
        if last is not None and now < last:
            raise TimeWentBack(
                f"{now.isoformat()} lies before what was already processed ({last.isoformat()})"
            )
        yield VirtualClock(now)


def _accept(line: bytes, reception: Reception) -> InboxEntry:
    """One line as an entry of the inbox; raises CallRejected.

    Without an id of its own its text is its id, so that repeats are seen.
    """
    if len(line) >= LINE_BYTES_MAX:
        raise _too_large()
    try:
        call = read_json(line)
    except JsonRefused as refusal:
        raise CallRejected("invalid_json", refusal.about("the line")) from None
    if isinstance(call, dict):
        # Without its escapes and spaces a long line may be a short call.
        if len(line) > CALL_BYTES_MAX and len(write_call(call)) > CALL_BYTES_MAX:
            raise _too_large()
        # A file tells when it was sent long ago; a clock's error cannot be told from that.
        call.pop("sentAt", None)
        if call.get("messageId") in (None, ""):
            call["messageId"] = f"line-{blake2b(line, digest_size=16).hexdigest()}"
    return accept_call(call, reception)


def _too_large() -> CallRejected:
    return CallRejected("too_large", f"a call may have {CALL_BYTES_MAX} bytes")
