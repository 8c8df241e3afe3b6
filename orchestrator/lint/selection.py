"""Which projects and files a check is asked about, and how its problems name them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from orchestrator.domain.errors import Problem
from orchestrator.domain.phrase import say
from orchestrator.language.project import JOURNEYS


class NoProject(ValueError):
    """A path that lies in no project."""


def by_project(paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """The files asked for by their project's folder; a folder asks for the whole project, and has
    none. Raises NoProject.
    """
    found: dict[Path, list[Path]] = {}
    whole = set()
    for path in paths:
        root = find_root(path)
        found.setdefault(root, []).append(path.resolve())
        if path.is_dir():
            whole.add(root)
    return {root: [] if root in whole else files for root, files in found.items()}


def find_root(path: Path) -> Path:
    """The project that a file or folder belongs to, looked for upwards; raises NoProject."""
    start = path.resolve()
    for folder in [start, *start.parents]:
        if (folder / JOURNEYS).is_dir():
            return folder
    raise NoProject(
        say(
            "{path} lies in no project: neither it nor a folder above it holds `{journeys}`",
            path=path,
            journeys=JOURNEYS,
        )
    )


def as_seen_from_here(
    root: Path, problems: Sequence[Problem], files: Sequence[Path]
) -> list[Problem]:
    """The problems of the files asked for (none: of all), with paths that an editor finds from the
    current folder.
    """
    wanted = [
        problem for problem in problems if not files or (root / problem.file).resolve() in files
    ]
    prefix = os.path.relpath(root)
    if prefix == ".":
        return wanted
    return [replace(one, file=os.path.join(prefix, one.file)) for one in wanted]
