"""Signals that end a command."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C or SIGTERM calls `stop`, which lets what is under way be finished; a second one ends
    at once.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]

    def put_back() -> None:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)

    def stop_once(*_: object) -> None:
        stop()
        put_back()

    for number in numbers:
        signal.signal(number, stop_once)
    try:
        yield
    finally:
        put_back()
