"""A mutant that acts when its module is imported: given to the import of it, in a process forked
from one that has only the libraries loaded.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import mmap
import sys
from collections.abc import Sequence
from types import ModuleType

from tests.mutation.living import Outcome, run_pytest, watched
from tests.mutation.mutants import Mutant
from tests.support.house import module_of

CPU_S_MAX = 60


def try_imported(mutant: Mutant, tests: Sequence[str]) -> Outcome:
    """Tries one mutant."""
    name = mmap.mmap(-1, 4096)

    def run() -> None:
        sys.meta_path.insert(0, MutantFinder(mutant))
        run_pytest(tests, Named(name))

    return watched(run, CPU_S_MAX, name)


class Named:
    """A plugin of pytest that writes down which test runs."""

    def __init__(self, name: mmap.mmap) -> None:
        self._name = name

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Writes it where the owner sees it."""
        self._name[:] = nodeid.encode()[:4096].ljust(4096, b"\0")


class MutantFinder(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Gives the import of one module another text."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = module_of(mutant.path)

    def find_spec(
        self, fullname: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Answers for the mutated module only."""
        if fullname != self._name:
            return None
        is_package = self._mutant.path.stem == "__init__"
        spec = importlib.machinery.ModuleSpec(
            fullname, self, origin=str(self._mutant.path), is_package=is_package
        )
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [str(self._mutant.path.parent)]
        return spec

    def get_filename(self, fullname: str) -> str:
        """Where the unchanged text lies."""
        return str(self._mutant.path)

    def get_data(self, path: str) -> bytes:
        """The mutant's text."""
        return self._mutant.source.encode()
