"""`python -m tests.mutation --count 500 --seed 7`: puts faults into the source, one at a time, and
tells which of them no test finds.

Nothing is written but the results. Mutants are drawn by seed, so a run can be repeated, and one
that ends early (`--minutes`) is still a fair sample; `--results` keeps what was found out, and the
next run goes on from there. A first run of all tests, without any fault, shows that they pass, and
which functions each of them runs: a mutant is tried against those tests only, the nearest and
quickest first. What survives is tried once more against others, when all were tried.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import chain, product, zip_longest
from pathlib import Path
from statistics import median

from tests.mutation.chosen_tests import files_near, nearness
from tests.mutation.imported import try_imported
from tests.mutation.living import NEVER_RUN, NOT_ALIVE, SURVIVED, Living, Outcome, Touched
from tests.mutation.mutants import FOLDERS, Mutant, draw, unchanged
from tests.mutation.outermost import changed_by
from tests.support.examples import QUICK
from tests.support.house import ROOT, shown

#: Loaded once for all mutants: none of them imports ours.
LIBRARIES = (
    "alembic", "babel", "hypothesis", "jinja2", "orjson", "phonenumbers", "psycopg", "pydantic",
    "pytest", "ruamel.yaml", "sqlalchemy", "sqlmodel", "httpx", "email_validator", "mrml",
)  # fmt: skip
#: A test that takes longer is not asked, however near.
SLOW_S = 4.0
FURTHER_S = 20.0  # of tests for what survived the first


def main() -> None:
    options = read_options()
    os.nice(19)
    os.environ[QUICK] = "1"
    for library in LIBRARIES:
        importlib.import_module(library)
    until = time.monotonic() + options.minutes * 60
    run = Run(options.results, options.test_seconds)
    mutants = draw(options.count, options.seed)
    for step, mutant in product((run.try_out, run.look_further, run.look_by_import), mutants):
        if time.monotonic() > until:
            break
        step(mutant)
    run.tell()


def _key(mutant: Mutant) -> str:
    return f"{mutant} {sha256(mutant.source.encode()).hexdigest()[:8]}"


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=24 * 60, help="begin none after these")
    parser.add_argument("--results", type=Path, help="a JSON file to go on from")
    parser.add_argument(
        "--test-seconds", type=float, default=8, help="as much of tests for each mutant"
    )
    return parser.parse_args()


@dataclass(slots=True)
class Run:
    """The mutants tried so far."""

    file: Path | None
    test_s: float
    results: dict[str, dict[str, object]] = field(default_factory=dict)
    touched: Touched = field(default_factory=Touched)
    living: Living = field(default_factory=Living)

    def __post_init__(self) -> None:
        if self.file and self.file.exists():
            self.results = json.loads(self.file.read_text("utf-8"))
        if self._map and self._map.exists():
            self.touched = Touched(**json.loads(self._map.read_text("utf-8")))
        if not self.touched.tests:
            self.touched = self.living.touched()
            assert not self.touched.failed, f"fail without any fault: {self.touched.failed}"
            for folder in FOLDERS:
                none = unchanged(ROOT / folder / "__init__.py")
                outcome = self._imported(none, [])
                assert outcome.result == SURVIVED, f"fails without any fault: {outcome.by}"
            if self._map:
                _write(self._map, asdict(self.touched))

    def try_out(self, mutant: Mutant) -> None:
        """Tries a mutant that was not tried yet."""
        key = _key(mutant)
        if key not in self.results:
            outcome = self._outcome(mutant)
            was, becomes = (" ".join(text.split()) for text in (mutant.was, mutant.becomes))
            self.results[key] = {"was": was, "becomes": becomes, "further": 0, **asdict(outcome)}
            self._save()
            if outcome.result in (SURVIVED, NEVER_RUN):
                print(f"| {mutant} | `{was}` → `{becomes}` | {outcome.tests} tests |", flush=True)

    def look_further(self, mutant: Mutant) -> None:
        """Tries what survived against as many tests more."""
        changed = changed_by(mutant)
        if changed and self._survived(mutant) and not self.results[_key(mutant)]["further"]:
            every = self._tests(mutant, changed[0].key)
            tried = set(self._within(every, self.test_s))
            tests = list(self._within([test for test in every if test not in tried], FURTHER_S))
            if tests:
                self._add(mutant, self.living.try_out(mutant, tests, self._limit_s(tests)), tests)

    def look_by_import(self, mutant: Mutant) -> None:
        """Tries by import what survived in the living process and acts before any test runs."""
        changed = changed_by(mutant)
        if changed and self._survived(mutant) and self.results[_key(mutant)]["doubtful"]:
            tests = list(self._within(self._tests(mutant, changed[0].key), self.test_s))
            self._add(mutant, self._imported(mutant, tests), [])
            self.results[_key(mutant)]["doubtful"] = False
            self._save()

    def _survived(self, mutant: Mutant) -> bool:
        return self.results.get(_key(mutant), {}).get("result") == SURVIVED

    def _add(self, mutant: Mutant, outcome: Outcome, tests: list[str]) -> None:
        known = self.results[_key(mutant)]
        known["result"], known["by"] = outcome.result, outcome.by
        known["cpu_s"] = round(float(str(known["cpu_s"])) + outcome.cpu_s, 2)
        known["further"] = len(tests) or known["further"]
        self._save()

    def tell(self) -> None:
        """The sums."""
        counts = Counter(str(result["result"]) for result in self.results.values())
        cpu_s = [float(str(result["cpu_s"])) for result in self.results.values()]
        told = ", ".join(f"{count} {result}" for result, count in counts.most_common())
        print(f"{told}; processor time: {median(cpu_s or [0]):.1f} s at the median")

    def _outcome(self, mutant: Mutant) -> Outcome:
        """Tried in the living process; and by import, where it acts before any test runs."""
        changed = changed_by(mutant)
        tests = list(
            self._within(self._tests(mutant, changed[0].key if changed else ""), self.test_s)
        )
        outcome = Outcome(NOT_ALIVE)
        if changed is not None and not tests:
            return Outcome(NEVER_RUN)
        if changed is not None:
            outcome = self.living.try_out(mutant, tests, self._limit_s(tests))
            outcome.doubtful = changed[0].key in self.touched.at_import
        if outcome.result == NOT_ALIVE:
            outcome = self._imported(mutant, tests)
        outcome.tests = len(tests)
        return outcome

    def _imported(self, mutant: Mutant, tests: list[str]) -> Outcome:
        return try_imported(mutant, tests or [str(path) for path in files_near(mutant.path)[:3]])

    def _tests(self, mutant: Mutant, function: str) -> list[str]:
        """Those that run the function, or anything in its file: the module's own, then of each other
        file of tests the quickest, then the next of each, the nearest files first.
        """
        file = f"{shown(mutant.path)}:"
        found = defaultdict[str, list[str]](list)
        for test, functions in self.touched.tests.items():
            if function in functions or (
                not function and any(f.startswith(file) for f in functions)
            ):
                found[test.partition("::")[0]].append(test)
        nearest = sorted(found.values(), key=lambda tests: nearness(tests[0], mutant.path))
        quickest = [sorted(tests, key=self.touched.seconds.__getitem__) for tests in nearest]
        own = [tests for tests in quickest if nearness(tests[0], mutant.path) == 0]
        in_turn = [test for some in zip_longest(*quickest) for test in some if test]
        return list(dict.fromkeys([*chain(*own), *in_turn]))

    def _limit_s(self, tests: list[str]) -> int:
        return int(4 + 1.5 * sum(self.touched.seconds[test] for test in tests))

    def _within(self, tests: list[str], left_s: float) -> Iterator[str]:
        for test in tests:
            took_s = self.touched.seconds[test]
            if took_s <= min(SLOW_S, left_s):
                left_s -= took_s
                yield test

    @property
    def _map(self) -> Path | None:
        """Where it is kept which functions each test runs: large, and written once."""
        return self.file and self.file.with_suffix(".touched.json")

    def _save(self) -> None:
        if self.file:
            _write(self.file, self.results)


def _write(file: Path, content: object) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps(content), "utf-8")
    new.replace(file)


if __name__ == "__main__":
    main()
