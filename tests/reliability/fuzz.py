"""`python -m tests.reliability fuzz`: anything may come in, and each answer is bounded in time and
memory.

No traceback, no HTTP 500, nothing over 5 s of the processor or 1 GB.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.reliability.bounded import Taken, take_all
from tests.reliability.inputs import MAKERS, make

HEAD = (
    "| kind | inputs | accepted | refused, with its place | worst time | worst memory | faults |\n"
    "|---|---:|---:|---:|---:|---:|---:|"
)
SHOWN_CHARS_MAX = 2_000


@dataclass(slots=True)
class Row:
    """What became of the inputs of a kind."""

    kind: str
    inputs: int = 0
    accepted: int = 0
    worst_s: float = 0.0
    worst_mb: float = 0.0
    faults: list[Taken] = field(default_factory=list)

    def add(self, taken: Taken) -> None:
        """Counts one input."""
        self.inputs += 1
        self.accepted += taken.accepted
        self.worst_s, self.worst_mb = (
            max(self.worst_s, taken.kept_s),
            max(self.worst_mb, taken.memory_mb),
        )
        if taken.fault:
            self.faults.append(taken)

    def __str__(self) -> str:
        refused = self.inputs - self.accepted - len(self.faults)
        return (
            f"| {self.kind} | {self.inputs:,} | {self.accepted:,} | {refused:,} | {self.worst_s:.2f} s | "
            f"{self.worst_mb:,.0f} MB | {len(self.faults)} |"
        )


def fuzz(
    inputs: int, seed: int, kinds: Sequence[str], tell: Callable[[Taken, str], None]
) -> list[Row]:
    """Takes so many inputs, the same number of each kind; `tell` hears of each fault when it is
    found.
    """
    rows = []
    for kind in kinds:
        row = Row(kind)
        for taken in take_all(kind, seed, inputs // len(kinds)):
            row.add(taken)
            if taken.fault:
                tell(taken, kind)
        rows.append(row)
    return rows


def add_options(parser: ArgumentParser) -> None:
    """What may be said behind `fuzz`."""
    parser.add_argument(
        "--inputs", type=int, default=50_000, metavar="N", help="how many, of all kinds together"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="S", help="the same seed gives the same inputs"
    )
    parser.add_argument(
        "--kind", action="append", choices=sorted(MAKERS), help="only this kind; may be repeated"
    )


def run(options: Namespace) -> int:
    """Prints the table, and each fault with its input; 1 when there is one."""

    def tell(taken: Taken, kind: str) -> None:
        fuzzed = make(kind, options.seed, taken.index)
        told = (
            f"{kind} {taken.index}: {fuzzed.what}\n{fuzzed.body[:SHOWN_CHARS_MAX]!r}\n{taken.fault}"
        )
        print(f"\n{told}", file=sys.stderr)

    rows = fuzz(options.inputs, options.seed, options.kind or list(MAKERS), tell)
    print("\n".join([HEAD, *map(str, rows)]))
    return int(any(row.faults for row in rows))
