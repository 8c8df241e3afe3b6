"""The only place that reads the time. Everything else is told what time it is."""

from __future__ import annotations

import struct
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time. `is_virtual`: nothing is ever late, each step runs at its nominal instant."""

    is_virtual: bool

    def now(self) -> datetime:
        """The current instant, aware UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    is_virtual = False

    def now(self) -> datetime:
        """The current instant."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is moved: for tests, `tick --now` and the demo."""

    is_virtual = True

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The instant it was last moved to."""
        with self._lock:
            return self._now

    def move_to(self, instant: datetime) -> None:
        """Jumps forward; a clock never goes back."""
        with self._lock:
            self._now = max(self._now, instant.astimezone(UTC))

    def advance(self, span: timedelta) -> None:
        """Jumps forward by a span."""
        self.move_to(self.now() + span)


class SharedClock(VirtualClock):
    """A virtual clock whose instant lies in a file: every process that has the path reads the same
    time.
    """

    def __init__(self, path: Path, start: datetime | None = None) -> None:
        """With `start` it is made anew, else it must be there."""
        self._path = path
        if start is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_MICROSECONDS.pack(_since_epoch(start)))
        self._file = path.open("r+b", buffering=0)
        super().__init__(self._read())

    def now(self) -> datetime:
        """The instant that any of the processes moved it to last."""
        with self._lock:
            return self._read()

    def move_to(self, instant: datetime) -> None:
        """Jumps forward, for all of them."""
        with self._lock:
            if instant > self._read():
                self._file.seek(0)
                self._file.write(_MICROSECONDS.pack(_since_epoch(instant)))

    def __reduce__(self) -> tuple[type[SharedClock], tuple[Path]]:
        return SharedClock, (self._path,)

    def _read(self) -> datetime:
        self._file.seek(0)
        (elapsed,) = _MICROSECONDS.unpack(self._file.read(_MICROSECONDS.size))
        return _EPOCH + timedelta(microseconds=elapsed)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = struct.Struct("<q")


def _since_epoch(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)
