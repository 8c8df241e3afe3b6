"""`parcours new`: a project that runs at once, and programmes copied into one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.new_playbooks import copy_playbook
from orchestrator.cli.new_projects import LISTED, make_project, require_language
from orchestrator.cli.options import ProjectFolder
from orchestrator.cli.projects import project_root
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.starter.playbooks import PLAYBOOKS

What = Annotated[
    str | None,
    typer.Argument(
        metavar="DIR|PLAYBOOK",
        help=f"The new project's folder; or a programme to copy into a project: {LISTED}.",
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
        require_language(tag)
    if what is not None and what in PLAYBOOKS:
        copy_playbook(what, project_root(project), locale)
    else:
        _require_meant(what or "")
        make_project(project / (what or ""), lifecycle, locale)


def _require_meant(what: str) -> None:
    """Refuses a new folder whose name is nearly that of a programme."""
    meant = did_you_mean(what, PLAYBOOKS)
    if meant and not Path(what).exists() and os.sep not in what:
        raise typer.BadParameter(
            f"there is no programme '{what}'{meant} For a new project in a folder of that name, "
            f"write ./{what}"
        )
