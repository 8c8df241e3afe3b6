"""`parcours kpi --figure`: one figure of numbers that are typed."""

from __future__ import annotations

from orchestrator.cli.options import refused
from orchestrator.cli.output import print_answer, print_json
from orchestrator.domain.phrase import say
from orchestrator.measure.kpis.asked import InvalidQuestion, as_exact, compute_figure


def print_figure(name: str, numbers: list[str], as_json: bool) -> None:
    """A figure of numbers that are typed: what would it be if …"""
    with refused(None, InvalidQuestion):
        figure, value = compute_figure(name, numbers)
    if as_json:
        print_json({"figure": name, "formula": figure.formula, "value": as_exact(value)})
    else:
        print_answer([say("{title}: {value}", title=figure.title, value=as_exact(value) or "-")])
