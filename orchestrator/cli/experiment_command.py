"""`parcours experiment`: whether one way of doing something brought more than another."""

from __future__ import annotations

from pathlib import Path

from orchestrator.cli.commands import load
from orchestrator.cli.experiment_options import (
    Baseline,
    Currency,
    Declared,
    Effect,
    Events,
    Experiment,
    Exposure,
    Holdout,
    Money,
    OutcomeEvent,
    Shares,
    Within,
)
from orchestrator.cli.options import AsJson, ProjectFolder


def experiment(
    which: Experiment = None,
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
    holdout: Holdout = False,
    declare: Declared = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Judge experiments: what caused more, and how sure it is.

    The splits and control groups of journeys, or those of a log.

    Intervals "at any time" hold however often one looks.
    """
    if events:
        options = load("experiment_of_log:LogOptions")(
            events, which, exposure, outcome, value, currency, within, shares
        )
        load("experiment_of_log:judge_log")(options, baseline, effect / 100, as_json=as_json)
        return
    if declare is not None:
        load("experiment_declared:declare")(project, which, declare)
        return
    asked = load("experiment_of_database:KeptOptions")(
        which if not holdout else "holdout", baseline, effect / 100, within, currency
    )
    load("experiment_of_database:judge_kept")(project, asked, as_json=as_json)
