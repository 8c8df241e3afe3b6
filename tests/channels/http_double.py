"""An HTTP server on a free port that stands for a provider, and can misbehave on request."""

from __future__ import annotations

import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from enum import Enum
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.channels.misbehaviour import Cut, Drip, Flood, Late, Raw, Unasked, reset


@dataclass(frozen=True)
class Request:
    """What came in; `connection` tells kept connections from new ones."""

    method: str
    path: str
    headers: Message  # names in any case
    body: bytes
    connection: tuple[str, int]


@dataclass(frozen=True)
class Reply:
    """What goes out."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        """The answer as it travels, without a Date of its own."""
        head = [f"HTTP/1.1 {self.status} {responses.get(self.status, '')}"]
        head += [f"{name}: {value}" for name, value in self.headers.items()]
        if "Transfer-Encoding" not in self.headers:
            head.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*head, "", ""]).encode("latin-1") + self.body


class Mishap(Enum):
    """Ways of not answering."""

    RESET = "the whole request is read, then the connection is reset"
    RESET_WITHIN = "the connection is reset within the head of the answer"
    RESET_EARLY = "the connection is reset before the body of the request is read"
    HANG = "no answer comes"
    CLOSE_AFTER = "a good answer, then the connection is closed without saying so"


Conduct = Reply | Mishap | Late[Reply] | Drip[Reply] | Cut[Reply] | Unasked[Reply] | Raw | Flood


class HttpDouble:
    """Answers what `script` holds, one entry per request, then what `conduct` says, then `reply`.

    `conduct` is asked for every request and may be replaced at any time: `lambda request:
    Reply(500)` is a bad hour, and one that draws by chance is a bad day; None leaves the request to
    `reply`. `requests` holds everything that came in whole, `taken` what a 2xx was meant for,
    whether or not that answer arrived.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.taken: list[Request] = []
        self.script: deque[Conduct] = deque()
        self.conduct: Callable[[Request], Conduct | None] = lambda request: None
        self._released = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.closed = self._server.closed  # released for each connection that the double has closed
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    def reply(self, request: Request) -> Reply:
        """The answer of a healthy provider: says what is wrong with the request."""
        raise NotImplementedError

    def answer(self, request: Request) -> Conduct:
        """What this request gets."""
        self.requests.append(request)
        conduct = (self.script.popleft() if self.script else self.conduct(request)) or self.reply(
            request
        )
        meant = (
            self.reply(request)
            if conduct is Mishap.CLOSE_AFTER
            else getattr(conduct, "answer", conduct)
        )
        if isinstance(meant, Reply) and 200 <= meant.status < 300:
            self.taken.append(request)
        return conduct

    @property
    def released(self) -> threading.Event:
        """Set when the double ends."""
        return self._released

    def hang(self) -> None:
        """Waits as long as the double lives."""
        self._released.wait(60)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serves until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:
            self._released.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a kept connection has a thread that waits for its next request
    request_queue_size = 64

    def __init__(self, *arguments: Any) -> None:
        self.closed = threading.Semaphore(0)
        super().__init__(*arguments)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.closed.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a fault of the double, and loud."""
        import sys

        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _handler(double: HttpDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            if double.script and double.script[0] is Mishap.RESET_EARLY:
                double.script.popleft()
                self._end(by_reset=True)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, self.headers, body, self.client_address)
            self._carry_out(double.answer(request), request)

        do_GET = do_PATCH = do_PUT = do_DELETE = do_POST

        def _carry_out(self, conduct: Conduct, request: Request) -> None:
            match conduct:
                case Reply():
                    self.wfile.write(conduct.raw)
                case Late():
                    conduct.wait(double.released)
                    self.wfile.write(conduct.answer.raw)
                case Drip():
                    conduct.pour(self.connection, conduct.answer.raw, double.released)
                case Cut():
                    raw, body = conduct.answer.raw, conduct.answer.body
                    self.wfile.write(raw[: len(raw) - len(body) + conduct.at])
                    self._end(by_reset=conduct.reset)
                case Raw():
                    self.wfile.write(conduct.data)
                    self.close_connection = not conduct.stays
                case Unasked():
                    self.wfile.write(conduct.answer.raw)
                    conduct.pour(self.connection, double.released)
                case Flood():
                    conduct.pour(self.connection, double.released)
                case Mishap.CLOSE_AFTER:
                    self.wfile.write(double.reply(request).raw)
                    self.close_connection = True
                case Mishap.RESET_WITHIN:
                    self.wfile.write(b"HTTP/1.1 20")
                    self._end(by_reset=True)
                case Mishap.RESET | Mishap.RESET_EARLY:
                    self._end(by_reset=True)
                case Mishap.HANG:
                    double.hang()
                    self.close_connection = True

        def _end(self, *, by_reset: bool) -> None:
            self.close_connection = True
            if by_reset:
                reset(self.connection)

        def log_message(self, *args: Any) -> None:
            """Silent."""

    return Handler
