"""The benches speak to the code of today: a redesign that leaves their driver behind is seen here."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.bench.against import TODAY
from tests.bench.sample import ROOT
from tests.bench.side import PARCOURS, Side


@pytest.mark.parametrize("bench", ["steps", "ingest", "backtest", "messages", "mime"])
def test_a_bench_of_one_process_drives_the_code_of_today(bench: str) -> None:
    figures = Side.of(TODAY, ROOT).measure(bench, 0.01)
    assert figures
    assert all(figure.value > 0 for figure in figures)


def test_the_command_line_is_that_of_the_tree_wherever_it_is_typed(tmp_path: Path) -> None:
    (tmp_path / "orchestrator").mkdir()
    (tmp_path / "orchestrator/__init__.py").touch()
    (tmp_path / "orchestrator/cli.py").write_text("def main(): print('the tree is asked')\n")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    told = subprocess.run(PARCOURS, cwd=ROOT, env=environment, check=True, capture_output=True)
    assert told.stdout == b"the tree is asked\n"
