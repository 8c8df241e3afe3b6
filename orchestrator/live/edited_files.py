"""Whether the project's files were edited while `up` runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("journeys", "templates")


class EditedFiles:
    """Looks at the journeys and templates of a project, again and again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._taken = self._seen = self._look()

    def settled(self) -> bool:
        """Whether files differ from what was last taken and no longer change: an editor may save in
        several steps.
        """
        before, self._seen = self._seen, self._look()
        if self._seen == self._taken or self._seen != before:
            return False
        self._taken = self._seen
        return True

    def _look(self) -> frozenset[tuple[str, int, int]]:
        return frozenset(
            seen for folder in FOLDERS for seen in _files_below(str(self._root / folder))
        )


def _files_below(folder: str) -> Iterator[tuple[str, int, int]]:
    """Each name below a folder with what tells an edit; what cannot be read counts too, so that it
    is spoken of.

    Names that begin with a dot are an editor's own, such as the lock of a file that is open in it.
    Asked once a second, for ever: `pathlib` takes five times as long.
    """
    try:
        entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    except OSError:  # gone for a moment, or not for us to read
        return
    for entry in entries:
        try:
            status, is_folder = entry.stat(), entry.is_dir()
        except OSError:  # a link that leads nowhere, or to itself
            yield entry.path, 0, 0
            continue
        if not is_folder:
            yield entry.path, status.st_mtime_ns, status.st_size
            continue
        yield entry.path, 0, 0
        if not entry.is_symlink():
            yield from _files_below(entry.path)
