"""Whether the project's files were edited while `up` runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FOLDERS = ("journeys", "templates")


class EditedFiles:
    """Looks at the journeys and templates of a project, again and again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._taken = self._seen = self._look()

    def settled(self) -> bool:
        """Whether files differ from what was last taken and no longer change: an editor may save in several steps."""
        before, self._seen = self._seen, self._look()
        if self._seen == self._taken or self._seen != before:
            return False
        self._taken = self._seen
        return True

    def _look(self) -> frozenset[tuple[str, int, int]]:
        return frozenset(found for folder in FOLDERS for found in _files_below(str(self._root / folder)))


def _files_below(folder: str) -> Iterator[tuple[str, int, int]]:
    # Asked once a second, for ever: `pathlib` takes five times as long.
    try:
        entries = list(os.scandir(folder))
    except OSError:  # an editor's folder for a moment
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(entry.path)
            continue
        with suppress(OSError):  # an editor's file for a moment, or a link that leads nowhere
            status = entry.stat()
            yield entry.path, status.st_mtime_ns, status.st_size
