"""The benches in one run with the code of another commit beside today's, A B A B: on a machine with
other work going on only such a ratio says anything.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figure import Figure, middle
from tests.bench.sample import ROOT
from tests.bench.side import Side

TODAY = "today"


@contextmanager
def checkout(rev: str) -> Iterator[Path]:
    """The files of a commit, in a worktree that goes again; their own tests are moved aside, since
    the benches that run are today's.
    """
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        _git("worktree", "add", "--quiet", "--detach", str(tree), rev)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=ROOT, check=True)


def compare(rev: str, benches: Sequence[str], rounds: int, scale: float) -> Iterator[str]:
    """The rows of the table, each as soon as it is known."""
    yield f"| what | {rev} | {TODAY} | ratio | by processor time | aim |"
    yield "|---|---:|---:|---:|---:|---|"
    with checkout(rev) as tree:
        sides = Side.of(rev, tree), Side.of(TODAY, ROOT)
        _hide_tests(tree)
        for bench in benches:
            measured = [[side.measure(bench, scale) for side in sides] for _ in range(rounds)]
            before, now = zip(*measured, strict=True)
            for figures in zip(*before, *now, strict=True):
                yield _row(middle(list(figures[:rounds])), middle(list(figures[rounds:])))


def _hide_tests(tree: Path) -> None:
    (tree / "tests").rename(tree / "tests_of_then")


def _row(then: Figure, now: Figure) -> str:
    by_cpu = ""
    if then.cpu and now.cpu:
        by_cpu = f"{_ratio(then.cpu, now.cpu, now.more_is_better):.2f} ×"
    ratio = _ratio(then.value, now.value, now.more_is_better)
    values = f"{_number(then.value)} | {_number(now.value)}"
    return f"| {now.what}, {now.unit} | {values} | {ratio:.2f} × | {by_cpu} | {now.aim} |"


def _ratio(then: float, now: float, more_is_better: bool) -> float:
    """How many times better it is now."""
    better, worse = (now, then) if more_is_better else (then, now)
    return better / worse if worse else float("nan")  # a short run may have done nothing at all


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
