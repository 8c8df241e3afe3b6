"""The part of `parcours check --data` that opens the database."""

from __future__ import annotations

import typer

from orchestrator.cli.databases import opened
from orchestrator.domain.tracking_plan import TrackingPlan
from orchestrator.language.project import Project
from orchestrator.lint.customer_check import Findings, check_customers
from orchestrator.store.figures import learn_plan
from orchestrator.wiring import ANOTHER_KEY, is_another_key


def learn_from_data(project: Project) -> TrackingPlan:
    """The events and traits that came in."""
    with opened(project.config) as database, database.read() as transaction:
        return learn_plan(transaction).as_plan()


def look_at_customers(project: Project) -> Findings:
    """What the customers of a project lack."""
    with opened(project.config) as database:
        if is_another_key(database, project.config):
            typer.secho(f"warning: {ANOTHER_KEY}", fg="yellow", err=True)
        return check_customers(project, database)
