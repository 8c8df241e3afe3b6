"""One side of a comparison: a process whose `orchestrator`, `channels` and `flows` are those of one
tree, and which runs one bench. `python -m tests.bench.side TREE DRIVER BENCH SCALE` prints its figures.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from tests.bench.figure import Figure
from tests.bench.sample import ROOT

#: The command line of the tree, whichever tree that is; -P as below.
PARCOURS = [sys.executable, "-P", "-c", "from orchestrator.cli import main; main()"]
_HERE = Path(__file__).parent


class Engine(Protocol):
    """What `Engine` of a driver can do."""

    def __init__(
        self,
        folder: Path,
        now: datetime,
        environment: Mapping[str, str] | None = None,
        *,
        records: bool = False,
    ) -> None: ...
    def prepare(self, calls: Iterable[Mapping[str, Any]]) -> Sequence[Any]: ...
    def accept(self, prepared: Sequence[Any]) -> None: ...
    def take_in(self, now: datetime) -> None: ...
    def tick(self, now: datetime) -> None: ...
    def close(self) -> None: ...


class RenderingTime(Protocol):
    cpu_seconds: float


class Driver(Protocol):
    """A module that knows the names of the code it drives."""

    Engine: type[Engine]
    RenderingTime: type[RenderingTime]

    def back_test(self, folder: Path, events: Path) -> int: ...
    def compose_mime(self, html: str, text: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Side:
    """A tree of code, and the driver that speaks to it."""

    name: str
    tree: Path
    driver: Path

    @classmethod
    def of(cls, name: str, tree: Path) -> Side:
        own, early = tree / "tests/bench/driver.py", (tree / "orchestrator/spec").exists()
        if own.exists():
            return cls(name, tree, own)
        return cls(name, tree, _HERE / ("driver_5972fd7.py" if early else "driver.py"))

    def measure(self, bench: str, scale: float) -> list[Figure]:
        """Runs a bench in a process of its own."""
        # The benches are today's; the tree's own are out of the way, see `against.checkout`.
        path = os.pathsep.join(map(str, dict.fromkeys((self.tree, ROOT))))
        # -P: else the working folder comes before PYTHONPATH
        command = [sys.executable, "-P", "-m", "tests.bench.side", self.tree, self.driver, bench]
        done = subprocess.run(
            [*map(str, command), str(scale)],
            env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.PIPE,
            check=True,
        )
        return [Figure(**figure) for figure in json.loads(done.stdout.splitlines()[-1])]


def ask(root: Path, query: str) -> int:
    """A number out of the database of a project, by the names of the tables that reports use."""
    with closing(sqlite3.connect(root / "var" / "parcours.db", timeout=60)) as connection:
        return int(connection.execute(query).fetchone()[0])


def load_driver(path: Path) -> Driver:
    spec = importlib.util.spec_from_file_location("driver", path)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    driver: Driver = module
    return driver


def main(tree: str, driver: str, bench: str, scale: str) -> None:
    import orchestrator

    assert Path(orchestrator.__path__[0]).is_relative_to(tree), "the code of another tree"
    measure = importlib.import_module(f"tests.bench.bench_{bench}").measure
    figures = measure(load_driver(Path(driver)), float(scale))
    print(json.dumps([asdict(figure) for figure in figures]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
