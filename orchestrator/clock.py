"""The only place that reads the time. Everything else is told what time it is."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
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
