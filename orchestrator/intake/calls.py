"""One call as a client sent it, made ready for the inbox: checked, dated, and small enough.

Source of the rules: Segment's HTTP API. Times: `timestamp = receivedAt - (sentAt -
originalTimestamp)`, so that a device whose clock is wrong still tells its own order and distances.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

import orjson

from orchestrator.domain.call import BUSINESS, may_be_deep, read_business, read_call
from orchestrator.domain.errors import CallRejected
from orchestrator.domain.values import iso_time
from orchestrator.json_text import TOO_DEEP
from orchestrator.store.inbox import InboxEntry

MESSAGE_ID_CHARS_MAX = 100

#: Slower than a phone's upload: below it a late `sentAt` is the way it took, not a wrong clock, and
#: moving this request's calls by it would put them behind later ones of the same device.
SKEW_MIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Reception:
    """What all calls of one request share. Calls older than `max_age` at their receipt are
    history.
    """

    at: datetime
    max_age: timedelta
    source: str
    written_at: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "written_at", self.at.isoformat())


def accept_call(sent: object, reception: Reception) -> InboxEntry:
    """A call as an entry of the inbox; raises CallRejected with a code and what to do.

    The entry's JSON is what was sent, with its final `timestamp`, `receivedAt` and `messageId`,
    without `writeKey`.
    """
    if not isinstance(sent, dict):
        raise CallRejected("invalid_call", "a call is a JSON object")
    if not isinstance(sent.get("type"), str):
        raise CallRejected(
            "invalid_type", "'type' is required: identify, track, page, screen, group or alias"
        )
    call = sent.copy()
    call.pop("writeKey", None)
    at = _decide_time(call, reception.at)
    call["timestamp"] = at.isoformat()
    call["receivedAt"] = reception.written_at
    call["messageId"] = message_id = _read_message_id(call, reception.at)
    kept: object = call
    raw = write_call(kept)
    if b"\\u0000" in raw:
        kept = _without_nul(call)
        raw = write_call(kept)
    source = reception.source
    if call["type"] == BUSINESS and isinstance(kept, dict):
        read_business(kept)
        source = BUSINESS
    else:
        read_call(kept, is_flat=not may_be_deep(raw))
    return InboxEntry(message_id, reception.at, source, reception.at - at <= reception.max_age, raw)


def write_call(call: object) -> bytes:
    """A call as JSON; raises CallRejected."""
    try:
        return orjson.dumps(call)
    except orjson.JSONEncodeError:  # 254 levels; it reads 1,024
        raise CallRejected("invalid_json", TOO_DEEP) from None


def _decide_time(call: Mapping[str, object], received_at: datetime) -> datetime:
    """When it happened, by our clock. Never after its receipt: a time in the future is cut."""
    said = _read_time(call, "timestamp")
    original = _read_time(call, "originalTimestamp")
    at = said or original
    if at is None:
        return received_at
    sent_at = call.get("sentAt")
    if (said is None or original is None) and isinstance(sent_at, str):
        # With both times the sender has corrected it already.
        at = _correct_skew(at, iso_time(sent_at), received_at)
    return min(at, received_at)


def _correct_skew(at: datetime, sent_at: datetime | None, received_at: datetime) -> datetime:
    if sent_at is None or abs(received_at - sent_at) < SKEW_MIN:
        return at
    try:
        return received_at - (sent_at - at)
    except OverflowError:
        return at


def _read_time(call: Mapping[str, object], key: str) -> datetime | None:
    value = call.get(key)
    if value is None or value == "":
        return None
    at = iso_time(value) if isinstance(value, str) else None
    if at is None:
        raise CallRejected(
            "invalid_timestamp", f"'{key}' must be ISO 8601, such as 2026-11-22T09:30:00Z"
        )
    return at


def _read_message_id(call: Mapping[str, object], received_at: datetime) -> str:
    given = call.get("messageId")
    if given is None or given == "":
        # Ordered by time: random keys are inserted seven times slower on SQLite.
        return f"api-{int(received_at.timestamp() * 1000):x}-{secrets.token_hex(8)}"
    if not isinstance(given, str | int) or "\x00" in str(given):
        raise CallRejected("invalid_message_id", "'messageId' must be text")
    text = str(given)
    if len(text) <= MESSAGE_ID_CHARS_MAX:
        return text
    # Cut off, two long ids could become one, and the second call would be lost.
    return f"long-{blake2b(text.encode(), digest_size=24).hexdigest()}"


def _without_nul(value: object) -> object:
    """The value without NUL characters: PostgreSQL cannot hold them, and they mean nothing to
    anybody.
    """
    match value:
        case str():
            return value.replace("\x00", "")
        case list():
            return [_without_nul(item) for item in value]
        case dict():
            return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value
