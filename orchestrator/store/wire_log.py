"""What a process hands over to providers, noted before and after each message in a file of its own.

The database says what was leased; only this file says what was begun. It is written without forcing
it to the disk: it survives the death of the process, however it dies, and it is not believed after
a restart of the machine. It is locked for as long as its process lives, so that whoever finds it
knows whether that one is dead. One record is one write:

    l 7 8 9.        these were leased: what is noted of them further up is of an earlier lease
    b 7.            the first byte of message 7 may leave from now on
    e 7 {…}.        this became of it

A record that lacks its full stop was cut off (the disk was full), and its message was not begun.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.store.lock import try_to_lock

FOLDER = "wire"  # in `var`
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class WireLog:
    """The notes of this process; the file is made with the first lease."""

    def __init__(self, folder: Path, token: str) -> None:
        self._path = folder / token
        self._handle: int | None = None
        self._head = f"machine {_boot_id()}".encode()
        self._noted = False

    @property
    def descriptor(self) -> int | None:
        """What a process that is forked must keep open to note what it sends; the file stays
        locked for as long as either of us lives.
        """
        return self._handle

    def open(self) -> None:
        """Makes the file, before anything is leased; raises OSError."""
        if self._handle is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try_to_lock(self._handle)
            self._write(self._head)

    def lease(self, ids: Iterable[int]) -> None:
        """Notes that these are leased, before the database does; raises OSError."""
        self._write(f"\nl {' '.join(map(str, ids))}.".encode())

    def begin(self, message_id: int) -> None:
        """Notes that a message may leave from now on; raises OSError, and then it must not."""
        self._write(b"\nb %d." % message_id)

    def end(self, message_id: int, outcome: SendOutcome) -> None:
        """Notes what became of a message. A note that cannot be made leaves it in doubt, should the
        process die.
        """
        with suppress(OSError):
            self._write(b"\ne %d %b." % (message_id, orjson.dumps(outcome)))

    def clear(self) -> None:
        """Forgets everything: no lease is left."""
        if self._handle is not None and self._noted:
            with suppress(OSError):  # a later lease makes void what is noted of it anyway
                os.ftruncate(self._handle, len(self._head))
            self._noted = False

    def close(self, *, keep: bool) -> None:
        """Lets go of the file; one that still says something is kept for whoever settles what is
        left.
        """
        if self._handle is not None:
            if not keep:
                self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None

    def _write(self, record: bytes) -> None:
        if self._handle is None:
            raise OSError("the notes of what is sent are not open")
        self._noted = self._noted or record is not self._head
        if os.write(self._handle, record) != len(record):
            raise OSError("a note of what is sent was cut off")


@dataclass(frozen=True, slots=True)
class Notes:
    """What a dead process had noted of its last leases."""

    begun: frozenset[int]
    outcomes: Mapping[int, SendOutcome]


def is_alive(folder: Path, token: str) -> bool | None:
    """Whether the process of these notes lives; None where there are none of this machine since it
    was started.
    """
    try:
        handle = os.open(folder / token, os.O_RDWR)
    except OSError:
        return None
    try:
        if not try_to_lock(handle):
            return True
        return False if _is_of_this_start(folder / token) else None
    finally:
        os.close(handle)


def read_notes(folder: Path, token: str) -> Notes:
    """The notes of a process that is dead."""
    begun, outcomes = set[int](), dict[int, SendOutcome]()
    for kind, ids, told in _records(folder / token):
        for message_id in ids:
            begun.discard(message_id)
            outcomes.pop(message_id, None)
            if kind == b"b":
                begun.add(message_id)
            elif kind == b"e":
                outcomes[message_id] = _read_outcome(told)
    return Notes(frozenset(begun), outcomes)


def discard(folder: Path, token: str) -> None:
    """Removes the notes of a dead process, once the database knows what they said."""
    (folder / token).unlink(missing_ok=True)


def _records(path: Path) -> Iterator[tuple[bytes, list[int], bytes]]:
    for line in path.read_bytes().split(b"\n")[1:]:
        if line.endswith(b"."):
            kind, _, rest = line[:-1].partition(b" ")
            ids, brace, told = rest.partition(b"{")
            yield kind, [int(one) for one in ids.split()], brace + told


def _read_outcome(told: bytes) -> SendOutcome:
    values = orjson.loads(told)
    return SendOutcome(OutcomeKind(values.pop("kind")), **values)


def _is_of_this_start(path: Path) -> bool:
    """Whether a file was begun since the machine was started; where that cannot be told, it was
    not.
    """
    boot_id = _boot_id()
    return bool(boot_id) and path.read_bytes().split(b"\n")[0] == f"machine {boot_id}".encode()


@cache
def _boot_id() -> str:
    """What names the time since the machine was started: Linux and macOS have an id for it."""
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "kern.bootsessionuuid"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
