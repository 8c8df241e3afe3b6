"""Connections whose every wait has an end: a server may hang, drip or flood, and another thread may
cut them.

A time-out of the socket alone bounds each read; a server that sends one byte a second would hold us
for hours. Here each wait is given the instant (of time.monotonic()) at which all of it is over.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

_T = TypeVar("_T")
_CHUNK = 65_536
_MORE: int = getattr(socket, "MSG_MORE", 0)  # Linux has it


#: What a name stands for: family, kind, protocol, canonical name, address.
Address = tuple[int, int, int, str, tuple[Any, ...]]


def look_up(host: str, port: int) -> Sequence[Address]:
    """The addresses of a name."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Connection:
    """One TCP connection, plain or under TLS; every failure is an OSError."""

    def __init__(self, plain: socket.socket, forget: Callable[[Connection], None]) -> None:
        self._socket = plain
        self._forget = forget
        self._poll = select.poll()
        self._is_secured = False  # then bytes may have come that a poll does not see
        self._ahead = b""  # came in before anybody waited for it
        self._used_at_s = time.monotonic()

    @property
    def idle_s(self) -> float:
        """For how long nothing has gone either way."""
        return time.monotonic() - self._used_at_s

    def connect(self, address: tuple[object, ...], until_s: float) -> None:
        """Reaches the other side."""
        self._socket.settimeout(_left_s(until_s))
        self._socket.connect(address)
        # From now on each wait is a poll: a time-out of the socket would cost a call of the system
        # whenever it is set anew, and one more before each read.
        self._socket.setblocking(False)
        self._poll.register(self._socket, select.POLLIN)
        # What is written goes out at once: a final dot alone in its packet must not wait for an
        # acknowledgement.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start_tls(self, context: ssl.SSLContext, host: str, until_s: float) -> None:
        """Goes on under TLS; what came in before is refused: it was not under its protection."""
        if not self.is_quiet():
            raise ConnectionAbortedError("bytes before the TLS handshake")
        secured = context.wrap_socket(
            self._socket, server_hostname=host, do_handshake_on_connect=False
        )
        self._socket, self._is_secured = secured, True
        self._until_done(secured.do_handshake, until_s)

    def send(self, data: bytes, until_s: float, *, more: bool = False) -> None:
        """Hands all of it to the system; when this fails, the last byte certainly did not leave.
        With `more` to come at once its end may wait to travel with that, where the system can: one
        packet less for either side.
        """
        view, flags = memoryview(data), _MORE if more and not self._is_secured else 0
        while view:
            send = partial(self._socket.send, view[:_CHUNK], flags)
            view = view[self._until_done(send, until_s, select.POLLOUT) :]
        self._used_at_s = time.monotonic()

    def receive(self, until_s: float) -> bytes:
        """What has come; b"" at the end."""
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        if not self._is_secured:
            self._wait(select.POLLIN, until_s)
        data = self._until_done(partial(self._socket.recv, _CHUNK), until_s)
        self._used_at_s = time.monotonic()
        return data

    def is_quiet(self) -> bool:
        """Whether the other side is there and has said nothing that nobody has read yet."""
        if self._ahead:
            return False
        try:
            self._ahead = self._socket.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            pass  # it is gone, and whoever uses it next will be told
        return False

    def _until_done(
        self, step: Callable[[], _T], until_s: float, waits_for: int = select.POLLIN
    ) -> _T:
        """Does what may have to wait for the other side; under TLS for its reading too."""
        while True:
            try:
                return step()
            except BlockingIOError:
                self._wait(waits_for, until_s)
            except ssl.SSLWantReadError:
                self._wait(select.POLLIN, until_s)
            except ssl.SSLWantWriteError:
                self._wait(select.POLLOUT, until_s)

    def _wait(self, event: int, until_s: float) -> None:
        self._poll.modify(self._socket, event)
        if not self._poll.poll(_left_s(until_s) * 1000):
            raise TimeoutError("the other side took too long")

    def cut(self) -> None:
        """Ends every wait, from any thread; the owner closes it."""
        with contextlib.suppress(OSError):  # it was not connected yet, or is gone already
            socket.socket.shutdown(
                self._socket, socket.SHUT_RDWR
            )  # under TLS too: no goodbye that could block

    def close(self) -> None:
        """Lets go of it."""
        self._forget(self)
        self._socket.close()


class Connections:
    """The open connections of a channel; after `cut` there are no new ones."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        self._lock = threading.Lock()
        self._is_cut = False

    def open(self, host: str, port: int, until_s: float) -> Connection:
        """A new connection to a host by its name."""
        return self.open_to(look_up(host, port), until_s)

    def open_to(self, addresses: Sequence[Address], until_s: float) -> Connection:
        """A new connection; of several addresses each gets its share of the time."""
        failure: OSError = ConnectionError("the name has no address")
        for tried, (family, kind, protocol, _, address) in enumerate(addresses):
            connection = self._add(socket.socket(family, kind, protocol))
            now_s = time.monotonic()
            try:
                connection.connect(address, now_s + (until_s - now_s) / (len(addresses) - tried))
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure

    def cut(self) -> None:
        """Ends what any connection waits for."""
        with self._lock:
            self._is_cut = True
            for connection in self._open:
                connection.cut()

    def _add(self, plain: socket.socket) -> Connection:
        connection = Connection(plain, self._discard)
        with self._lock:
            if not self._is_cut:
                self._open.add(connection)
                return connection
        plain.close()
        raise ConnectionAbortedError("the channel is closed")

    def _discard(self, connection: Connection) -> None:
        with self._lock:
            self._open.discard(connection)


def _left_s(until_s: float) -> float:
    left_s = until_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("the other side took too long")
    return left_s
