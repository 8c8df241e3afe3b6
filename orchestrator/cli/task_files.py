"""`parcours tasks export` and `post`: to-dos that leave this place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.csv_files import write_csv
from orchestrator.cli.databases import opened
from orchestrator.cli.options import OnlyJourney, ProjectFolder
from orchestrator.cli.output import end_with
from orchestrator.cli.projects import load_settings
from orchestrator.cli.to_dos import Assignee, WithDone, read_tasks
from orchestrator.clock import SystemClock
from orchestrator.domain.formatting import count
from orchestrator.intake.posted_tasks import post_tasks
from orchestrator.measure import task_list
from orchestrator.store.tasks import TaskFilter


def post(*, project: ProjectFolder = Path()) -> None:
    """Tell the shop's own server of the open to-dos that it was not told of, with the next tick.

    With `[tasks] webhook` each is told when it is made; this is for those from before.
    """
    config = load_settings(project)
    if not config.outlets.tasks:
        raise end_with("nobody is to be told: name a server in parcours.toml, `[tasks] webhook`")
    with opened(config, to_look=True) as database:
        number = post_tasks(database, config, SystemClock().now())
    typer.echo(f"{count(number, 'task')} to be told of, with the next tick")


def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV file; `-` is standard output.")
    ],
    *,
    journey: OnlyJourney = None,
    assignee: Assignee = None,
    with_done: WithDone = False,
    project: ProjectFolder = Path(),
) -> None:
    """Write to-dos to a file for a spreadsheet, with names, addresses and numbers."""
    config = load_settings(project)
    found = read_tasks(config, TaskFilter(None if with_done else False, journey, assignee))
    write_csv(file, task_list.HEADER, task_list.as_rows(found), count(len(found), "task"))
