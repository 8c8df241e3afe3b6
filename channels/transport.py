"""HTTP to a provider over kept connections, and what a broken one means for the message.

No common client tells whether the last byte of a request had left when its connection broke, nor
bounds an answer as a whole; a message that may have been taken and one that was not are not the
same. So the providers' SDKs build the requests, h11 speaks the protocol, and this counts the bytes.
"""

from __future__ import annotations

import contextlib
import re
import time
import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import h11

from channels.acceptance import ascii_host
from channels.channel_settings import ChannelSettings
from channels.connection import Connection, Connections
from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.phrase import say

HEAD_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = 64 * 1024  # an error's text; whatever comes behind is of no use
# for the head of an answer: a provider's own gateway gives up after one minute
ANSWER_MAX_S = 120.0
BODY_S = 10.0
WAIT_MAX_S = 604_800.0
PASSING = frozenset(
    {408, 425}
)  # the request came too slowly or too early: the same one again may pass
_EARLY_ANSWER_S = 1.0
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([2-5]\d\d)(?: [^\r\n]*)?\r?\n")
_BROKEN = (OSError, h11.RemoteProtocolError)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer as far as it came: the status is the verdict, headers (lower-case names) and body
    are extra.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Unanswered(Exception):
    """No answer came; `outcome` says whether the whole request had left."""

    def __init__(self, outcome: SendOutcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class HttpClient:
    """Posts over a few kept connections to one host; nothing is repeated or followed behind our
    back.
    """

    def __init__(self, settings: ChannelSettings, url: str) -> None:
        parts = urlsplit(url)
        self._host = ascii_host(parts.hostname or "")
        self._tls = settings.trusted_tls() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._authority = parts.netloc
        self._send_s = settings.timeout_s
        self._answer_s = min(settings.answer_timeout_s, ANSWER_MAX_S)
        self._idle_s = settings.idle_s
        self._connections = Connections()
        self._idle: deque[HttpLine] = (
            deque()
        )  # append and pop are atomic: the threads share it without a lock

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Sends one request, to the host this was opened for; raises Unanswered."""
        parts = urlsplit(url)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        fixed = {
            "Host": self._authority,
            "Content-Length": str(len(body)),
            "Accept-Encoding": "identity",
        }
        given = {name: value for name, value in headers.items() if name.title() not in fixed}
        request = h11.Request(method="POST", target=target, headers=list((fixed | given).items()))
        while (line := self._take_kept()) is not None:
            with contextlib.suppress(_Stale):  # closed while it was idle
                return self._exchange(line, request, body)
        try:
            return self._exchange(self._open(), request, body)
        except _Stale as broken:
            raise Unanswered(_nothing_left(broken.cause)) from None

    def cut(self) -> None:
        """Ends every wait, from any thread; there are no new connections."""
        self._connections.cut()

    def close(self) -> None:
        """Lets go of the idle connections."""
        while self._idle:
            self._idle.pop().connection.close()

    def _take_kept(self) -> HttpLine | None:
        with contextlib.suppress(IndexError):  # there is none, or no longer
            while (line := self._idle.pop()).connection.idle_s > self._idle_s:
                line.connection.close()
            return line
        return None

    def _open(self) -> HttpLine:
        until_s = time.monotonic() + self._send_s
        try:
            connection = self._connections.open(self._host, self._port, until_s)
            try:
                if self._tls:
                    connection.start_tls(self._tls, self._host, until_s)
            except OSError:
                connection.close()
                raise
        except OSError as error:
            raise Unanswered(_nothing_left(error)) from None
        return HttpLine(connection)

    def _exchange(self, line: HttpLine, request: h11.Request, body: bytes) -> HttpAnswer:
        if (
            not line.connection.is_quiet()
        ):  # it has left, or speaks unasked: that would be taken for our answer
            line.connection.close()
            raise _Stale(ConnectionResetError())
        try:
            line.send(request, body, time.monotonic() + self._send_s)
        except OSError as error:
            answer = line.early_answer(time.monotonic() + _EARLY_ANSWER_S)
            line.connection.close()
            if answer is None:
                raise _Stale(error) from None
            return answer
        try:
            answer = line.read_answer(time.monotonic() + self._answer_s)
        except _BROKEN as error:
            line.connection.close()
            reason = f"the connection broke before an answer came ({type(error).__name__})"
            raise Unanswered(SendOutcome(OutcomeKind.UNCERTAIN, reason=reason)) from None
        if line.is_ready_again():
            self._idle.append(line)
        else:
            line.connection.close()
        return answer


class _Stale(Exception):
    """The connection broke while its request was not out yet."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause


class HttpLine:
    """One connection and where its conversation stands."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES_MAX)
        self._first = b""  # of the answer, enough for its status line
        self._came = 0

    def send(self, request: h11.Request, body: bytes, until_s: float) -> None:
        """Sends head and body in one; raises OSError while the last byte has not left."""
        events = (request, h11.Data(data=body), h11.EndOfMessage())
        self._first, self._came = b"", 0
        self.connection.send(b"".join(self._http.send(event) or b"" for event in events), until_s)

    def early_answer(self, until_s: float) -> HttpAnswer | None:
        """The refusal of a server that did not wait for the whole request, if it gave one."""
        with contextlib.suppress(*_BROKEN):
            answer = self.read_answer(until_s)
            return answer if answer.status >= 400 else None
        return None

    def read_answer(self, until_s: float) -> HttpAnswer:
        """The answer; raises OSError, h11.RemoteProtocolError when not even its status came."""
        try:
            head = self._read_head(until_s)
        except _BROKEN:
            if not (found := _STATUS_LINE.match(self._first)):
                raise
            return HttpAnswer(int(found[1]), {})
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        body = self._read_body(min(until_s, time.monotonic() + BODY_S))
        return HttpAnswer(
            head.status_code, headers, _unpacked(body, headers.get("content-encoding", ""))
        )

    def is_ready_again(self) -> bool:
        """Whether the next request may use it. Bytes behind the answer would be taken for the next
        one.
        """
        is_done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if is_done and self._http.trailing_data == (b"", False):
            self._http.start_next_cycle()
            return True
        return False

    def _read_head(self, until_s: float) -> h11.Response:
        while not isinstance(event := self._next_event(until_s), h11.Response):
            if self._came > HEAD_BYTES_MAX or not isinstance(event, h11.InformationalResponse):
                raise ConnectionAbortedError("no end of the answer's head")
        return event

    def _read_body(self, until_s: float) -> bytes:
        body = b""
        with contextlib.suppress(*_BROKEN):  # the head has said what became of the message
            while len(body) <= BODY_BYTES_MAX and isinstance(
                event := self._next_event(until_s), h11.Data
            ):
                body += event.data
        return body[:BODY_BYTES_MAX]

    def _next_event(self, until_s: float) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            data = self.connection.receive(until_s)
            self._first, self._came = (self._first + data)[:256], self._came + len(data)
            self._http.receive_data(data)
        return event


def _nothing_left(error: OSError) -> SendOutcome:
    """A failed TLS handshake and half a request count as not sent: no server acts before the last
    byte.
    """
    reason = f"the request did not reach the provider ({type(error).__name__})"
    return SendOutcome(OutcomeKind.UNAVAILABLE, reason=reason)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """The body of a server that compresses though it was not asked to; as much as can be read."""
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        return body
    try:
        return zlib.decompressobj(wbits=47).decompress(body, BODY_BYTES_MAX)
    except zlib.error:
        return b""


def base_url(settings: ChannelSettings, variable: str, default: str) -> str:
    """The provider's address, or the one that an environment variable puts in its place."""
    url = settings.optional(variable).rstrip("/") or default
    try:
        parts = urlsplit(url)
        ascii_host(parts.hostname or "")
        sound = parts.port != 0 and parts.scheme in ("https", "http") and " " not in url
    except ValueError:
        sound = False
    if not sound or parts.username is not None or parts.query or parts.fragment:
        raise ChannelMisconfigured(
            say(
                "{variable} must be an address such as {default}, beginning with https:// or "
                "http://",
                variable=variable,
                default=default,
            )
        )
    resource = next(
        (end for end in ("/v3", "/v3/mail/send", "/2010-04-01") if parts.path.endswith(end)), None
    )
    if resource:
        raise ChannelMisconfigured(
            say(
                "{variable} must end before {resource}: what comes there is added",
                variable=variable,
                resource=resource,
            )
        )
    return url


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from Retry-After (seconds or a date) or X-RateLimit-Reset (epoch seconds);
    None if not told.

    An instant is measured from the answer's own Date, so that no clock of ours is asked. A week is
    the most.
    """
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if after.isdecimal():
        return min(float(after), WAIT_MAX_S)
    now = _epoch_s(headers.get("date", ""))
    until = _epoch_s(after) or (float(reset) if reset.isdecimal() else None)
    return min(max(0.0, until - now), WAIT_MAX_S) if until is not None and now is not None else None


def _epoch_s(http_date: str) -> float | None:
    try:
        instant = parsedate_to_datetime(http_date)
    except (ValueError, OverflowError):
        return None
    # A date without a zone is in UTC (RFC 9110 §5.6.7); Python would take it for local time.
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
