"""`python -m tests.mutation --count 500 --seed 7`: puts faults into the source, one at a time, and
tells which of them no test of the module finds.

Nothing is written: a mutant is given to the import of its module, in a process forked from one that
has the libraries loaded. Mutants are drawn by seed, so a run can be repeated, and one that ends
early (`--minutes`) is still a fair sample.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.machinery
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from tests.mutation.chosen_tests import stages
from tests.mutation.mutants import Mutant, draw
from tests.support.examples import QUICK
from tests.support.house import module_of

#: Loaded once for all mutants: none of them imports ours.
LIBRARIES = (
    "alembic", "babel", "hypothesis", "jinja2", "orjson", "phonenumbers", "psycopg", "pydantic",
    "pytest", "ruamel.yaml", "sqlalchemy", "sqlmodel", "httpx", "email_validator", "mrml",
)  # fmt: skip
#: A test that hangs is ended and has found its mutant; a mutant that is not found in time is told
#: apart from one that all tests let pass.
TEST_S, MUTANT_S = 300, 900
PASSED, NOTHING_RUN = 0, 5
FOUND, SURVIVED, UNSURE = "found", "survived", "unsure"


def main() -> None:
    options = read_options()
    os.nice(19)
    os.environ[QUICK] = "1"
    for library in LIBRARIES:
        importlib.import_module(library)
    until = time.monotonic() + options.minutes * 60
    results = Counter[str]()
    for trial in try_all(draw(options.count, options.seed), options.jobs, until):
        results[trial.result] += 1
        if trial.result in (SURVIVED, UNSURE):
            print(trial.row, flush=True)
    print(", ".join(f"{count} {result}" for result, count in results.most_common()))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=24 * 60, help="begin none after these")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


class Trial:
    """A mutant on its way through the tests of its module, stage by stage, each in a process forked
    for it; `result` is "" until it is known.
    """

    def __init__(self, mutant: Mutant) -> None:
        self.mutant, self.result = mutant, ""
        self._waiting = [tests for tests in stages(mutant.path) if tests]
        self._deadline, self._child = time.monotonic() + MUTANT_S, 0
        self._go_on()

    @property
    def row(self) -> str:
        """A row of the table of survivors."""
        was, becomes = (" ".join(text.split()) for text in (self.mutant.was, self.mutant.becomes))
        return f"| {self.mutant} | `{was}` → `{becomes}` | {self.result} |"

    def look(self) -> None:
        """Takes note of a stage that has ended, or ends one that lasts too long."""
        done, status = os.waitpid(self._child, os.WNOHANG)
        if done and os.waitstatus_to_exitcode(status) not in (PASSED, NOTHING_RUN):
            self.result = FOUND
        elif done:
            self._go_on()
        elif time.monotonic() > self._deadline:
            os.killpg(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            self.result = UNSURE

    def _go_on(self) -> None:
        if not self._waiting:
            self.result = SURVIVED
            return
        tests = self._waiting.pop(0)
        self._child = os.fork()
        if self._child == 0:
            _run_tests(self.mutant, tests)


def try_all(mutants: Sequence[Mutant], jobs: int, until: float) -> Iterator[Trial]:
    """Tries mutants out, so many at a time, each given back when its result is known; begins none
    after `until`. One thread: a process forked from several may wait for a lock nobody holds.
    """
    waiting, running = list(mutants), list[Trial]()
    while running or (waiting and time.monotonic() < until):
        while waiting and len(running) < jobs and time.monotonic() < until:
            running.append(Trial(waiting.pop(0)))
        for trial in running:
            trial.look()
        yield from (trial for trial in running if trial.result)
        running = [trial for trial in running if not trial.result]
        time.sleep(0.1)


def _run_tests(mutant: Mutant, tests: Sequence[Path]) -> None:
    """In the forked process: never returns."""
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    sys.meta_path.insert(0, MutantFinder(mutant))
    import pytest

    options = ["-x", "-q", "-p", "no:cacheprovider", "-k", "not postgresql"]
    # the method of threads ends the whole process, whatever it hangs in
    limits = [f"--timeout={TEST_S}", "--timeout-method=thread"]
    os._exit(int(pytest.main([*options, *limits, *map(str, tests)])))


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


if __name__ == "__main__":
    main()
