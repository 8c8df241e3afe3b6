"""A process that has loaded the program and all its tests: a mutant is put into the living function,
in a process forked for it, and its tests run at once. Loading takes longer than most tests.
"""

from __future__ import annotations

import gc
import importlib
import mmap
import os
import resource
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from signal import SIGKILL
from types import CodeType, FrameType, FunctionType

from tests.mutation.chosen_tests import all_tests
from tests.mutation.mutants import FOLDERS, Mutant
from tests.mutation.outermost import all_inside, changed_by, outermost
from tests.support.house import LIVING, inside, module_of

#: A mutant, its tests, and the processor time that they may take. No mutant: all tests run once,
#: and what they run is written down.
Request = tuple[Mutant | None, Sequence[str], int]
FOUND, SURVIVED, NEVER_RUN, NOT_ALIVE = "found", "survived", "run by no test", "not alive"
HANGS_S = 20  # by the clock of the wall: who does next to nothing meanwhile waits for nothing
IDLE_SHARE = 0.02  # of a core: less than anybody gets on a busy machine
TEST_S_MAX = 600
PASSED, NOTHING_RUN = 0, 5
_NAME_MAX = 4096


@dataclass(slots=True)
class Outcome:
    """What became of a mutant, the test that found it, and what that took of the processor."""

    result: str
    by: str = ""
    cpu_s: float = 0.0
    tests: int = 0
    doubtful: bool = (
        False  # survived in the living process, though it acts before any test runs too
    )


@dataclass(slots=True)
class Touched:
    """Which functions each test runs, and how long it takes; what runs before any test."""

    tests: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    at_import: list[str] = field(default_factory=list)


class Living:
    """The process, as its owner sees it."""

    def __init__(self) -> None:
        self._line, theirs = Pipe()
        if os.fork() == 0:
            self._line.close()
            os.setsid()
            run_pytest([str(path) for path in all_tests()], Server(theirs))
        theirs.close()

    def touched(self) -> Touched:
        """Runs all tests once."""
        self._line.send((None, [], 0))
        found: Touched = self._line.recv()
        return found

    def try_out(self, mutant: Mutant, tests: Sequence[str], cpu_s_max: int) -> Outcome:
        """Tries one mutant."""
        self._line.send((mutant, tests, cpu_s_max))
        found: Outcome = self._line.recv()
        return found


def run_pytest(arguments: Sequence[str], *plugins: object) -> None:
    """In a forked process: never returns."""
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    import pytest

    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "not postgresql"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of the libraries loaded before
    # the method of threads ends the whole process, whatever it hangs in
    options += [f"--timeout={TEST_S_MAX}", "--timeout-method=thread"]
    os._exit(int(pytest.main([*options, *arguments], plugins=[Brief(), *plugins])))


class Brief:
    """Hypothesis looks for a counterexample, always the same way, and not for the smallest."""

    def pytest_collection(self) -> None:
        """After the tests' own profile is loaded, and before any test is."""
        from hypothesis import Phase, settings

        from tests.support.examples import examples

        settings.register_profile(
            "mutants",
            settings.get_profile("parcours"),
            max_examples=examples(100),
            phases=[Phase.explicit, Phase.generate],
            database=None,
            derandomize=True,
            report_multiple_bugs=False,
        )
        settings.load_profile("mutants")


