"""An enrollment as the database gave it."""

from __future__ import annotations

from orchestrator.domain.state import Enrollment
from orchestrator.store.changed_columns import open_json


class StoredEnrollment(Enrollment):
    """One as it was read. What started it is opened when somebody asks for it: a whole cart, of
    which a step that waits reads nothing."""

    __slots__ = ("_entry",)

    @property
    def entry(self) -> dict[str, object]:
        """What started it, opened with the first question."""
        if isinstance(self._entry, str):
            self._entry: dict[str, object] | str = open_json(self._entry)
        return self._entry

    @entry.setter
    def entry(self, entry: dict[str, object] | str) -> None:
        self._entry = entry

    @property
    def stored_entry(self) -> dict[str, object] | str:
        """The text that was read, as long as nobody has asked: so it cannot have changed."""
        return self._entry
