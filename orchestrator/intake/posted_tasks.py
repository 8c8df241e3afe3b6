"""To-dos that are told to the shop's own server afterwards: those that were made before it was
named.
"""

from __future__ import annotations

from datetime import datetime

from orchestrator.config import Config, load_secret_key
from orchestrator.domain.outlets import notice
from orchestrator.domain.steps.task import told_of
from orchestrator.domain.webhook_port import GIVE_UP, request_as_data
from orchestrator.engine.parts import public_id
from orchestrator.store.database import Database
from orchestrator.store.tables import WEBHOOKS
from orchestrator.store.tasks import KeptTask, TaskFilter, list_tasks


def post_tasks(database: Database, config: Config, now: datetime) -> int:
    """Has the open to-dos that nobody was told of be told with the next tick; returns how many."""
    secret = load_secret_key(config)
    with database.write() as transaction:
        tasks = list_tasks(transaction, TaskFilter())
        rows = [_webhook(config, task, secret, now) for task in tasks]
        return transaction.insert_new(WEBHOOKS, rows)


def _webhook(config: Config, task: KeptTask, secret: str, now: datetime) -> dict[str, object]:
    request = notice(config.outlets.tasks, told_of((task.journey, task.external_id), task))
    return {
        "public_id": public_id(secret, (task.enrollment_id, task.step, task.pass_no)),
        "customer_id": task.customer_id,
        "enrollment_id": task.enrollment_id,
        "journey": task.journey,
        "step": task.step,
        "pass_no": task.pass_no,
        "request": request_as_data(request),
        "keeps_answer": False,
        "decided_at": now,
        "not_before": now,
        "expires_at": now + GIVE_UP,
    }