class Server:
    """A plugin of pytest that does not run the tests it has collected until it is asked to."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._tracer = Tracer()
        self._tracer.start()

    def pytest_runtestloop(self, session) -> bool:
        """Answers requests until the owner is gone."""
        self._items = {item.nodeid: item for item in session.items}
        self._session = session
        for path in mutable():
            importlib.import_module(module_of(path))
        self._warm_up()
        self._at_import = self._tracer.stop()
        self._functions = _living_functions()
        gc.collect()
        gc.freeze()
        with suppress(EOFError):
            while True:
                self._line.send(self._answer(*self._line.recv()))
        return True

    def _answer(
        self, mutant: Mutant | None, tests: Sequence[str], cpu_s_max: int
    ) -> Outcome | Touched:
        return self._touched() if mutant is None else self._try(mutant, tests, cpu_s_max)

    def _warm_up(self) -> None:
        """Makes the migrated database of which each test gets a copy. The test that follows is of
        another folder, so that nothing but the session is left."""
        items = list(self._items.values())
        first = next(item for item in items if "migrated" in item.fixturenames)
        other = next(item for item in items if item.path.parent != first.path.parent)
        first.config.hook.pytest_runtest_protocol(item=first, nextitem=other)

    def _touched(self) -> Touched:
        theirs, ours = Pipe(duplex=False)
        pid = os.fork()
        if pid == 0:
            found = Touched(at_import=self._at_import)
            for item, after in self._in_turn(list(self._items)):
                failed, began_s = self._session.testsfailed, _cpu_s()
                self._tracer.start()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                found.tests[item.nodeid] = self._tracer.stop()
                found.seconds[item.nodeid] = round(_cpu_s() - began_s, 4)
                if self._session.testsfailed > failed:
                    found.failed.append(item.nodeid)
            ours.send(found)
            os._exit(0)
        ours.close()
        found = theirs.recv()
        os.waitpid(pid, 0)
        return found

    def _try(self, mutant: Mutant, tests: Sequence[str], cpu_s_max: int) -> Outcome:
        changed = changed_by(mutant)
        living = changed and self._functions.get(changed[0].key)
        if not changed or not living:
            return Outcome(NOT_ALIVE)
        name = mmap.mmap(-1, _NAME_MAX)

        def run() -> None:
            for function in living:
                function.__code__ = changed[1]
            for item, after in self._in_turn(tests):
                name[:] = item.nodeid.encode()[:_NAME_MAX].ljust(_NAME_MAX, b"\0")
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                if self._session.testsfailed:
                    os._exit(1)
                name[:] = bytes(_NAME_MAX)

        return watched(run, cpu_s_max, name)

    def _in_turn(self, tests: Sequence[str]):
        items = [self._items[test] for test in tests]
        return pairwise([*items, None])


def watched(run: Callable[[], None], cpu_s_max: int, name: mmap.mmap) -> Outcome:
    """Runs something in a forked process, with all that it leaves behind ended after it."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s_max, cpu_s_max))
        try:
            run()
        except BaseException:
            os._exit(1)
        os._exit(0)
    status, used = _wait_for(pid)
    with suppress(ProcessLookupError):
        os.killpg(pid, SIGKILL)
    by = name[:].rstrip(b"\0").decode(errors="replace")
    code = os.waitstatus_to_exitcode(status)
    return Outcome(
        SURVIVED if code in (PASSED, NOTHING_RUN) else FOUND,
        f"{by} (ended by signal {-code})" if code < 0 else by,
        round(used.ru_utime + used.ru_stime, 2),
    )


def _wait_for(pid: int) -> tuple[int, resource.struct_rusage]:
    """Waits for its end; one that hangs, and so does all that it has begun, is ended."""
    worked_s, since_s, look_s = 0.0, time.monotonic(), 0.005
    while True:
        done, status, used = os.wait4(pid, os.WNOHANG)
        if done:
            return status, used
        time.sleep(look_s)
        look_s = min(look_s * 1.5, 1.0)
        if time.monotonic() - since_s > HANGS_S:
            now_s = _group_cpu_s(pid)
            if now_s - worked_s < HANGS_S * IDLE_SHARE:
                os.killpg(pid, SIGKILL)
            worked_s, since_s = now_s, time.monotonic()


def _group_cpu_s(group: int) -> float:
    """The processor time that a group of processes has used."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                ticks += sum(map(int, fields[11:15]))  # with those of children that have ended
    return ticks / os.sysconf("SC_CLK_TCK")


class Tracer:
    """Writes down which functions run, also in threads and in processes forked meanwhile."""

    def __init__(self) -> None:
        self._all = [function for path in mutable() for function in outermost(path)]
        self._seen = mmap.mmap(-1, len(self._all))
        self._numbers = {
            (code.co_filename, code.co_firstlineno): number
            for number, function in enumerate(self._all)
            for code in all_inside(function.code)
        }

    def start(self) -> None:
        self._seen[:] = bytes(len(self._all))
        threading.settrace(self._look)
        sys.settrace(self._look)

    def stop(self) -> list[str]:
        """The keys of what was seen."""
        sys.settrace(None)
        threading.settrace(None)
        return [self._all[number].key for number, seen in enumerate(self._seen[:]) if seen]

    def _look(self, frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        number = self._numbers.get((code.co_filename, code.co_firstlineno))
        if number is not None:
            self._seen[number] = 1


def mutable() -> list[Path]:
    """The files into which faults are put."""
    return [path for path in LIVING if inside(path, *FOLDERS) and "migrations" not in path.parts]


def _living_functions() -> dict[str, list[FunctionType]]:
    """The functions of today's process, by their key."""
    keys = {
        (str(function.path), function.code.co_firstlineno, function.code.co_name): function.key
        for path in mutable()
        for function in outermost(path)
    }
    found = defaultdict[str, list[FunctionType]](list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            code: CodeType = one.__code__
            place = (code.co_filename, code.co_firstlineno, code.co_name)
            if place in keys:
                found[keys[place]].append(one)
    return found


def _cpu_s() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)
