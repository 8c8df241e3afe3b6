"""`parcours results`: what journeys brought."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened, refuse_unknown_journey
from orchestrator.cli.options import AsJson, ProjectFolder, refused
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load_if_sound, load_settings, zone_of
from orchestrator.domain.schedule import parse_duration
from orchestrator.measure.kpis.asked import InvalidQuestion, read_day
from orchestrator.measure.results.as_data import as_data
from orchestrator.measure.results.attribution import CreditRule, Model
from orchestrator.measure.results.journey_results import ResultsAsked, Shop, read_results
from orchestrator.measure.results.results_told import tell_results
from orchestrator.store.results import GroupedBy


def results(
    journey: Annotated[
        str | None, typer.Argument(metavar="JOURNEY", help="Only this journey.")
    ] = None,
    *,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="Of those who entered from this day on."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="DATE", help="Of those who entered before this day."),
    ] = None,
    by: Annotated[GroupedBy | None, typer.Option("--by", help="Tell groups apart.")] = None,
    attribution: Annotated[
        Model, typer.Option("--attribution", help="To which messages an order is credited.")
    ] = Model.LAST,
    window: Annotated[
        str, typer.Option("--window", metavar="SPAN", help="How long after a message at most.")
    ] = "5d",
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell what journeys brought, and what the control group did without their messages."""
    config = load_settings(project)
    zone = zone_of(config)
    with refused("--window", ValueError):
        rule = CreditRule(attribution, parse_duration(window))
    with refused(None, InvalidQuestion):
        question = ResultsAsked(
            journey,
            None if since is None else read_day(since, zone),
            None if until is None else read_day(until, zone),
            by,
            rule,
        )
    with opened(config, to_look=True) as database:
        loaded = load_if_sound(project)
        journeys = loaded.journeys if loaded else {}
        if journey is not None and journey not in journeys:
            with database.read() as transaction:
                refuse_unknown_journey(transaction, journey)
        shop = Shop(journeys, zone, config.project.currency, config.project.locale)
        found = read_results(database, shop, question)
    if as_json:
        print_json(as_data(found))
    else:
        print_answer(tell_results(found))
