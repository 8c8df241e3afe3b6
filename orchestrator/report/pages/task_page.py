"""What journeys ask people to do."""

from __future__ import annotations

from datetime import datetime

from orchestrator.domain.formatting import format_value
from orchestrator.domain.phrase import say
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.page_blocks import Grid, Page, Prose, Views
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import Badge, PageLink, Value, When
from orchestrator.store.tasks import KeptTask, TaskFilter, list_tasks

TITLE = say("Tasks")
SHOWN_MAX = 500


def task_page(source: Source, asked: PageAsked) -> Page:
    """The open ones, what is due first in front; or those that are done."""
    is_done = asked.get("done") == "yes"
    with source.database.read() as transaction:
        found = list_tasks(transaction, TaskFilter(is_done=is_done))
    views = [
        (say("Open"), "tasks", not is_done),
        (say("Done"), "tasks?done=yes", is_done),
    ]
    blocks = [Views(TITLE, views), _grid(found, source.now, is_done=is_done)]
    return Page(TITLE, blocks if is_done or not found else [*blocks, Prose(HOW)])


HOW = say(
    "`parcours tasks done ID` says that one is done; `parcours tasks export FILE` writes them for "
    "a spreadsheet."
)


def _grid(found: list[KeptTask], now: datetime, *, is_done: bool) -> Grid:
    shown = found[-SHOWN_MAX:][::-1] if is_done else found[:SHOWN_MAX]
    head = (
        say("Task"), say("Number"), say("Customer"), say("Note"), say("For"), say("Journey"),
        say("Result") if is_done else say("Due"),
    )  # fmt: skip
    rows = [_row(task, now, is_done=is_done) for task in shown]
    empty = say("No task is done yet.") if is_done else say("Nothing waits for a person.")
    note = (
        say("The first {shown:,} of {all:,}.", shown=len(shown), all=len(found))
        if len(shown) < len(found)
        else ""
    )
    return Grid("tasks", TITLE, head, rows, empty, note)


def _row(task: KeptTask, now: datetime, *, is_done: bool) -> list[Value]:
    return [
        task.type,
        task.id,
        PageLink(task.external_id, f"customers/{task.customer_id}"),
        format_value(task.note) if task.note else None,
        task.assignee,
        PageLink(task.journey, f"journeys/{task.journey}"),
        (task.result or say("done")) if is_done else _due(task, now),
    ]


def _due(task: KeptTask, now: datetime) -> Value:
    if task.due_at is None:
        return None
    return Badge(say("overdue"), "bad") if task.due_at < now else When(task.due_at)
