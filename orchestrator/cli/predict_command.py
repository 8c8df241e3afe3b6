"""`parcours predict`: what customers will probably do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.csv_files import write_csv
from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load
from orchestrator.domain.formatting import count
from orchestrator.measure.predict import predictions_told
from orchestrator.measure.predict.answer_told import Foreseen, predict_today
from orchestrator.measure.predict.predictions import predict_from_log

Events = Annotated[
    list[Path] | None,
    typer.Option(
        "--events", metavar="FILE", help="Of a log alone, without a database; may be repeated.",
        exists=True, dir_okay=False,
    ),
]  # fmt: skip
Calibrated = Annotated[
    bool,
    typer.Option("--calibration", help="Hold predictions of the past against what came."),
]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", help="Write every customer's to a file, or to `-`."),
]
Write = Annotated[
    bool,
    typer.Option("--write", help="Write them down as traits of the customers, as every night."),
]


def predict(
    *,
    events: Events = None,
    calibration: Calibrated = False,
    write: Write = False,
    csv: Csv = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell what customers will probably do.

    Who is gone, when each orders next, what that brings in twelve months, and at which hour they
    are there: from their orders, by BG/NBD and Gamma-Gamma. Where there is too little data,
    nothing is told.
    """
    if events and write:
        raise typer.BadParameter("a log has no customers to write to", param_hint="--write")
    loaded = load(project, need_templates=False)
    if events:
        answer = Foreseen(predict_from_log(events, loaded), None, calibration)
    else:
        with opened(loaded.config, to_look=not write) as database:
            answer = predict_today(database, loaded, write=write, with_calibration=calibration)
    if csv is not None:
        number = count(len(answer.found.foretold), "customer")
        write_csv(csv, predictions_told.COLUMNS, predictions_told.as_rows(answer.found), number)
    elif as_json:
        print_json(answer.as_data())
    else:
        print_answer(answer.told())
