"""Options that several commands share, and the project they speak of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.domain.errors import ParcoursError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from orchestrator.config import Config
    from orchestrator.language.project import Project
    from orchestrator.store.database import Database
    from orchestrator.store.transaction import Transaction

JOURNEYS = "journeys"
YEARS_AHEAD_MAX = 100


def _own_or_before(context: typer.Context, option: typer.CallbackParam, value: Path) -> Path:
    """`--project` is taken before the command's name as well as behind it."""
    assert option.name is not None
    root, source = context.find_root(), context.get_parameter_source(option.name)
    if context is root or source is None or source.name != "DEFAULT":
        return value
    before = root.params[option.name]
    assert isinstance(before, Path)
    return before


ProjectFolder = Annotated[
    Path,
    typer.Option(
        "--project",
        metavar="DIR",
        help="The project's folder.",
        show_default="the current folder",
        exists=True,
        file_okay=False,
        callback=_own_or_before,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]


def load(folder: Path, *, need_templates: bool = True) -> Project:
    """The project in a folder; raises ProjectInvalid, and BadParameter where there is no
    project.
    """
    from orchestrator.language.project import load_project

    return load_project(project_root(folder), os.environ, need_templates=need_templates)


def load_settings(folder: Path) -> Config:
    """The configuration alone, for commands that ask nothing of the journeys; raises as `load`."""
    from orchestrator.language.config_file import load_config

    return load_config(project_root(folder), os.environ)


def zone_of(config: Config) -> ZoneInfo:
    """The project's time zone, in which every command tells its times."""
    from orchestrator.domain.schedule import find_zone

    zone = find_zone(config.project.timezone)
    assert zone is not None  # config refuses unknown zones
    return zone


class NothingYet(ParcoursError):
    """There is no database to look into."""


@contextmanager
def opened(config: Config, *, to_look: bool = False) -> Iterator[Database]:
    """Lends the project's database for the length of a command, at the newest schema, made where
    there is none.

    `to_look`: for a command that only looks; it makes none, and raises NothingYet.
    """
    from orchestrator.wiring import open_database

    path = config.database_url.removeprefix("sqlite:///")
    if to_look and path != config.database_url and not Path(path).exists():
        raise NothingYet(
            f"nothing has run here yet: there is no database {path} (`parcours up` or "
            "`ingest` makes it)"
        )
    database = open_database(config)
    try:
        yield database
    finally:
        database.close()


def project_root(folder: Path) -> Path:
    """The folder, when it holds a project; raises BadParameter."""
    if not (folder / JOURNEYS).is_dir():
        raise typer.BadParameter(
            f"there is no folder `{JOURNEYS}` in {folder.resolve()}: name the project's "
            "folder with --project DIR"
        )
    return folder


def read_instant(text: str) -> datetime:
    """An instant given on the command line; one without a zone is UTC. Raises BadParameter.

    What lies over a hundred years ahead is a slip: a database that was taken there would refuse
    every later tick.
    """
    from orchestrator.clock import SystemClock

    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"'{text}' is no instant: write 2026-11-27 or 2026-11-27T10:00:00Z"
        ) from None
    if at.year > SystemClock().now().year + YEARS_AHEAD_MAX:
        raise typer.BadParameter(
            f"'{text}' lies over {YEARS_AHEAD_MAX} years ahead: see whether the year is right"
        )
    return at


YEARS_AHEAD_MAX = 100


def read_virtual_now(text: str) -> datetime:
    """The instant of `--now`; raises BadParameter for one so far ahead that no other could follow
    it.
    """
    from orchestrator.clock import SystemClock

    at, today = read_instant(text), SystemClock().now()
    if at.year > today.year + YEARS_AHEAD_MAX:
        raise typer.BadParameter(
            f"'{text}' lies more than {YEARS_AHEAD_MAX} years ahead, and what is processed "
            "once cannot be followed by anything earlier: is it a slip?"
        )
    return at


def refuse_unknown_journey(transaction: Transaction, journey: str) -> None:
    """Raises BadParameter for a journey that never ran here; one whose file is gone has its story
    all the same.
    """
    from orchestrator.domain.suggestion import did_you_mean
    from orchestrator.store.settings import read_versions

    known = sorted({name for name, _ in read_versions(transaction)})
    if journey not in known:
        raise typer.BadParameter(
            f"no journey '{journey}' ever ran here{did_you_mean(journey, known)}"
        )
