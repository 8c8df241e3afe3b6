"""To-dos that somebody has done: noted, and told to the customer's journeys by a call of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from orchestrator.domain.steps.task import TASK_DONE
from orchestrator.engine.ingest import HAND
from orchestrator.store.database import Database
from orchestrator.store.inbox import InboxEntry, put_calls
from orchestrator.store.tasks import KeptTask, close_tasks, find_tasks


@dataclass(frozen=True, slots=True)
class TaskReport:
    """What whoever did a to-do says of it: a word for how it went, which journeys may ask, and a
    note.
    """

    result: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The to-dos that are `done` now, and those that were so `before`; where one is `unknown`,
    nothing is.
    """

    done: tuple[int, ...] = ()
    before: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()


def finish_tasks(
    database: Database, ids: Sequence[int], report: TaskReport, now: datetime
) -> Finished:
    """Notes that these to-dos are done, and puts `Task Done` of each into the inbox, once."""
    with database.write() as transaction:
        found = find_tasks(transaction, ids)
        if unknown := tuple(key for key in ids if key not in found):
            return Finished(unknown=unknown)
        fresh = {key: task for key, task in found.items() if task.done_at is None}
        close_tasks(transaction, fresh, now, report.result, report.note)
        put_calls(transaction, [_call(task, report, now) for task in fresh.values()])
    return Finished(tuple(sorted(fresh)), tuple(sorted(found.keys() - fresh.keys())))


def _call(task: KeptTask, report: TaskReport, now: datetime) -> InboxEntry:
    message_id = f"task-{task.id}"
    call = {
        "type": "track",
        "event": TASK_DONE,
        "anonymousId" if task.anonymous else "userId": task.external_id,
        "messageId": message_id,
        "timestamp": now.isoformat(),
        "properties": {
            "journey": task.journey,
            "step": task.step,
            "type": task.type,
            "result": report.result,
            "note": report.note,
        },
    }
    return InboxEntry(message_id, now, HAND, True, orjson.dumps(call))
