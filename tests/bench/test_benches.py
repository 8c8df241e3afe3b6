"""The benches speak to the code of today: a redesign that leaves their driver behind is seen here."""

from __future__ import annotations

import pytest

from tests.bench.against import TODAY
from tests.bench.sample import ROOT
from tests.bench.side import Side


@pytest.mark.parametrize("bench", ["steps", "ingest", "backtest", "messages", "mime"])
def test_a_bench_of_one_process_drives_the_code_of_today(bench: str) -> None:
    figures = Side.of(TODAY, ROOT).measure(bench, 0.01)
    assert figures
    assert all(figure.value > 0 for figure in figures)
