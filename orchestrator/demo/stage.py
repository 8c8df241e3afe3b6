"""Where and when the demo plays: in `var/demo`, with nothing but mailboxes, in three weeks of the
recent past.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.config import Channels, Config
from orchestrator.demo.seasons import SEASON
from orchestrator.language.project import Project

# Tuesday: what waits two weeks for a Tuesday, Wednesday or Thursday is then not held up longer
_FIRST_WEEKDAY = 1


def set_stage(project: Project) -> Project:
    """The project as the demo plays it: a database of its own, mailboxes for channels, links that
    stay here.
    """
    config = project.config
    var = config.root.resolve() / "var" / "demo"
    staged = replace(
        config,
        var=var,
        database_url=f"sqlite:///{var / 'parcours.db'}",
        channels=Channels(from_email=config.channels.from_email),
        project=replace(
            config.project, website=""
        ),  # the demo serves a shop, so that no link of a mail is dead
        public_url="http://localhost:8000",
        ingest_max_age=timedelta(hours=24),
    )
    return replace(project, config=staged)


def clear_stage(config: Config) -> None:
    """Removes an earlier demo. The caller holds the database's lock, whose file stays.

    So does the process id of an earlier Prefect server: by it a server that outlived its parent is
    found and ended.
    """
    kept = {config.var_dir / "parcours.db.lock", config.var_dir / "prefect" / "server.pid"}
    for path in sorted(
        config.var_dir.rglob("*"), reverse=True
    ):  # what is inside a folder before the folder
        if path in kept or any(path in one.parents for one in kept):
            continue
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def begin_season(now: datetime) -> datetime:
    """Midnight UTC of the last Tuesday from which three weeks are over: the demo never runs ahead
    of real time.
    """
    latest = (now.astimezone(UTC) - SEASON).replace(hour=0, minute=0, second=0, microsecond=0)
    return latest - timedelta(days=(latest.weekday() - _FIRST_WEEKDAY) % 7)
