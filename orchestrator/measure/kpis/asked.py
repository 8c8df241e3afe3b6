"""What is asked of key figures, as it is typed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.phrase import say

_ENDINGS = (".gz", ".jsonl", ".ndjson", ".json")


class InvalidQuestion(ParcoursError):
    """A question that cannot be understood."""


def read_day(text: str, zone: ZoneInfo) -> datetime:
    """An instant; one without a zone is by the project's clock, a day alone is its midnight."""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    except (ValueError, OverflowError):
        raise InvalidQuestion(
            say("'{text}' is no day: write 2026-11-27 or 2026-11-27T10:00", text=text)
        ) from None


def read_window(
    since: str | None, until: str | None, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """Beginning and end as far as they are given; the end is no part of it."""
    start = None if since is None else read_day(since, zone)
    end = None if until is None else read_day(until, zone)
    if start is not None and end is not None and start >= end:
        raise InvalidQuestion(say("it ends before it begins: give a later day with --to"))
    return start, end


def read_steps(text: str) -> list[str]:
    """The events of a funnel, written `A > B > C`."""
    steps = [step.strip() for step in text.split(">")]
    if len(steps) < 2 or not all(steps):
        raise InvalidQuestion(
            say("'{text}' is no funnel: write \"Product Viewed > Order Completed\"", text=text)
        )
    return steps


def name_of(file: Path) -> str:
    """The stem of a log: `shop` of `shop.jsonl.gz`."""
    name = file.name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name or file.name
