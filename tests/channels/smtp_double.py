"""SMTP servers: a real one (aiosmtpd), and a scripted one for what a real one does only in bad
hours.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.channels.misbehaviour import Cut, Drip, Flood, Late, Raw, Unasked, reset


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
    """Serves on a socket that listens already; of itself it would let a port go before it takes it
    again.
    """

    def __init__(self, listener: socket.socket, sink: Sink, **options: Any) -> None:
        super().__init__(sink, *listener.getsockname(), **options)
        self._listener = listener

    def _create_server(self) -> Coroutine[Any, Any, asyncio.Server]:
        return self.loop.create_server(
            self._factory_invoker, sock=self._listener, ssl=self.ssl_context
        )


#: An answer to a command; None resets the connection instead, "" says nothing and waits. A function
#: is asked anew each time: one that draws by chance makes a bad day.
Plain = str | None | Late[str] | Drip[str] | Cut[str] | Unasked[str] | Raw | Flood
Answer = Plain | Callable[[], Plain]

HEALTHY: dict[str, Answer] = {
    "greeting": "220 ready",
    "EHLO": "250 hello",
    "HELO": "250 hello",
    "STAR": "502 no",
    "AUTH": "502 no",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "body": "taken in",
    "dot": "250 2.0.0 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


class ScriptedSmtp:
    """Answers each command with what `script` holds for it, which may be replaced at any time.

    It counts connections and complete messages; `taken` holds the messages for which a 2xx was
    meant, whether or not it arrived. `body` set to "cut" resets the connection while a message is
    coming in; set to a reply, it is given before the message is in. A reply is any line, or several
    with line breaks between. `takes_without_asking` has it wait for a message after any answer to
    DATA.
    """

    takes_without_asking = False

    def __init__(self, **script: Answer) -> None:
        self.script = HEALTHY | script
        self.connections = 0
        self.messages = 0
        self.commands: list[str] = []
        self.taken: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.released = threading.Event()
        self._open: list[socket.socket] = []

    @contextmanager
    def running(self) -> Iterator[int]:
        """Serves until the block ends; yields the port."""
        accepting = threading.Thread(target=self._accept)
        accepting.start()
        try:
            yield self.port
        finally:
            self.released.set()
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
        while not self.released.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            connection.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
            )  # what is said is there at once
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
            except OSError:
                return

    def _talk(self, connection: socket.socket, lines: Any) -> None:
        alive = self._say(connection, "greeting")
        while alive and (line := lines.readline()):
            command = line[:4].decode("latin-1").upper()
            self.commands.append(line.decode("latin-1").rstrip())
            answer = self._answer(command if command in self.script else "RSET")
            alive = self._carry_out(connection, answer)
            if (
                command == "DATA"
                and alive
                and (self.takes_without_asking or _text(answer).startswith("354"))
            ):
                alive = self._take(connection, lines)
            alive = alive and command != "QUIT"

    def _take(self, connection: socket.socket, lines: Any) -> bool:
        body = self._answer("body")
        if body == "cut":
            lines.readline()
            reset(connection)
            return False
        if body != HEALTHY["body"]:
            self._carry_out(connection, body)
            while lines.readline():  # until the client hangs up
                pass
            return False
        message = []
        while (line := lines.readline()) not in (b".\r\n", b""):
            message.append(line)
        if not line:
            return False
        self.messages += 1
        answer = self._answer("dot")
        if _text(answer).startswith("2"):
            self.taken.append(b"".join(message))
        return self._carry_out(connection, answer)

    def _answer(self, moment: str) -> Plain:
        answer = self.script[moment]
        return answer() if callable(answer) else answer

    def _say(self, connection: socket.socket, moment: str) -> bool:
        return self._carry_out(connection, self._answer(moment))

    def _carry_out(self, connection: socket.socket, answer: Plain) -> bool:
        """Whether the conversation goes on."""
        data = _text(answer).encode("latin-1") + b"\r\n"
        match answer:
            case None:
                reset(connection)
                return False
            case "":
                self.released.wait(60)
                return False
            case Late():
                answer.wait(self.released)
                connection.sendall(data)
            case Drip():
                answer.pour(connection, data, self.released)
            case Unasked():
                connection.sendall(data)
                answer.pour(connection, self.released)
            case Cut():
                connection.sendall(data[: answer.at])
                if answer.reset:
                    reset(connection)
                return False
            case Raw():
                connection.sendall(answer.data)
                return answer.stays
            case Flood():
                answer.pour(connection, self.released)
                return False
            case _:
                connection.sendall(data)
        return not _text(answer).startswith("421")


def _text(answer: Plain) -> str:
    if isinstance(answer, (Raw, Flood)):
        return answer.data.decode("latin-1")
    return (answer if isinstance(answer, (str, type(None))) else answer.answer) or ""
