"""`parcours experiment`: whether one way of doing something brought more than another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.commands import load
from orchestrator.cli.options import AsJson, ProjectFolder
from orchestrator.domain.phrase import say

Events = Annotated[
    list[Path] | None,
    typer.Option(
        "--events",
        metavar="FILE",
        help="Judge a log alone: calls as JSON lines, plain or gzip; may be repeated.",
        exists=True,
        dir_okay=False,
    ),
]
Exposure = Annotated[
    str, typer.Option("--exposure", metavar="EVENT", help="In a log: who sees a variation.")
]
OutcomeEvent = Annotated[
    str, typer.Option("--outcome", metavar="EVENT", help="In a log: what is hoped for.")
]
Money = Annotated[
    str | None,
    typer.Option(
        "--value",
        metavar="PROPERTY",
        help="In a log: the outcome's money.",
        show_default="total, else revenue, else value",
    ),
]
Currency = Annotated[
    str | None,
    typer.Option(
        "--currency",
        metavar="CODE",
        help="In a log: whose money counts.",
        show_default="that of most outcomes",
    ),
]
Within = Annotated[
    str | None,
    typer.Option("--within", metavar="7d", help="How long after an exposure something counts."),
]
Shares = Annotated[
    str | None,
    typer.Option("--shares", metavar="A=90,B=10", help="In a log: the shares, if not alike."),
]
Baseline = Annotated[
    str | None,
    typer.Option("--baseline", metavar="VARIATION", help="What the others are compared with."),
]
Effect = Annotated[
    float,
    typer.Option("--effect", metavar="PERCENT", help="The effect to plan by, in percent.", min=0.1),
]


def experiment(
    which: Annotated[
        str | None,
        typer.Argument(metavar="EXPERIMENT", help="Only this experiment.", show_default="all"),
    ] = None,
    *,
    events: Events = None,
    exposure: Exposure = "Experiment Viewed",
    outcome: OutcomeEvent = "Order Completed",
    value: Money = None,
    currency: Currency = None,
    within: Within = None,
    shares: Shares = None,
    baseline: Baseline = None,
    effect: Effect = 10.0,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Judge experiments: what caused more, and how sure it is.

    The splits and control groups of journeys, or those of a log.

    Intervals "at any time" hold however often one looks.
    """
    if not events:
        raise typer.BadParameter(say("name a log"), param_hint="--events")
    module = "experiment_of_log"
    options = load(f"{module}:LogOptions")(
        events, which, exposure, outcome, value, currency, within, shares
    )
    load(f"{module}:judge_log")(options, baseline, effect / 100, as_json=as_json)
