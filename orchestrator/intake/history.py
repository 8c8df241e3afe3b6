"""History as a shop exports it: the calls of some files, each once, in the order of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

from orchestrator.domain.call import BUSINESS, Call, may_be_deep, read_business, read_call
from orchestrator.domain.errors import CallRejected
from orchestrator.domain.event import Event
from orchestrator.engine.collecting import collecting_afterwards
from orchestrator.intake.lines import GZIP_DAMAGE, FileDamaged, read_lines
from orchestrator.json_text import JsonRefused, read_json


@dataclass(slots=True)
class History:
    """Calls read from files: each message id once, in order of their own time. `rejected` counts by
    reason.
    """

    calls: list[Call] = field(default_factory=list)
    business: list[Event] = field(default_factory=list)
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


_NEVER = datetime.max.replace(tzinfo=UTC)


@collecting_afterwards
def read_history(paths: Iterable[Path]) -> History:
    """Reads and checks the calls of some files, drops repeated message ids, and sorts by time, ties
    as they came.

    Raises FileDamaged.
    """
    history, seen = History(), set[str]()
    for path in paths:
        try:
            with path.open("rb") as file:
                for _, line in read_lines(file):
                    _read_line(line, history, seen)
        except GZIP_DAMAGE as error:
            raise FileDamaged(
                f"{path.name} is damaged, so a part of history is missing: fetch it again"
            ) from error
    history.business.sort(key=attrgetter("at"))
    history.calls.sort(key=lambda call: call.at or _NEVER)  # all have a time
    return history


def _read_line(line: bytes, history: History, seen: set[str]) -> None:
    try:
        said = read_json(line)
        if isinstance(said, dict) and said.get("type") == BUSINESS:
            _keep_business(said, history, seen)
            return
        call = read_call(said, is_flat=not may_be_deep(line))
        if call.at is None:
            raise CallRejected("no_timestamp", "a call of the past needs its 'timestamp'")
    except CallRejected as rejection:
        history.rejected[str(rejection)] += 1
        return
    except JsonRefused as refusal:
        history.rejected[refusal.about("a line")] += 1
        return
    if call.message_id:
        if call.message_id in seen:
            history.duplicates += 1
            return
        seen.add(call.message_id)
    history.calls.append(call)


def _keep_business(said: dict[str, object], history: History, seen: set[str]) -> None:
    event, message_id = read_business(said), str(said.get("messageId") or "")
    if message_id and message_id in seen:
        history.duplicates += 1
        return
    seen.add(message_id)
    history.business.append(event)
