"""`parcours messages settle`: what a person says of messages whose outcome nobody knows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, MessageIds, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load_settings
from orchestrator.clock import SystemClock
from orchestrator.measure.settled import settled_as_data, tell_settled
from orchestrator.store.settling import Ruling, settle_by_hand


def settle(
    ids: MessageIds = None,
    *,
    all_unknown: Annotated[
        bool, typer.Option("--all-unknown", help="All whose outcome is unknown.")
    ] = False,
    sent: Annotated[bool, typer.Option("--sent", help="They arrived.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Queue them once more; the policy is asked again.")
    ] = False,
    drop: Annotated[
        bool, typer.Option("--drop", help="Let them be: they count as not sent.")
    ] = False,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Say what became of unknown messages.

    Only messages in the state `unknown` are touched, and each is noted in its customer's story.
    """
    chosen = [
        verdict for verdict, wanted in zip(Ruling, (sent, again, drop), strict=True) if wanted
    ]
    if len(chosen) != 1:
        raise typer.BadParameter("say one of --sent, --again and --drop")
    if bool(ids) is all_unknown:
        raise typer.BadParameter("name messages by their id, or say --all-unknown")
    with opened(load_settings(project), to_look=True) as database:
        settled = settle_by_hand(database, ids or None, chosen[0], SystemClock().now())
    if as_json:
        print_json(settled_as_data(settled))
    else:
        print_answer(tell_settled(settled, chosen[0]))
    if settled.others or settled.missing:
        raise typer.Exit(1)
