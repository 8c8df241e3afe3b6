"""Calls servers outside, for the webhooks of journeys: once, within half a minute, guarded.

What goes wrong is an answer, never an exception, and no reason holds an address, a customer's data
or a secret.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import h11
import orjson

from channels.acceptance import MessageRefused, ascii_host
from channels.connection import Connection, Connections, look_up
from channels.transport import BODY_BYTES_MAX, HttpAnswer, HttpLine, retry_after_s
from channels.webhook_guard import AddressRefused, LookUp, find_addresses
from orchestrator.domain.webhook_port import (
    BodyKind,
    WebhookAnswer,
    WebhookRequest,
    fill_body,
    fill_headers,
    fill_url,
)

CALL_S = 30.0  # all of one call, its redirects too
CONNECT_S = 10.0
REDIRECTS_MAX = 3
REQUEST_BYTES_MAX = 256 * 1024
_PASSING = frozenset({408, 425, 429})  # the same call may pass later, as after every 5xx
_TYPES = {BodyKind.JSON: "application/json", BodyKind.TEXT: "text/plain; charset=utf-8"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class _Refused(Exception):
    """A call that cannot be made as it stands; the text says why."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, with its secrets."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class HttpWebhooks:
    """Calls by HTTP. `secrets` are values by name; `tls` is made when it is first needed."""

    def __init__(
        self,
        secrets: Mapping[str, str],
        allowed: Collection[str],
        tls: Callable[[], ssl.SSLContext],
        *,
        names: LookUp = look_up,
        call_s: float = CALL_S,
    ) -> None:
        self._secrets = secrets
        self._allowed = frozenset(allowed)
        self._tls = tls
        self._names = names
        self._call_s = call_s
        self._connections = Connections()

    def call(self, request: WebhookRequest, key: str) -> WebhookAnswer:
        """Asks once; follows redirects that stay with their host."""
        until_s = time.monotonic() + self._call_s
        try:
            answer = self._follow(self._fill(request, key), until_s)
        except KeyError as missing:
            reason = f"the environment variable {missing.args[0]} is not set"
            return WebhookAnswer(None, reason=reason, retry=True)
        except (_Refused, AddressRefused) as refused:
            return WebhookAnswer(None, reason=str(refused))
        except (OSError, h11.ProtocolError) as error:
            reason = f"no answer came ({type(error).__name__})"
            return WebhookAnswer(None, reason=reason, retry=True)
        return self._read(answer)

    def close(self) -> None:
        """Ends every wait."""
        self._connections.cut()

    def _fill(self, request: WebhookRequest, key: str) -> _Call:
        body = fill_body(request, self._secrets)
        written = fill_headers(request, self._secrets)
        own = {"User-Agent": "Parcours", "Accept": "application/json", "Idempotency-Key": key}
        if body is not None:
            own["Content-Type"] = _TYPES[request.body_kind]
        names = {name.lower() for name in written}
        headers = {name: value for name, value in own.items() if name.lower() not in names}
        content = (body or "").encode()
        if len(content) > REQUEST_BYTES_MAX:
            raise _Refused(f"the body is longer than {REQUEST_BYTES_MAX // 1024} KB")
        url = fill_url(request, self._secrets).strip()
        return _Call(request.method, url, headers | written, content)

    # ------------------------------------------------------------ one exchange after the other

    def _follow(self, call: _Call, until_s: float) -> HttpAnswer:
        for _ in range(REDIRECTS_MAX + 1):
            answer = self._exchange(call, until_s)
            target = _redirect_of(call, answer)
            if target is None:
                return answer
            call = _Call(call.method, target, call.headers, call.body)
        raise _Refused("it leads from redirect to redirect: write the last address as its url")

    def _exchange(self, call: _Call, until_s: float) -> HttpAnswer:
        parts = _split(call.url)
        request = h11.Request(
            method=call.method, target=_target(parts), headers=_headers(parts, call)
        )
        connection = self._connect(parts, until_s)
        try:
            line = HttpLine(connection)
            line.send(request, call.body, until_s)
            return line.read_answer(until_s)
        finally:
            connection.close()

    def _connect(self, parts: SplitResult, until_s: float) -> Connection:
        host, is_tls = ascii_host(parts.hostname or ""), parts.scheme == "https"
        port = parts.port or (443 if is_tls else 80)
        addresses = find_addresses(host, port, self._allowed, self._names)
        connect_until_s = min(until_s, time.monotonic() + CONNECT_S)
        connection = self._connections.open_to(addresses, connect_until_s)
        try:
            if is_tls:
                connection.start_tls(self._tls(), host, connect_until_s)
        except BaseException:
            connection.close()
            raise
        return connection

    # ------------------------------------------------------------ what came back

    def _read(self, answer: HttpAnswer) -> WebhookAnswer:
        status = answer.status
        return WebhookAnswer(
            status,
            self._read_json(answer.body),
            "" if 200 <= status < 300 else f"answered {status}",
            status in _PASSING or status >= 500,
            retry_after_s(answer.headers) or 0.0,
        )

    def _read_json(self, body: bytes) -> object:
        """What an answer says in JSON, without our secrets, should it repeat them; None of any
        other, or one too long to be read."""
        if len(body) >= BODY_BYTES_MAX:
            return None
        try:
            return _without(orjson.loads(body), [one for one in self._secrets.values() if one])
        except orjson.JSONDecodeError:
            return None


def _without(value: object, secrets: Collection[str]) -> object:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "…")
        return value.replace("\0", "")  # no database of ours keeps it
    if isinstance(value, list):
        return [_without(item, secrets) for item in value]
    if isinstance(value, dict):
        return {str(_without(k, secrets)): _without(item, secrets) for k, item in value.items()}
    return value


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        ascii_host(parts.hostname or "")
    except (ValueError, MessageRefused):
        is_sound = False
    if not is_sound or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise _Refused("its url is no address of the web")
    if parts.username is not None:
        raise _Refused("its url holds a user's name: write it as a header, Authorization")
    return parts


def _target(parts: SplitResult) -> bytes:
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    return b"".join(bytes([byte]) if byte < 0x80 else b"%%%02X" % byte for byte in target.encode())


def _headers(parts: SplitResult, call: _Call) -> list[tuple[bytes, bytes]]:
    host = ascii_host(parts.hostname or "")
    shown = f"[{host}]" if ":" in host else host
    headers = {
        "Host": shown if parts.port is None else f"{shown}:{parts.port}",
        "Connection": "close",
        "Accept-Encoding": "identity",
        **call.headers,
    }
    if call.body or call.method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(len(call.body))
    return [
        (name.encode(), _CONTROL.sub(" ", value).strip().encode())
        for name, value in headers.items()
    ]


def _redirect_of(call: _Call, answer: HttpAnswer) -> str | None:
    """Where an answer sends the same request; None for one that is no redirect.

    Only to the same host, and never out of TLS: a secret that was meant for one server is told to
    no other. One that would make another request of it, as 303 does of a POST, is an answer.
    """
    where = answer.headers.get("location", "")
    same = answer.status in (307, 308) or (answer.status in (301, 302) and call.method == "GET")
    if not same or not where:
        return None
    target = urljoin(call.url, where)
    old, new = _split(call.url), _split(target)
    if new.hostname != old.hostname or (old.scheme, new.scheme) == ("https", "http"):
        raise _Refused("it redirects to another host: write the right address as its url")
    return target
