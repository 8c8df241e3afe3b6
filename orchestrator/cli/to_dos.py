"""`parcours tasks list`, `done` and `export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened, refuse_unknown_journey
from orchestrator.cli.options import AsJson, OnlyJourney, ProjectFolder
from orchestrator.cli.output import end_with, print_answer, print_json
from orchestrator.cli.projects import load_settings, zone_of
from orchestrator.config import Config
from orchestrator.domain.formatting import count
from orchestrator.engine.last_tick import read_own_time
from orchestrator.intake.finished_tasks import TaskReport, finish_tasks
from orchestrator.measure import task_list
from orchestrator.store import tasks
from orchestrator.store.tasks import KeptTask, TaskFilter

WithDone = Annotated[bool, typer.Option("--all", help="Those that are done, too.")]
Assignee = Annotated[
    str | None, typer.Option("--assignee", metavar="NAME", help="Only who does it.")
]


def list_tasks(
    *,
    journey: OnlyJourney = None,
    assignee: Assignee = None,
    with_done: WithDone = False,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """List the to-dos for people, what is due first in front."""
    config = load_settings(project)
    found = read_tasks(config, TaskFilter(None if with_done else False, journey, assignee))
    if as_json:
        print_json([task_list.as_plain(task) for task in found])
    else:
        print_answer([task_list.as_table(found, zone_of(config)) if found else "No tasks."])


def done(
    ids: Annotated[list[int], typer.Argument(metavar="ID", help="To-dos, by their id.")],
    *,
    result: Annotated[
        str, typer.Option("--result", metavar="WORD", help="How it went, as journeys ask it.")
    ] = "",
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What is to be known.")] = "",
    project: ProjectFolder = Path(),
) -> None:
    """Say that to-dos are done, and how it went.

    Their customers' journeys are told by the event `Task Done`, with the next tick.
    """
    config, report = load_settings(project), TaskReport(result.strip(), note.strip())
    with opened(config, to_look=True) as database:
        finished = finish_tasks(database, ids, report, read_own_time(database))
    if finished.unknown:
        raise end_with(f"nothing is noted: there is no task {_named(finished.unknown)}")
    if finished.done:
        typer.echo(f"{count(len(finished.done), 'task')} done")
    if finished.before:
        raise end_with(f"done before, and left as it was: {_named(finished.before)}")


def read_tasks(config: Config, wanted: TaskFilter) -> list[KeptTask]:
    with opened(config, to_look=True) as database, database.read() as transaction:
        if wanted.journey is not None:
            refuse_unknown_journey(transaction, wanted.journey)
        return tasks.list_tasks(transaction, wanted)


def _named(ids: tuple[int, ...]) -> str:
    return ", ".join(map(str, ids))
