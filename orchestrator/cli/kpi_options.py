"""The options of `parcours kpi`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

From = Annotated[
    str | None,
    typer.Option("--from", metavar="DATE", help="The first day, or instant."),
]
To = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="The end, which is no part of it.")
]
Logs = Annotated[
    list[Path] | None,
    typer.Option(
        "--events",
        metavar="FILE",
        help="Calls as JSON lines, plain or gzip, instead of the database; may be repeated.",
        exists=True,
        dir_okay=False,
    ),
]
Funnels = Annotated[
    list[str] | None,
    typer.Option("--funnel", metavar='"A > B"', help="Events in their order; may be repeated."),
]
Within = Annotated[
    list[str] | None,
    typer.Option(
        "--within", metavar="SPAN", help="How long a funnel may take, such as 14d; may be repeated."
    ),
]
FigureName = Annotated[
    str | None,
    typer.Option("--figure", metavar="NAME", help="One figure alone, of numbers that are typed."),
]
Typed = Annotated[
    list[str] | None, typer.Argument(metavar="[NUMBER=VALUE]…", help="For --figure: its numbers.")
]
Cart = Annotated[
    str | None, typer.Option("--cart", metavar="EVENT", help="Carts that this event fills.")
]


By = Annotated[
    str | None,
    typer.Option("--by", metavar="WORD", help="month, stage, journey, channel or segment."),
]
Spend = Annotated[
    Path | None,
    typer.Option(
        "--spend",
        metavar="FILE",
        help="With --events: what was spent, as `spend import` takes it.",
        exists=True,
        dir_okay=False,
    ),
]
