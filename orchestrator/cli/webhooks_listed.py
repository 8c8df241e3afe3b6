"""`parcours webhooks list` and `retry`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened, refuse_unknown_journey
from orchestrator.cli.options import AsJson, OnlyJourney, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load_settings, zone_of
from orchestrator.clock import SystemClock
from orchestrator.domain.webhook_port import WebhookState
from orchestrator.measure import webhook_list
from orchestrator.store import webhooks

WebhookIds = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Webhooks by their id.")]


def list_webhooks(
    *,
    state: Annotated[
        WebhookState | None, typer.Option("--state", metavar="STATE", help="Only these.")
    ] = None,
    journey: OnlyJourney = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", help="At most so many.", min=1)
    ] = 50,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """List webhooks, the newest first."""
    config = load_settings(project)
    with opened(config, to_look=True) as database, database.read() as transaction:
        if journey is not None:
            refuse_unknown_journey(transaction, journey)
        rows = webhook_list.as_listed(webhooks.list_webhooks(transaction, state, journey, limit))
    if as_json:
        print_json(rows)
    else:
        print_answer([webhook_list.as_table(rows, zone_of(config)) if rows else "No webhooks."])


def retry(
    ids: WebhookIds = None,
    *,
    journey: OnlyJourney = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Make failed webhooks again, once their cause is mended.

    Each is asked as it was decided, under its old idempotency key, and tried for a day from now.
    """
    if not ids and journey is None:
        raise typer.BadParameter("name webhooks by their id, or say which: --journey")
    with opened(load_settings(project), to_look=True) as database:
        if journey is not None:
            with database.read() as transaction:
                refuse_unknown_journey(transaction, journey)
        found = webhooks.retry(database, ids or (), journey, SystemClock().now())
    if as_json:
        print_json(webhook_list.retried_as_data(found))
    else:
        print_answer(webhook_list.tell_retried(found))
    if found.others or found.missing:
        raise typer.Exit(1)
