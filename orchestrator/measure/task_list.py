"""To-dos for people, as a table and as a file for a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from orchestrator.domain.answer import Table
from orchestrator.domain.formatting import format_in_utc, format_instant, format_value
from orchestrator.domain.traits import RESERVED_TRAITS
from orchestrator.domain.values import as_text
from orchestrator.store.tasks import KeptTask

HEADER = (
    "id", "due_at", "type", "user_id", "first_name", "last_name", "email", "phone", "note",
    "assignee", "journey", "step", "made_at", "done_at", "result", "done_note",
)  # fmt: skip
#: What a spreadsheet takes for a formula; a number with its sign is none.
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d .()/-]+$)")


def as_table(tasks: Sequence[KeptTask], zone: ZoneInfo) -> Table:
    """One line each."""
    rows = [
        (
            str(task.id),
            format_instant(task.due_at, zone) if task.due_at else "",
            task.type,
            task.external_id,
            task.assignee,
            task.journey,
            format_value(task.note) if task.note else "",
            task.result or ("done" if task.done_at else ""),
        )
        for task in tasks
    ]
    head = ("ID", f"DUE ({zone.key})", "TYPE", "CUSTOMER", "FOR", "JOURNEY", "NOTE", "RESULT")
    return Table(head, rows)


def as_plain(task: KeptTask) -> dict[str, object]:
    """For a machine, without what is known of the customer beside their id."""
    return {
        "id": task.id,
        "type": task.type,
        "user_id": task.external_id,
        "note": task.note,
        "assignee": task.assignee,
        "journey": task.journey,
        "step": task.step,
        "made_at": task.at,
        "due_at": task.due_at,
        "done_at": task.done_at,
        "result": task.result,
        "done_note": task.done_note,
    }


def as_rows(tasks: Sequence[KeptTask]) -> Iterator[list[str]]:
    """The rows below `HEADER`. What customers wrote is never a formula of the spreadsheet."""
    for task in tasks:
        known = {**as_plain(task), **{name: _trait(task, name) for name in HEADER[4:8]}}
        yield [_as_cell(known[name]) for name in HEADER]


def _trait(task: KeptTask, name: str) -> object:
    return task.traits.get(name, task.traits.get(RESERVED_TRAITS.get(name, name)))


def _as_cell(value: object) -> str:
    if isinstance(value, datetime):
        return format_in_utc(value)
    text = "" if value is None else as_text(value)
    return f"'{text}" if _FORMULA.match(text) else text
