"""`parcours test`: the tests in the journeys' own files, on the virtual clock."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import ProjectFolder, refused
from orchestrator.cli.output import end_with, print_answer
from orchestrator.cli.projects import load, zone_of
from orchestrator.cli.tests_told import tell_failures, tell_gaps, tell_line, tell_sum
from orchestrator.domain.phrase import say
from orchestrator.language.program_building import build_program
from orchestrator.measure.decisions_told import Reading
from orchestrator.trial.backtest import UnknownJourney, choose
from orchestrator.trial.junit import write_junit
from orchestrator.trial.test_run import Tested, run_tests

Journeys = Annotated[
    list[str] | None,
    typer.Argument(metavar="JOURNEY", help="Only this journey's; several may be named."),
]
Junit = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE", help="Write the outcomes as JUnit XML, too."),
]


def run(journeys: Journeys = None, *, junit: Junit = None, project: ProjectFolder = Path()) -> None:
    """Run the tests in the journeys' files, on a virtual clock.

    Nothing is sent and nothing stored; templates need not exist. A test that fails shows what was
    expected, what happened, and the customer's story; then the steps and ways that no test reaches.
    """
    if junit is not None and not junit.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {junit.parent}", param_hint="--junit")
    loaded = load(project, need_templates=False)
    with refused("JOURNEY", UnknownJourney):
        chosen = choose(loaded.journeys, journeys or [])
    wide = max(map(len, chosen), default=0)
    tested: list[Tested] = []
    for one in run_tests(build_program(loaded), chosen, loaded.tests):
        tested.append(one)
        print_answer([tell_line(one, wide)])
    print_answer(tell_failures(tested, Reading(zone_of(loaded.config), chosen)))
    print_answer(tell_gaps(tested, loaded))
    print_answer([tell_sum(tested)])
    if junit is not None:
        write_junit(tested, junit)
    if not any(one.outcomes for one in tested):
        raise end_with(say("there are no tests: write some below `tests:` in a journey's file"))
    if any(one.failed for one in tested):
        raise typer.Exit(1)
