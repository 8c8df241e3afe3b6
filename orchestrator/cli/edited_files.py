"""Whether the project's files were edited while `up` runs."""

from __future__ import annotations

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
        found = []
        for folder in FOLDERS:
            for path in (self._root / folder).rglob("*"):
                try:
                    status = path.stat()
                except FileNotFoundError:  # an editor's file for a moment
                    continue
                if path.is_file():
                    found.append((str(path), status.st_mtime_ns, status.st_size))
        return frozenset(found)
