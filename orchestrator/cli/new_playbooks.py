"""Programmes copied into a project: what is refused and told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import typer

from orchestrator.cli.new_projects import tell_copied
from orchestrator.cli.options import refused
from orchestrator.cli.output import print_problems
from orchestrator.config import FILE
from orchestrator.domain.formatting import count
from orchestrator.language.project import JOURNEYS, Project, read_project
from orchestrator.lint.project_check import check_project
from orchestrator.starter.copying import (
    NoSuchStage,
    copy_into,
    playbook_files,
)
from orchestrator.starter.languages import LANGUAGES, language_of
from orchestrator.starter.playbooks import PLAYBOOKS


def copy_playbook(name: str, root: Path, locales: Sequence[str] | None) -> None:
    """Writes what is not there yet, and tells what `check` finds in it and what to type next."""
    found, _ = read_project(root, os.environ, need_templates=False)
    chosen = locales or _languages_of(found)
    with refused(None, NoSuchStage):
        texts = playbook_files(PLAYBOOKS[name], chosen, found.known.stages or None)
    copied = copy_into(root, texts)
    tell_copied(root, copied)
    report = check_project(root, os.environ)
    about = [one for one in report.problems if one.file in copied.written or one.file == FILE]
    if about:
        typer.echo(f"\n{count(len(about), 'thing')} to look at, before it runs:")
        print_problems(about)
    typer.echo("\nNow type:")
    journeys = PLAYBOOKS[name].journeys
    typer.echo(f"  parcours test {' '.join(journeys)}")
    typer.echo(f"  parcours preview {journeys[0]}")
    files = " and ".join(f"{JOURNEYS}/{one}.yaml" for one in journeys)
    typer.echo(f"Nobody enters yet: take the line `draft: true` out of {files} to begin.")


def _languages_of(project: Project) -> list[str]:
    """The project's own language, then those in which its templates are there already."""
    own = project.config.project.locale
    mails = project.root / "templates/email"
    others = [one for one in LANGUAGES if any(mails.glob(f"*.{one}.mjml"))]
    return [own, *(one for one in others if one != language_of(own))]
