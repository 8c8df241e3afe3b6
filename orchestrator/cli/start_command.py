"""`parcours start`: customers into a journey, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, ProjectFolder
from orchestrator.cli.output import end_with, print_json
from orchestrator.cli.projects import find_segment, load
from orchestrator.domain.formatting import count
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.engine.last_tick import read_own_time
from orchestrator.intake.manual_start import is_manual, start_all, start_by_hand
from orchestrator.language.project import Project
from orchestrator.measure.segment_told import belonging, everybody_at


def start(
    journey: Annotated[
        str, typer.Argument(metavar="JOURNEY", help="A journey with the trigger `manual`.")
    ],
    users: Annotated[
        list[str] | None, typer.Argument(metavar="[USER_ID]", help="Customers, by their id.")
    ] = None,
    *,
    segment: Annotated[
        str | None,
        typer.Option("--segment", metavar="NAME", help="All who belong to this segment now."),
    ] = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Enter customers into a journey by hand.

    They begin with the next tick. All are started, or none when one of them is unknown.
    """
    if bool(users) == (segment is not None):
        raise typer.BadParameter("name customers, or `--segment NAME`")
    loaded = load(project)
    _require_manual(loaded, journey)
    known = find_segment(loaded, segment) if segment is not None else None
    with opened(loaded.config) as database:
        now = read_own_time(database)
        if known is None:
            started = start_by_hand(database, journey, users or [], now)
        else:
            everybody = everybody_at(now, loaded)
            members = belonging(database, known, everybody)
            started = start_all(database, journey, members, now)
    if started.unknown:
        raise end_with(f"nobody was started: no customer has the id {', '.join(started.unknown)}")
    if as_json:
        print_json({"journey": journey, "started": started.ids})
    elif not started.ids:
        typer.echo(f"nobody belongs to {segment}, so nobody will enter {journey}")
    else:
        typer.echo(
            f"{count(len(started.ids), 'customer')} will enter {journey}: a running `parcours up` "
            "sees to it, or type `parcours tick`. Its `only_if` and `reentry` hold for them too."
        )


def _require_manual(project: Project, journey: str) -> None:
    known = project.journeys.get(journey)
    if known is None:
        raise typer.BadParameter(
            f"there is no journey '{journey}'{did_you_mean(journey, project.journeys)}"
        )
    if known.draft:
        raise end_with(f"{journey} is a draft, which nobody enters: take `draft: true` out first")
    if not is_manual(known):
        raise end_with(f"{journey} cannot be started by hand: add `- manual` to its `trigger`")
