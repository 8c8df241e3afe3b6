"""`parcours kpi`: what the lifecycle is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, ProjectFolder, refused
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load_settings, settings_or_defaults, zone_of
from orchestrator.config import Config
from orchestrator.measure.kpis.answered import KpiQuestion, answer
from orchestrator.measure.kpis.asked import InvalidQuestion, name_of, read_steps, read_window
from orchestrator.measure.kpis.kpis_told import tell_kpis
from orchestrator.measure.trade.kept_trade import read_kept_trade
from orchestrator.measure.trade.logged_trade import read_logged_trade
from orchestrator.measure.trade.trade import Trade

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
Cart = Annotated[
    str | None, typer.Option("--cart", metavar="EVENT", help="Carts that this event fills.")
]


def kpi(
    *,
    since: From = None,
    until: To = None,
    events: Logs = None,
    funnel: Funnels = None,
    cart: Cart = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell what the lifecycle is worth: customers, orders, retention, value.

    Of the database, or of a log alone. Months and days are those of the project's time zone.
    """
    config = settings_or_defaults(project) if events else load_settings(project)
    zone = zone_of(config)
    with refused(None, InvalidQuestion):
        question = KpiQuestion(
            name_of(events[0]) if events else config.project.name,
            zone,
            config.project.currency,
            *read_window(since, until, zone),
            [read_steps(text) for text in funnel or ()],
            cart=cart,
        )
    found = answer(_read_trade(config, events), question)
    if as_json:
        print_json(found)
    else:
        print_answer(tell_kpis(found))


def _read_trade(config: Config, events: list[Path] | None) -> Trade:
    currency = config.project.currency
    if events:
        return read_logged_trade(events, currency)
    with opened(config, to_look=True) as database:
        return read_kept_trade(database, currency)
