"""`parcours messages list`: what is in the ledger of messages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened, refuse_unknown_journey
from orchestrator.cli.options import AsJson, OnlyJourney, ProjectFolder, refused
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import journeys_if_sound, load_settings, zone_of
from orchestrator.measure import message_list


def list_messages(
    *,
    state: Annotated[
        str | None,
        typer.Option(
            "--state",
            metavar="STATE",
            help="Only these: a word of `status`, as sent, or an exact state.",
        ),
    ] = None,
    journey: OnlyJourney = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", help="At most so many.", min=1)
    ] = 50,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """List messages, the newest first."""
    config = load_settings(project)
    with refused("--state", message_list.UnknownState):
        states = message_list.states_of(state)
    with opened(config, to_look=True) as database, database.read() as transaction:
        if journey is not None:
            refuse_unknown_journey(transaction, journey)
        known = journeys_if_sound(project)
        rows = message_list.list_messages(
            transaction, known, states, journey, limit=limit, channels=config.channels.media
        )
    if as_json:
        print_json(rows)
    else:
        print_answer([message_list.as_table(rows, zone_of(config)) if rows else "No messages."])
