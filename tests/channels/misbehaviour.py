"""Ways in which a provider's answer goes wrong on its way, for the doubles of HTTP and SMTP
alike.
"""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import dataclass
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Late(Generic[Answer]):
    """The whole answer, but only after some seconds, or when an event is set."""

    answer: Answer
    after: float | threading.Event

    def wait(self, released: threading.Event) -> None:
        """Until it is time, or the double ends."""
        if isinstance(self.after, threading.Event):
            while not (self.after.wait(0.02) or released.is_set()):
                pass
        else:
            released.wait(self.after)


@dataclass(frozen=True)
class Drip(Generic[Answer]):
    """The answer byte by byte, with a pause after each: every single wait is short, all together
    are not.
    """

    answer: Answer
    pause_s: float

    def pour(self, connection: socket.socket, data: bytes, released: threading.Event) -> None:
        """Sends the bytes, until the double ends."""
        for byte in data:
            connection.sendall(bytes((byte,)))
            if released.wait(self.pause_s):
                return


@dataclass(frozen=True)
class Cut(Generic[Answer]):
    """So many bytes of the answer's body (SMTP: of the reply), then the connection ends; by a reset
    if wished.
    """

    answer: Answer
    at: int
    reset: bool = False


@dataclass(frozen=True)
class Raw:
    """These bytes and no others, then the connection ends unless it is to stay open."""

    data: bytes
    stays: bool = False


@dataclass(frozen=True)
class Unasked(Generic[Answer]):
    """The answer, and once an event is set, more that nobody asked for; then `said` is set."""

    answer: Answer
    more: bytes
    after: threading.Event
    said: threading.Event

    def pour(self, connection: socket.socket, released: threading.Event) -> None:
        """Says what nobody asked for."""
        while not (self.after.wait(0.02) or released.is_set()):
            pass
        connection.sendall(self.more)
        self.said.set()


@dataclass(frozen=True)
class Flood:
    """These bytes for ever."""

    data: bytes

    def pour(self, connection: socket.socket, released: threading.Event) -> None:
        """Sends until the other side has had enough, or the double ends."""
        while not released.is_set():
            connection.sendall(self.data)


def reset(connection: socket.socket) -> None:
    """Ends a connection by a reset, so that what was sent last may be lost too."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
