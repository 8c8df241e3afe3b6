"""`parcours check`: every fault of a project at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.commands import load
from orchestrator.cli.options import AsJson, ProjectFolder, refused
from orchestrator.cli.output import print_answer, print_json, print_problems
from orchestrator.cli.spoken import language_of, speak_of, told_message
from orchestrator.domain.errors import Problem
from orchestrator.domain.formatting import count
from orchestrator.domain.phrase import Phrase, say, strung
from orchestrator.lint.project_check import Report, check_project
from orchestrator.lint.selection import NoProject, as_seen_from_here, by_project


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH",
            help=(
                "A project, a folder inside one, or single files, to which the answer is "
                "then limited."
            ),
            exists=True,
        ),
    ] = None,
    *,
    project: ProjectFolder = Path(),
    data: Annotated[
        bool, typer.Option("--data", help="Look at the customers too; nobody is named.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check journeys, templates and settings.

    Prints every fault at once, as `file:line:column: what, and what to do`. Warnings are advice;
    errors end with 1.
    """
    problems: dict[Path, list[Problem]] = {}
    reports: dict[Path, Report] = {}
    with refused(None, NoProject):
        projects = by_project(paths or [project])
    # A database's driver is imported only where the customers are asked about.
    learn = {"learn": load("check_data:learn_from_data")} if data else {}
    for root, files in projects.items():
        reports[root] = check_project(root, os.environ, **learn)
        problems[root] = as_seen_from_here(root, reports[root].problems, files)
    look = load("check_data:look_at_customers") if data else None
    found = {at: look(one.project) for at, one in reports.items() if look and one.project}
    everything = [one for of_project in problems.values() for one in of_project]
    if as_json:
        shown = [_as_data(root, one) for root, ones in problems.items() for one in ones]
        print_json({"problems": shown, "customers": [one.as_data() for one in found.values()]})
    else:
        for root, of_project in problems.items():
            speak_of(root)
            print_problems(of_project)
        for root, findings in found.items():
            speak_of(root)
            print_answer(findings.told())
        print_answer([_sum_up(list(reports.values()), everything)])
    is_wrong = any(problem.severity == "error" for problem in everything)
    if is_wrong or any(findings.stranded for findings in found.values()):
        raise typer.Exit(1)


def _as_data(root: Path, problem: Problem) -> dict[str, object]:
    """A problem for a machine; `language` is that of its message."""
    speak_of(root)
    language = language_of(problem.message)
    return asdict(problem) | {"message": told_message(problem), "language": language}


def _sum_up(reports: Sequence[Report], problems: Sequence[Problem]) -> Phrase:
    errors = sum(problem.severity == "error" for problem in problems)
    journeys = sum(len(report.project.journeys) for report in reports if report.project)
    templates = sum(report.templates for report in reports)
    counted = strung([count(errors, "error"), count(len(problems) - errors, "warning")])
    if not journeys:
        return counted
    looked_at = strung([count(journeys, "journey"), count(templates, "template")])
    return say("{looked_at}: {counted}", looked_at=looked_at, counted=counted)
