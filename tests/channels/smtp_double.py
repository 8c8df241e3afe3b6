"""SMTP servers: a real one (aiosmtpd), and a scripted one for what a real one does only in bad hours."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Sink:
    """Keeps what arrives; `refuse(address)` may answer a recipient with a reply of its own."""

    envelopes: list[Envelope] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)
    refuse: Callable[[str], str] = lambda address: ""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes every recipient but the refused."""
        refused = self.refuse(address)
        if not refused:
            envelope.rcpt_tos.append(address)
        return refused or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Takes every message."""
        self.envelopes.append(envelope)
        self.peers.add(session.peer)
        return f"250 2.0.0 Ok: queued as Q{len(self.envelopes)}"


@contextmanager
def running(sink: Sink, **options: Any) -> Iterator[int]:
    """Serves a sink on a free port, which is yielded."""
    listener = socket.create_server(("127.0.0.1", 0))
    controller = _ListeningController(listener, sink, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class _ListeningController(Controller):
    """Serves on a socket that listens already; of itself it would let a port go before it takes it again."""

    def __init__(self, listener: socket.socket, sink: Sink, **options: Any) -> None:
        super().__init__(sink, *listener.getsockname(), **options)
        self._listener = listener

    def _create_server(self) -> Coroutine[Any, Any, asyncio.Server]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener, ssl=self.ssl_context)


#: An answer to a command; None cuts the connection instead, "" says nothing and waits.
Answer = str | None

HEALTHY: dict[str, Answer] = {
    "greeting": "220 ready",
    "EHLO": "250 hello",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "body": None,
    "dot": "250 2.0.0 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


class ScriptedSmtp:
    """Answers each command with what `script` holds for it; counts connections and complete messages.

    `body` set to "cut" resets the connection while the message is coming in.
    """

    def __init__(self, **script: Answer) -> None:
        self.script = HEALTHY | script
        self.connections = 0
        self.messages = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._released = threading.Event()
        self._open: list[socket.socket] = []

    @contextmanager
    def running(self) -> Iterator[int]:
        """Serves until the block ends; yields the port."""
        accepting = threading.Thread(target=self._accept)
        accepting.start()
        try:
            yield self.port
        finally:
            self._released.set()
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self.hang_up()
            accepting.join()

    def hang_up(self) -> None:
        """Closes every connection, as a server does with idle ones."""
        while self._open:
            connection = self._open.pop()
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _accept(self) -> None:
        serving = []
        while not self._released.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            self.connections += 1
            self._open.append(connection)
            serving.append(threading.Thread(target=self._serve, args=(connection,)))
            serving[-1].start()
        for thread in serving:
            thread.join()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            try:
                self._talk(connection, lines)
            except ConnectionError:
                return

    def _talk(self, connection: socket.socket, lines: Any) -> None:
        alive = self._say(connection, "greeting")
        while alive and (line := lines.readline()):
            command = line[:4].decode().upper()
            alive = self._say(connection, command)
            if command == "DATA" and alive and (self.script["DATA"] or "").startswith("354"):
                alive = self._take(connection, lines) and self._say(connection, "dot")
            alive = alive and command != "QUIT"

    def _take(self, connection: socket.socket, lines: Any) -> bool:
        if self.script["body"] == "cut":
            lines.readline()
            self._cut(connection)
            return False
        while lines.readline() not in (b".\r\n", b""):
            pass
        self.messages += 1
        return True

    def _say(self, connection: socket.socket, moment: str) -> bool:
        answer = self.script[moment]
        if answer is None:
            self._cut(connection)
            return False
        if not answer:
            self._released.wait(30)
            return False
        connection.sendall(answer.encode() + b"\r\n")
        return not answer.startswith("421")

    def _cut(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
