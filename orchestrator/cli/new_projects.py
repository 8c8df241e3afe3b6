"""New projects on the command line: what is asked, refused and told."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from orchestrator.cli.options import refused
from orchestrator.cli.output import end_with
from orchestrator.config import FILE
from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.formatting import count
from orchestrator.language.project import JOURNEYS
from orchestrator.starter.copying import (
    Copied,
    copy_into,
    new_project,
)
from orchestrator.starter.languages import LANGUAGES, is_locale, language_of
from orchestrator.starter.playbooks import PLAYBOOKS

LISTED = ", ".join(PLAYBOOKS)


def require_language(tag: str) -> None:
    """Refuses a language in which no texts are shipped; raises BadParameter."""
    if not is_locale(tag) or language_of(tag) not in LANGUAGES:
        raise typer.BadParameter(
            f"there are texts in {' and '.join(LANGUAGES)}, and none in '{tag}'",
            param_hint="--locale",
        )


def make_project(folder: Path, lifecycle: str, locales: Sequence[str] | None) -> None:
    """Writes a project that runs at once, and tells what to type next."""
    _require_room(folder)
    chosen = locales or _ask_languages()
    name = folder.resolve().name.replace("-", " ").replace("_", " ").strip().title()
    with refused("--lifecycle", ParcoursError):
        texts = new_project(name or "My shop", lifecycle, chosen)
    folder.mkdir(parents=True, exist_ok=True)
    tell_copied(folder, copy_into(folder, texts))
    typer.echo("\nNow type:")
    if folder.resolve() != Path.cwd():
        typer.echo(f"  cd {shlex.quote(str(folder))}")
    typer.echo("  parcours check            what is missing, with the place where to write it")
    typer.echo("  parcours test             the tests in journeys/hello.yaml")
    typer.echo("  parcours preview hello    the mail, as a file to look at")
    typer.echo("  parcours up               everything: mails go to a mailbox on your machine")
    typer.echo(f"  parcours new PLAYBOOK     a programme that is ready: {LISTED}")


def _require_room(folder: Path) -> None:
    """Refuses a folder with a project in it."""
    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter(f"{folder} is a file")
    if (folder / JOURNEYS).exists() or (folder / FILE).exists():
        raise end_with(
            f"there is a project in {folder.resolve()}: `parcours new PLAYBOOK` copies a programme "
            f"into it ({LISTED})"
        )


def _ask_languages() -> list[str]:
    if not sys.stdin.isatty():
        return [LANGUAGES[0]]
    answer = typer.prompt(
        f"Languages of your customers, your own first ({', '.join(LANGUAGES)})",
        default=LANGUAGES[0],
    )
    tags = re.findall(r"[^\s,;]+", answer) or [LANGUAGES[0]]
    for tag in tags:
        require_language(tag)
    return tags


def tell_copied(root: Path, copied: Copied) -> None:
    """Names the files that were written, and those that were there."""
    typer.echo(f"{count(len(copied.written), 'file')} written in {root.resolve()}")
    for path in copied.written:
        typer.echo(f"  {path}")
    if copied.kept:
        typer.echo(f"{count(len(copied.kept), 'file')} kept, as yours:")
        for path in copied.kept:
            typer.echo(f"  {path}")
