"""`parcours new`: a project that runs at once, and programmes copied into one."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import ProjectFolder, refused
from orchestrator.cli.output import end_with, print_problems
from orchestrator.cli.projects import project_root
from orchestrator.config import FILE
from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.formatting import count
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.language.project import JOURNEYS, Project, read_project
from orchestrator.lint.project_check import check_project
from orchestrator.starter.copying import Copied, NoSuchStage, copy_into, new_project, playbook_files
from orchestrator.starter.languages import LANGUAGES, is_locale, language_of
from orchestrator.starter.playbooks import PLAYBOOKS

_LISTED = ", ".join(PLAYBOOKS)

What = Annotated[
    str | None,
    typer.Argument(
        metavar="DIR|PLAYBOOK",
        help=f"The new project's folder; or a programme to copy into a project: {_LISTED}.",
        show_default="the current folder",
    ),
]
Lifecycle = Annotated[
    str,
    typer.Option(
        "--lifecycle",
        metavar="NAME",
        help="The stages of a new project: relationship, sterne-cutler, six-stages or race.",
    ),
]
Locales = Annotated[
    list[str] | None,
    typer.Option(
        "--locale",
        metavar="TAG",
        help="A language of your customers, such as en or fr; the project's own first.",
    ),
]


def new(
    what: What = None,
    *,
    lifecycle: Lifecycle = "relationship",
    locale: Locales = None,
    project: ProjectFolder = Path(),
) -> None:
    """Make a project, or copy a programme into one.

    Nothing that is there is overwritten. A copied programme is a draft: nobody enters until you
    take the line `draft: true` out.
    """
    for tag in locale or []:
        _require_language(tag)
    if what is not None and what in PLAYBOOKS:
        _copy_playbook(what, project_root(project), locale)
    else:
        _require_meant(what or "")
        _make_project(project / (what or ""), lifecycle, locale)


def _require_meant(what: str) -> None:
    """Refuses a new folder whose name is nearly that of a programme."""
    meant = did_you_mean(what, PLAYBOOKS)
    if meant and not Path(what).exists() and os.sep not in what:
        raise typer.BadParameter(
            f"there is no programme '{what}'{meant} For a new project in a folder of that name, "
            f"write ./{what}"
        )


def _require_language(tag: str) -> None:
    if not is_locale(tag) or language_of(tag) not in LANGUAGES:
        raise typer.BadParameter(
            f"there are texts in {' and '.join(LANGUAGES)}, and none in '{tag}'",
            param_hint="--locale",
        )


# ---------------------------------------------------------------- a project


def _make_project(folder: Path, lifecycle: str, locales: Sequence[str] | None) -> None:
    _require_room(folder)
    chosen = locales or _ask_languages()
    name = folder.resolve().name.replace("-", " ").replace("_", " ").strip().title()
    with refused("--lifecycle", ParcoursError):
        texts = new_project(name or "My shop", lifecycle, chosen)
    folder.mkdir(parents=True, exist_ok=True)
    _tell_copied(folder, copy_into(folder, texts))
    typer.echo("\nNow type:")
    if folder.resolve() != Path.cwd():
        typer.echo(f"  cd {shlex.quote(str(folder))}")
    typer.echo("  parcours check            what is missing, with the place where to write it")
    typer.echo("  parcours test             the tests in journeys/hello.yaml")
    typer.echo("  parcours preview hello    the mail, as a file to look at")
    typer.echo("  parcours up               everything: mails go to a mailbox on your machine")
    typer.echo(f"  parcours new PLAYBOOK     a programme that is ready: {_LISTED}")


def _require_room(folder: Path) -> None:
    """Refuses a folder with a project in it."""
    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter(f"{folder} is a file")
    if (folder / JOURNEYS).exists() or (folder / FILE).exists():
        raise end_with(
            f"there is a project in {folder.resolve()}: `parcours new PLAYBOOK` copies a programme "
            f"into it ({_LISTED})"
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
        _require_language(tag)
    return tags


# ---------------------------------------------------------------- a programme


def _copy_playbook(name: str, root: Path, locales: Sequence[str] | None) -> None:
    found, _ = read_project(root, os.environ, need_templates=False)
    chosen = locales or _languages_of(found)
    with refused(None, NoSuchStage):
        texts = playbook_files(PLAYBOOKS[name], chosen, found.known.stages or None)
    copied = copy_into(root, texts)
    _tell_copied(root, copied)
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


def _tell_copied(root: Path, copied: Copied) -> None:
    typer.echo(f"{count(len(copied.written), 'file')} written in {root.resolve()}")
    for path in copied.written:
        typer.echo(f"  {path}")
    if copied.kept:
        typer.echo(f"{count(len(copied.kept), 'file')} kept, as yours:")
        for path in copied.kept:
            typer.echo(f"  {path}")
