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
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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


def main() -> None:
    options = read_options()
    os.nice(19)
    os.environ[QUICK] = "1"
    for library in LIBRARIES:
        importlib.import_module(library)
    until = time.monotonic() + options.minutes * 60
    mutants, results = draw(options.count, options.seed), Counter[str]()
    with ThreadPoolExecutor(options.jobs) as pool:
        for mutant, result in pool.map(lambda m: (m, try_out(m, until)), mutants):
            results[result] += 1
            if result in ("survived", "unsure"):
                print(
                    f"| {mutant} | `{_line(mutant.was)}` → `{_line(mutant.becomes)}` | {result} |",
                    flush=True,
                )
    print(", ".join(f"{count} {result}" for result, count in results.most_common()))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=24 * 60, help="begin none after these")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def _line(text: str) -> str:
    return " ".join(text.split())


def try_out(mutant: Mutant, until: float) -> str:
    """`found`, `survived`, `unsure` when the time was up before all tests had run, or `not tried`."""
    if time.monotonic() > until:
        return "not tried"
    deadline, ran = time.monotonic() + MUTANT_S, False
    for tests in stages(mutant.path):
        status = run_forked(mutant, tests, deadline) if tests else NOTHING_RUN
        if status is None:
            return "unsure"
        if status not in (PASSED, NOTHING_RUN):
            return "found"
        ran = ran or status == PASSED
    return "survived" if ran else "unsure"


def run_forked(mutant: Mutant, tests: Sequence[Path], deadline: float) -> int | None:
    """The exit status of pytest; None when it had to be ended."""
    child = os.fork()
    if child == 0:
        _run_tests(mutant, tests)
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.2)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


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
