"""`parcours start`: customers into a journey, by hand."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.options import AsJson, ProjectFolder, load, opened
from orchestrator.cli.output import print_json
from orchestrator.domain.formatting import count

if TYPE_CHECKING:
    from orchestrator.language.project import Project
    from orchestrator.store.database import Database
    from orchestrator.store.inbox import InboxEntry


def start(
    journey: Annotated[
        str, typer.Argument(metavar="JOURNEY", help="A journey with the trigger `manual`.")
    ],
    users: Annotated[list[str], typer.Argument(metavar="USER_ID", help="Customers, by their id.")],
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Enter customers into a journey by hand.

    They begin with the next tick. All are started, or none when one of them is unknown.
    """
    from orchestrator.clock import SystemClock
    from orchestrator.store.inbox import write_inbox

    loaded = load(project)
    _require_manual(loaded, journey)
    now = SystemClock().now()
    with opened(loaded.config) as database:
        found, unknown = _find(database, users)
        if not unknown:
            write_inbox(database, [_call(journey, customer, now) for customer in found])
    if unknown:
        typer.secho(
            f"nobody was started: no customer has the id {', '.join(unknown)}", fg="red", err=True
        )
        raise typer.Exit(1)
    if as_json:
        print_json({"journey": journey, "started": [customer.external_id for customer in found]})
    else:
        typer.echo(
            f"{count(len(found), 'customer')} will enter {journey}: a running `parcours up` "
            f"sees to it, or type "
            "`parcours tick`. Its `only_if` and `reentry` hold for them too."
        )


def _require_manual(project: Project, journey: str) -> None:
    from orchestrator.domain.journey import ManualTrigger
    from orchestrator.domain.suggestion import did_you_mean

    known = project.journeys.get(journey)
    if known is None:
        raise typer.BadParameter(
            f"there is no journey '{journey}'{did_you_mean(journey, project.journeys)}"
        )
    if not any(isinstance(trigger, ManualTrigger) for trigger in known.triggers):
        typer.secho(
            f"{journey} cannot be started by hand: add `- manual` to its `trigger`",
            fg="red",
            err=True,
        )
        raise typer.Exit(1)


def _find(database: Database, users: list[str]) -> tuple[list[Any], list[str]]:
    """The customers of these ids, each once, and the ids that nobody has."""
    from orchestrator.store.customers import find_customer

    with database.read() as transaction:
        rows = {user: find_customer(transaction, user) for user in users}
    found = {row.id: row for row in rows.values() if row is not None}
    return list(found.values()), [user for user, row in rows.items() if row is None]


def _call(journey: str, customer: Any, now: datetime) -> InboxEntry:
    import orjson

    from orchestrator.engine.ingest import MANUAL
    from orchestrator.store.inbox import InboxEntry

    message_id = f"manual-{secrets.token_hex(12)}"
    call = {
        "type": "track",
        "event": journey,
        "anonymousId" if customer.anonymous else "userId": customer.external_id,
        "messageId": message_id,
        "timestamp": now.isoformat(),
    }
    return InboxEntry(message_id, now, MANUAL, True, orjson.dumps(call))
