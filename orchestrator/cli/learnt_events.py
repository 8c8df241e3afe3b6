"""`parcours events learn`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened
from orchestrator.cli.options import ProjectFolder
from orchestrator.cli.output import print_answer
from orchestrator.cli.projects import load_settings, project_root
from orchestrator.documents.document import Document
from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.answer import Notice, Part
from orchestrator.domain.formatting import count
from orchestrator.domain.learnt_plan import LearntPlan
from orchestrator.domain.text_files import decode_text
from orchestrator.intake.history import read_history
from orchestrator.language.project import JOURNEYS
from orchestrator.language.tracking_plan_writing import (
    extend_plan,
    lacking_events,
    lacking_properties,
    lacking_traits,
    write_plan,
)
from orchestrator.store.figures import learn_plan

PLAN = f"{JOURNEYS}/events.yaml"


def learn(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="Calls as JSON lines, plain or gzip; without any: what is in the database.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    *,
    project: ProjectFolder = Path(),
) -> None:
    """Write the tracking plan, journeys/events.yaml, from the database or from files of calls.

    One that is there is kept as it is: events and traits that it lacks are added at its end.
    """
    path = project_root(project) / PLAN
    learnt = _learn(files or [], project)
    if not learnt.events and not learnt.traits.parts and not learnt.account.parts:
        print_answer([Notice("no event and no trait is there to be learnt from", "warning")])
        raise typer.Exit(1)
    document = _read(path) if path.exists() else None
    text = write_plan(learnt) if document is None else extend_plan(document, learnt)
    path.write_text(text, "utf-8")
    print_answer(_told(document, learnt))


def _learn(files: list[Path], project: Path) -> LearntPlan:
    if not files:
        with opened(load_settings(project), to_look=True) as database, database.read() as reading:
            return learn_plan(reading)
    learnt = LearntPlan()
    for call in read_history(files).calls:
        learnt.take(call.kind, call.name, call.properties)
    return learnt


def _read(path: Path) -> Document:
    document, problems = read_yaml(decode_text(path.read_bytes()), PLAN)
    if problems or not isinstance(document.data, dict):
        told = str(problems[0]) if problems else f"{PLAN} holds no map"
        raise typer.BadParameter(f"{told}; mend it, or delete it to have it written anew")
    return document


def _told(document: Document | None, learnt: LearntPlan) -> Iterator[Part]:
    if document is None:
        new = len(learnt.events), len(learnt.traits.parts)
        yield f"{PLAN} written: {count(new[0], 'event')}, {count(new[1], 'trait')}"
        return
    events, traits = lacking_events(document, learnt), lacking_traits(document, learnt)
    yield f"{PLAN}: {count(len(events), 'event')} and {count(len(traits), 'trait')} added"
    yield from (f"  {name}" for name in sorted({*events, *traits}))
    if rest := list(lacking_properties(document, learnt)):
        yield "Properties that it does not have, and that came in (add them by hand):"
        yield from (f"  {one}" for one in rest)
