"""`parcours experiment --declare`: the winner is written into the journey's file."""

from __future__ import annotations

from pathlib import Path

import typer

from orchestrator.cli.output import end_with
from orchestrator.cli.projects import load, project_root
from orchestrator.cli.spoken import told
from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.assignment import HOLDOUT, TREATED
from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.phrase import say
from orchestrator.domain.steps.ways import Split
from orchestrator.domain.text_files import decode_text
from orchestrator.language.declared_winner import CannotDeclare, declare_variant, end_holdout
from orchestrator.language.project import JOURNEYS


def declare(project: Path, which: str | None, winner: str) -> None:
    """Writes the file, if the project is as sound as before with it."""
    journey, _, step = (which or "").partition("/")
    journeys = load(project, need_templates=False).journeys
    if journey not in journeys or not step:
        raise typer.BadParameter(say("name the experiment as JOURNEY/STEP"), param_hint="--declare")
    path = project_root(project) / JOURNEYS / f"{journey}.yaml"
    before = decode_text(path.read_bytes())
    document, _ = read_yaml(before, f"{JOURNEYS}/{path.name}")
    try:
        if step == HOLDOUT:
            if winner != TREATED:
                raise CannotDeclare(
                    say("a journey that is worth nothing is ended by `draft: true`")
                )
            text = end_holdout(document)
        else:
            split = journeys[journey].by_id.get(step)
            names = [one.name for one in split.variants] if isinstance(split, Split) else []
            text = declare_variant(document, step, names, winner)
    except CannotDeclare as error:
        raise end_with(str(error)) from None
    path.write_text(text, "utf-8")
    try:
        load(project, need_templates=False)
    except ProjectInvalid as invalid:
        path.write_text(before, "utf-8")
        raise end_with(str(invalid.problems[0])) from None
    typer.echo(
        told(
            say(
                "{winner} is declared in {file}: everybody new gets it. Who has another keeps "
                "it, and nobody inside is moved.",
                winner=winner,
                file=f"{JOURNEYS}/{path.name}",
            )
        )
    )
