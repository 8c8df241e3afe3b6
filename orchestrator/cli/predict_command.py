"""`parcours predict`: what customers will probably do."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.csv_files import write_csv
from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load
from orchestrator.clock import SystemClock, VirtualClock
from orchestrator.domain.formatting import count
from orchestrator.domain.phrase import say
from orchestrator.engine.last_tick import read_own_time
from orchestrator.language.project import Project
from orchestrator.measure.predict import calibration_told, told
from orchestrator.measure.predict.predictions import (
    Predictions,
    predict_from_database,
    predict_from_log,
)
from orchestrator.measure.predict.writing import Written, write_predictions

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
        found, written = predict_from_log(events, loaded), None
    else:
        found, written = _of_database(loaded, write=write)
    if csv is not None:
        number = count(len(found.foretold), "customer")
        write_csv(csv, told.COLUMNS, told.as_rows(found), number)
    elif as_json:
        print_json(_as_data(found, written, calibration=calibration))
    else:
        _print(found, written, calibration=calibration)


def _of_database(project: Project, *, write: bool) -> tuple[Predictions, Written | None]:
    with opened(project.config, to_look=not write) as database:
        now, clock = read_own_time(database), SystemClock()
        found = predict_from_database(database, project, now)
        if not write:
            return found, None
        is_virtual = abs((clock.now() - now).total_seconds()) > 3600
        return found, write_predictions(database, found, VirtualClock(now) if is_virtual else clock)


def _print(found: Predictions, written: Written | None, *, calibration: bool) -> None:
    print_answer(told.tell_predictions(found))
    if calibration:
        tried = found.calibrate()
        print_answer(calibration_told.tell_calibration(tried, found.hold_hours_against(tried)))
    if written is not None:
        number = count(written.written, "customer")
        print_answer(["", say("written for {customers}: what has moved", customers=number)])


def _as_data(
    found: Predictions, written: Written | None, *, calibration: bool
) -> dict[str, object]:
    data = told.as_data(found)
    if calibration:
        tried = found.calibrate()
        hits = found.hold_hours_against(tried)
        data["calibration"] = calibration_told.as_data(tried, hits)
    return data | ({} if written is None else {"written": asdict(written)})
