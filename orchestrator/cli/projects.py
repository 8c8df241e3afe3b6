"""The project that a command speaks of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from orchestrator.cli.output import end_with
from orchestrator.cli.spoken import speak_of
from orchestrator.config import Config
from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.formatting import count
from orchestrator.domain.journey import Journey
from orchestrator.domain.lifecycle import Segment
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.language.config_file import load_config
from orchestrator.language.project import JOURNEYS, Project, load_project


def load(folder: Path, *, need_templates: bool = True) -> Project:
    """The project in a folder; raises ProjectInvalid, and BadParameter where there is no
    project.
    """
    return load_project(project_root(folder), os.environ, need_templates=need_templates)


def load_settings(folder: Path) -> Config:
    """The configuration alone, for commands that ask nothing of the journeys; raises as `load`."""
    return load_config(project_root(folder), os.environ)


def settings_or_defaults(folder: Path) -> Config:
    """Likewise; where the folder holds no project, what a project has that says nothing."""
    return load_settings(folder) if (folder / JOURNEYS).is_dir() else Config(folder)


def load_if_sound(folder: Path, otherwise: str = "") -> Project | None:
    """The project as its files are today; None where they hold errors, which is said with
    `otherwise`.
    """
    try:
        return load(folder, need_templates=False)
    except ProjectInvalid as invalid:
        found = count(len(invalid.problems), "problem")
        typer.secho(f"{found} in the project{otherwise}: `parcours check`", fg="red", err=True)
        return None


def journeys_if_sound(folder: Path) -> Mapping[str, Journey]:
    """Today's journeys; none while their files hold errors."""
    try:
        return load(folder, need_templates=False).journeys
    except ProjectInvalid:
        return {}


def zone_of(config: Config) -> ZoneInfo:
    """The project's time zone, in which every command tells its times."""
    zone = find_zone(config.project.timezone)
    assert zone is not None  # config refuses unknown zones
    return zone


def project_root(folder: Path) -> Path:
    """The folder, when it holds a project; raises BadParameter."""
    if not (folder / JOURNEYS).is_dir():
        raise typer.BadParameter(
            f"there is no folder `{JOURNEYS}` in {folder.resolve()}: name the project's "
            "folder with --project DIR"
        )
    speak_of(folder)
    return folder


def find_segment(project: Project, name: str) -> Segment:
    """The segment of that name; ends the command where there is none."""
    known = {one.name: one for one in project.lifecycle.segments}
    if name in known:
        return known[name]
    if not known:
        raise end_with("this project has no segments: write journeys/segments.yaml")
    raise typer.BadParameter(f"there is no segment '{name}'{did_you_mean(name, known)}")
