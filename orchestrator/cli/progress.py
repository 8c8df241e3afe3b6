"""A bar over the bytes of files that are read, for whoever sits at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn


@contextmanager
def progress(files: Sequence[Path], doing: str) -> Iterator[Callable[[int], None]]:
    """Lends what moves the bar on by a number of bytes. There is none in a pipe, and none where a
    file is not there to be measured (standard input).
    """
    if not sys.stderr.isatty() or not all(path.is_file() for path in files):
        yield lambda size: None
        return
    columns = (f"[bold]{doing}", BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=sum(path.stat().st_size for path in files))
        yield lambda size: bar.advance(task, size)
