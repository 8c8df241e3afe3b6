"""A call to a server outside: its request as it was decided, the port through which it leaves, and
the answer.

A secret is never part of what was decided: its name stands where it is put in when the call leaves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote

from orchestrator.domain.value_class import value_class

#: How long somebody waits for the answer that their journey keeps.
ANSWER_WAIT = timedelta(hours=1)
#: How long a call is tried whose answer nobody waits for.
GIVE_UP = timedelta(hours=24)
#: The event by which an answer comes on the line of its customer.
ANSWERED = "Webhook Answered"


@dataclass(frozen=True, slots=True)
class Secret:
    """The place of a secret, by the name of its environment variable."""

    name: str


#: Text as far as it is known, with the places of secrets.
Pieces = tuple[str | Secret, ...]
Headers = tuple[tuple[str, Pieces], ...]


class BodyKind(StrEnum):
    """What a body is written as."""

    JSON = "json"
    TEXT = "text"


@value_class
class WebhookRequest:
    """What is asked of a server. `body` None: nothing is sent beside the head."""

    method: str
    url: Pieces
    headers: Headers = ()
    body: Pieces | None = None
    body_kind: BodyKind = BodyKind.JSON


class WebhookState(StrEnum):
    """The life of a call: it is tried until there is an answer, or no time left for one."""

    WAITING = "waiting"
    DONE = "done"  # answered by 2xx
    FAILED = "failed"  # refused, or given up
    NOT_CALLED = "not_called"  # on a virtual clock nobody is called


@value_class
class QueuedWebhook:
    """A call of the ledger. `public_id` is also its idempotency key."""

    id: int
    public_id: str
    customer_id: int
    journey: str
    step: str
    pass_no: int
    entered_at: datetime
    request: WebhookRequest
    keeps_answer: bool
    expires_at: datetime
    attempts: int


@value_class
class WebhookAnswer:
    """What came back; `status` None where nothing did. `reason` holds no personal data and no
    secret."""

    status: int | None
    body: object = None  # of an answer in JSON
    reason: str = ""
    retry: bool = False  # the same call may pass later
    retry_after_s: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether the server did what it was asked."""
        return self.status is not None and 200 <= self.status < 300


class WebhookCaller(Protocol):
    """Calls servers outside. Safe from several threads."""

    def call(self, request: WebhookRequest, key: str) -> WebhookAnswer:
        """Asks once, within half a minute; never raises what a server or a name is to blame for."""
        ...

    def close(self) -> None:
        """Ends every wait, from any thread."""
        ...


# ---------------------------------------------------------------- secrets, put in


def fill_url(request: WebhookRequest, secrets: Mapping[str, str]) -> str:
    """The whole URL; raises KeyError with the name of a secret that is not there. One that is a
    secret as a whole stays as it is."""
    is_whole = len(request.url) == 1
    return _fill_in(request.url, secrets, str if is_whole else _in_url)


def fill_headers(request: WebhookRequest, secrets: Mapping[str, str]) -> dict[str, str]:
    """The headers that the journey writes; raises KeyError likewise."""
    return {name: _fill_in(value, secrets, str) for name, value in request.headers}


def fill_body(request: WebhookRequest, secrets: Mapping[str, str]) -> str | None:
    """The body; raises KeyError likewise."""
    encode = _in_json if request.body_kind is BodyKind.JSON else str
    return None if request.body is None else _fill_in(request.body, secrets, encode)


def _in_url(secret: str) -> str:
    return quote(secret, safe="")


def _in_json(secret: str) -> str:
    return json.dumps(secret, ensure_ascii=False)[1:-1]


def _fill_in(pieces: Pieces, secrets: Mapping[str, str], encode: Callable[[str], str]) -> str:
    return "".join(
        piece if isinstance(piece, str) else encode(secrets[piece.name]) for piece in pieces
    )


# ---------------------------------------------------------------- as plain data


def request_as_data(request: WebhookRequest) -> dict[str, object]:
    """A request as JSON types, to be kept."""
    return {
        "method": request.method,
        "url": _pieces_as_data(request.url),
        "headers": [[name, _pieces_as_data(value)] for name, value in request.headers],
        "body": None if request.body is None else _pieces_as_data(request.body),
        "kind": str(request.body_kind),
    }


def read_request(data: Mapping[str, object]) -> WebhookRequest:
    """What `request_as_data` made."""
    headers, body = data["headers"], data["body"]
    assert isinstance(headers, list)
    return WebhookRequest(
        str(data["method"]),
        _read_pieces(data["url"]),
        tuple((str(name), _read_pieces(value)) for name, value in headers),
        None if body is None else _read_pieces(body),
        BodyKind(str(data["kind"])),
    )


def _pieces_as_data(pieces: Pieces) -> list[object]:
    return [piece if isinstance(piece, str) else {"secret": piece.name} for piece in pieces]


def _read_pieces(data: object) -> Pieces:
    assert isinstance(data, list)
    return tuple(one if isinstance(one, str) else Secret(one["secret"]) for one in data)
