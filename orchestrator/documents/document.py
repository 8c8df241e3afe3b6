"""A file of a project as plain data, with the line and column of every key and value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.domain.errors import Problem, in_one_line
from orchestrator.domain.expression import Expr
from orchestrator.domain.phrase import Phrase

Path = tuple[str | int, ...]
Position = tuple[int, int]  # line and column, both from 1


class Syntax(StrEnum):
    """In which a file is written: what its parts are called in messages."""

    YAML = "yaml"
    TOML = "toml"


@dataclass(frozen=True, slots=True)
class Document:
    """One file as plain data (dict, list, str, int, float, bool, None), read from YAML or TOML.

    `values` and `keys` give the position of each value, and of the key before it, by its path from
    the top. `exact` holds the paths whose text stands on one line as it is, so that an offset into
    it is an offset of columns. `trees` gathers the expressions that were read in it, by path.
    """

    file: str
    text: str
    data: object
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)
    exact: set[Path] = field(default_factory=set)
    syntax: Syntax = Syntax.YAML
    trees: dict[Path, tuple[Expr, ...]] = field(default_factory=dict)

    @property
    def map(self) -> dict[str, object]:
        """What is written at the top, key by key; nothing where that is no map."""
        return self.data if isinstance(self.data, dict) else {}

    def problem(
        self,
        path: Path,
        message: Phrase,
        *,
        at_key: bool = False,
        offset: int = 0,
        severity: str = "error",
    ) -> Problem:
        """A problem at the value of a path (or its key), or at the nearest thing around it that is
        written down.
        """
        line, column = self.position(path, at_key=at_key)
        return Problem(
            self.file,
            line,
            column + (offset if path in self.exact else 0),
            in_one_line(message),
            severity,
        )

    def position(self, path: Path, *, at_key: bool = False) -> Position:
        """Where a value (or its key) is written, or the nearest thing around it that is."""
        if at_key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def get(self, path: Path) -> object:
        """What is written at a path; None where nothing is."""
        here = self.data
        for part in path:
            if isinstance(here, dict):
                here = here.get(part)
            elif isinstance(here, list) and isinstance(part, int) and part < len(here):
                here = here[part]
            else:
                return None
        return here
