"""`parcours explain`: the story of one customer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import customer_told, opened, refuse_unknown_journey
from orchestrator.cli.options import AsJson, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load_if_sound, load_settings, zone_of
from orchestrator.measure import explained
from orchestrator.measure.known_customers import find_one


def explain(
    user_id: Annotated[
        str,
        typer.Argument(
            metavar="CUSTOMER", help="A customer: any of their ids, an e-mail address or a number."
        ),
    ],
    journey: Annotated[
        str | None,
        typer.Argument(
            metavar="JOURNEY", help="Only this journey; and why they were not let in, each time."
        ),
    ] = None,
    *,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell the story of one customer.

    Every decision, change of stage and message, with its reason and time.
    """
    config = load_settings(project)
    with opened(config, to_look=True) as database:
        with customer_told():
            customer = find_one(database, user_id)
        loaded = load_if_sound(project, ", so its rules cannot be asked")
        if journey is not None and (loaded is None or journey not in loaded.journeys):
            with database.read() as transaction:
                refuse_unknown_journey(transaction, journey)
        answer = explained.explain(database, customer, loaded, zone_of(config), journey=journey)
    if as_json:
        print_json(answer.as_data())
    else:
        print_answer(answer.told())
