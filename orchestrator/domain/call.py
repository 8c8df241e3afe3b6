"""A call of the Segment specification, checked: who, what, when.

Source: Segment's HTTP API and spec (identify, track, page, screen, group, alias). Limits: 32 kB a
call, ids of at most 256 characters (ours).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from orchestrator.domain.errors import CallRejected
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.value_class import value_class
from orchestrator.domain.values import as_text, iso_time

CALL_BYTES_MAX = 32_768
ID_CHARS_MAX = 256
EXACT_MAX = (
    2**53
    # from here on a float stands for several numbers; a JSON reader makes one of integers beyond 64
    # bits
)
# Python compares and JSON writers write a few hundred levels, and what a journey computes adds some
NESTING_MAX = 100

BUSINESS = "business"  # the type of a call without a customer
_KINDS = {
    "identify": Kind.IDENTIFY,
    "alias": Kind.MERGE,
    "group": Kind.GROUP,
    "track": Kind.TRACK,
    "page": Kind.PAGE,
    "screen": Kind.SCREEN,
}
#: The name under which journeys and facts see page and screen calls.
_NAMES = {Kind.PAGE: "Page Viewed", Kind.SCREEN: "Screen Viewed"}


@value_class
class Call:
    """One accepted call. `user_id` or `anonymous_id` is set; `previous_id` only for alias. `at` is
    None when the call carried no time: it happened when it was received."""

    kind: Kind
    name: str
    at: datetime | None
    message_id: str
    user_id: str = ""
    anonymous_id: str = ""
    previous_id: str = ""
    properties: Mapping[str, object] = field(default_factory=dict)
    context: Mapping[str, object] = field(default_factory=dict)

    def event(self, at: datetime, arrival: int, *, starts: bool = True) -> Event:
        """The call as an event of a time line."""
        return Event(at, self.kind, self.name, self.properties, arrival, starts, self.context)


def may_be_deep(text: bytes) -> bool:
    """Whether JSON may be nested too deeply: it has as many brackets, which few calls have."""
    return text.count(b"{") + text.count(b"[") > NESTING_MAX


def read_call(raw: object, *, is_flat: bool = False) -> Call:
    """Checks one call; raises CallRejected with a code and what to do. `is_flat`: it is known that
    nothing in it is nested too deeply.
    """
    if not isinstance(raw, dict):
        raise CallRejected("invalid_call", "a call is a JSON object")
    written = raw.get("type")
    kind = _KINDS.get(written) if isinstance(written, str) else None
    if kind is None:
        raise CallRejected("invalid_type", f"'type' must be one of {', '.join(_KINDS)}")
    if not is_flat and _is_deeper(raw, NESTING_MAX):
        raise CallRejected("invalid_json", "objects and lists are nested too deeply")
    user_id, anonymous_id = _read_id(raw, "userId"), _read_id(raw, "anonymousId")
    if not user_id and not anonymous_id:
        raise CallRejected("no_id", "'userId' or 'anonymousId' is required")
    name = _NAMES.get(kind, "")
    if kind is Kind.TRACK:
        name = raw.get("event") or ""
        if not isinstance(name, str) or not name.strip():
            raise CallRejected("no_event", "a track call needs the name of its event in 'event'")
    previous_id = _read_id(raw, "previousId") if kind is Kind.MERGE else ""
    if kind is Kind.MERGE and not (previous_id and user_id):
        raise CallRejected("no_previous_id", "an alias call needs 'previousId' and 'userId'")
    context = _read_object(raw, "context")
    if kind is Kind.GROUP and (group_id := _read_id(raw, "groupId")):
        context = {**context, "groupId": group_id}  # where other calls name their group, too
    at = _read_time(raw)
    message_id = raw.get("messageId")
    return Call(
        kind,
        name,
        at,
        ""
        if message_id is None
        else str(message_id),  # whole: cut off, two long ids could become one
        user_id,
        anonymous_id,
        previous_id,
        _read_properties(kind, raw, context),
        context,
    )


def read_business(raw: Mapping[str, object]) -> Event:
    """What happened to the business, of a call without a customer; raises CallRejected. Without a
    time of its own it happened when it was received.
    """
    if _is_deeper(dict(raw), NESTING_MAX):
        raise CallRejected("invalid_json", "objects and lists are nested too deeply")
    name = raw.get("event")
    if not isinstance(name, str) or not name.strip():
        raise CallRejected("no_event", "a business call needs the name of its event in 'event'")
    at = _read_time(raw)
    if at is None:
        raise CallRejected("no_timestamp", "a call of the past needs its 'timestamp'")
    return Event(at, Kind.EMITTED, name, _read_object(raw, "properties"))


def _is_deeper(value: dict[str, object] | list[object], levels: int) -> bool:
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list) and (levels <= 1 or _is_deeper(part, levels - 1)):
            return True
    return False


def _read_id(raw: Mapping[str, object], key: str) -> str:
    value = raw.get(key)
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return _checked_id(key, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CallRejected("invalid_id", f"'{key}' must be text or a number")
    if isinstance(value, float) and abs(value) >= EXACT_MAX:
        raise CallRejected(
            "invalid_id", f"'{key}' is too large a number to be read exactly: send it as text"
        )
    return _checked_id(key, as_text(value))  # 123.0 is what tables with gaps make of 123


def _checked_id(key: str, text: str) -> str:
    if len(text) > ID_CHARS_MAX:
        raise CallRejected("invalid_id", f"'{key}' is longer than {ID_CHARS_MAX} characters")
    if "\x00" in text:
        raise CallRejected("invalid_id", f"'{key}' holds a NUL character")
    return text


def _read_object(raw: Mapping[str, object], key: str) -> dict[str, object]:
    value = raw.get(key)
    if value is None or value == "" or value == []:  # PHP writes an empty map as []
        return {}
    if not isinstance(value, dict):
        raise CallRejected("invalid_call", f"'{key}' must be an object")
    if "consent" not in value:  # as in nearly all
        return value
    consent = _with_maps(value["consent"])
    return value if consent is value["consent"] else {**value, "consent": consent}


def _with_maps(consent: object) -> object:
    """A consent object whose empty maps are maps."""
    if consent == []:
        return {}
    if isinstance(consent, dict) and [] in consent.values():
        return {key: {} if value == [] else value for key, value in consent.items()}
    return consent


def _read_time(raw: Mapping[str, object]) -> datetime | None:
    value = raw.get("timestamp") or raw.get("originalTimestamp")
    if value is None:
        return None
    at = iso_time(value) if isinstance(value, str) else None
    if at is None or not 1900 < at.year < 2200:
        raise CallRejected(
            "invalid_timestamp", "'timestamp' must be ISO 8601, such as 2026-11-22T09:30:00Z"
        )
    return at


def _read_properties(
    kind: Kind, raw: Mapping[str, object], context: Mapping[str, object]
) -> dict[str, object]:
    if kind in (Kind.IDENTIFY, Kind.GROUP):
        # Rudder's SDKs put the traits of an identify into context.traits.
        return _read_object(raw, "traits") or (
            _read_object(context, "traits") if kind is Kind.IDENTIFY else {}
        )
    properties = _read_object(raw, "properties")
    if kind in (Kind.PAGE, Kind.SCREEN):
        extra = {key: raw[key] for key in ("name", "category") if isinstance(raw.get(key), str)}
        return {**extra, **properties}
    return properties
