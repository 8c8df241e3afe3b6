"""Inputs taken by a process of its own, which may hang, eat memory or die: each is measured, and
ended when it must.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.reliability.inputs import make
from tests.reliability.targets import open_target

TIME_MAX_S = 5.0  # of the processor: what else the machine does must not count
MEMORY_MAX_MB = 1_000.0
PATIENCE_S = 60.0  # of the wall clock, then the process is ended
ADDRESSES_MAX = 6 * 2**30  # for the machine's sake

_BUSY = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Taken:
    """One input and what came of it. `fault` is "" where all is well; `kept_s` is time of the
    processor.
    """

    index: int
    accepted: bool
    kept_s: float
    memory_mb: float
    fault: str = ""


def take_all(kind: str, seed: int, inputs: int) -> Iterator[Taken]:
    """Every input of a kind. A process that hangs or dies is a fault of the input it was at; the
    next goes on.
    """
    index = 0
    while index < inputs:
        here, there = _BUSY.Pipe(duplex=False)
        process = _BUSY.Process(target=_work, args=(kind, seed, index, inputs, there), daemon=True)
        process.start()
        there.close()
        for taken in _listen(here, index):
            yield taken
            index = taken.index + 1
            if taken.fault and not process.is_alive():
                break
        process.kill()
        process.join()


def _listen(pipe: Connection, index: int) -> Iterator[Taken]:
    """What the process says, and the fault at which it fell silent."""
    while True:
        try:
            if not pipe.poll(PATIENCE_S):
                yield Taken(index, False, PATIENCE_S, 0.0, f"no answer within {PATIENCE_S:.0f} s")
                return
            taken = pipe.recv()
        except EOFError:
            yield Taken(index, False, 0.0, 0.0, "the process died")
            return
        if taken is None:
            return
        index = taken.index + 1
        yield taken


def _work(kind: str, seed: int, first: int, inputs: int, pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES_MAX, ADDRESSES_MAX))
    with open_target(kind) as target:
        for index in range(first, inputs):
            fuzzed = make(kind, seed, index)
            before_mb, began_s = _forget_peak(), _processor_s()
            accepted, fault = False, ""
            try:
                accepted = target(fuzzed)
            except Exception:
                fault = traceback.format_exc(limit=-6)
            kept_s, memory_mb = _processor_s() - began_s, max(0.0, _peak_mb() - before_mb)
            if not fault and kept_s > TIME_MAX_S:
                fault = f"{kept_s:.1f} s"
            if not fault and memory_mb > MEMORY_MAX_MB:
                fault = f"{memory_mb:.0f} MB"
            pipe.send(Taken(index, accepted, kept_s, memory_mb, fault))
    pipe.send(None)


def _processor_s() -> float:
    """Of all threads of this process, and of the processes it has ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + spent.ru_utime + spent.ru_stime


def _forget_peak() -> float:
    """Has the kernel measure the peak anew (Linux); the memory in use, in MB."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _status_mb("VmRSS")


def _peak_mb() -> float:
    return _status_mb("VmHWM")


def _status_mb(name: str) -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024
