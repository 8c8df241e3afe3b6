"""`parcours gaps`: which typical programmes are missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import NothingYet, opened
from orchestrator.cli.options import AsJson, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.gaps import gaps_told
from orchestrator.gaps.analysis import Gaps, judge_files, read_gaps
from orchestrator.gaps.covered import Coverage
from orchestrator.gaps.worth import weigh_missing
from orchestrator.intake.history import read_history
from orchestrator.language.project import Project
from orchestrator.measure.trade.logged_trade import trade_of


def gaps(
    activity: Annotated[
        str | None, typer.Argument(metavar="PROGRAMME", help="Tell more of this one.")
    ] = None,
    *,
    events: Annotated[
        list[Path] | None,
        typer.Option(
            "--events",
            metavar="FILE",
            help="Replay the missing programmes over this history; may be repeated.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Show which typical programmes run here, which are missing, and whom nobody serves."""
    loaded = load(project, need_templates=False)
    found = _read(loaded)
    if activity is not None:
        print_answer(gaps_told.tell_activity(_find(found, activity)))
        return
    if events:
        history = read_history(events)
        trade = trade_of(history, loaded.config.project.currency)
        worth = tuple(weigh_missing(found.coverage, loaded, history, trade))
        found = replace(found, worth=worth)
    if as_json:
        print_json(gaps_told.as_data(found))
    else:
        print_answer(gaps_told.tell_gaps(found))


def _read(project: Project) -> Gaps:
    try:
        with opened(project.config, to_look=True) as database:
            return read_gaps(project, database)
    except NothingYet:
        return judge_files(project)


def _find(found: Gaps, name: str) -> Coverage:
    known = {one.activity.id: one for one in found.coverage}
    if name not in known:
        hint = did_you_mean(name, known) or f" (known: {', '.join(known)})"
        raise typer.BadParameter(f"there is no programme '{name}'{hint}")
    return known[name]
