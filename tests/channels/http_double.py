"""An HTTP server on a free port that stands for a provider, and can misbehave on request."""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


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


class Mishap(Enum):
    """Ways of not answering, all of them after the whole request was read."""

    RESET = "the connection is reset before the answer"
    RESET_WITHIN = "the connection is reset within the answer"
    HANG = "no answer comes"
    CLOSE_AFTER = "a good answer, then the connection is closed without saying so"


class HttpDouble:
    """Answers what `script` holds, one entry per request, then `reply`; keeps the requests in `requests`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.script: deque[Reply | Mishap] = deque()
        self._released = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def reply(self, request: Request) -> Reply:
        """The answer of a healthy provider: says what is wrong with the request."""
        raise NotImplementedError

    def answer(self, request: Request) -> Reply | Mishap:
        """What this request gets."""
        self.requests.append(request)
        return self.script.popleft() if self.script else self.reply(request)

    def hang(self) -> None:
        """Waits as long as the double lives."""
        self._released.wait(30)

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

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a fault of the double, and loud."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler(double: HttpDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, self.headers, body, self.client_address)
            match double.answer(request):
                case Reply() as reply:
                    self._write(reply)
                case Mishap.CLOSE_AFTER:
                    self._write(double.reply(request))
                    self.close_connection = True
                case Mishap.RESET_WITHIN:
                    self.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nhalf of")
                    self._reset()
                case Mishap.RESET:
                    self._reset()
                case Mishap.HANG:
                    double.hang()
                    self.close_connection = True

        def _write(self, reply: Reply) -> None:
            self.send_response_only(reply.status)  # without a Date of its own
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def _reset(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

        def log_message(self, *args: Any) -> None:
            """Silent."""

    return Handler
