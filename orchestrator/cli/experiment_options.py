"""The options of `parcours experiment`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
        help="Whose money counts.",
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
Holdout = Annotated[
    bool, typer.Option("--holdout", help="Only the control group of the whole project.")
]
Declared = Annotated[
    str | None,
    typer.Option("--declare", metavar="WINNER", help="Write the winner into the journey's file."),
]
Baseline = Annotated[
    str | None,
    typer.Option("--baseline", metavar="VARIATION", help="What the others are compared with."),
]
Effect = Annotated[
    float,
    typer.Option("--effect", metavar="PERCENT", help="The effect to plan by, in percent.", min=0.1),
]
Experiment = Annotated[
    str | None,
    typer.Argument(
        metavar="EXPERIMENT", help="Only this: a journey, or JOURNEY/STEP.", show_default="all"
    ),
]
