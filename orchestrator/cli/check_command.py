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
from orchestrator.domain.errors import Problem
from orchestrator.domain.formatting import count
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
    problems: list[Problem] = []
    reports: list[Report] = []
    with refused(None, NoProject):
        projects = by_project(paths or [project])
    # A database's driver is imported only where the customers are asked about.
    learn = {"learn": load("check_data:learn_from_data")} if data else {}
    for root, files in projects.items():
        reports.append(check_project(root, os.environ, **learn))
        problems += as_seen_from_here(root, reports[-1].problems, files)
    look = load("check_data:look_at_customers") if data else None
    found = [look(report.project) for report in reports if look and report.project]
    if as_json:
        shown = [asdict(problem) for problem in problems]
        print_json({"problems": shown, "customers": [one.as_data() for one in found]})
    else:
        print_problems(problems)
        for findings in found:
            print_answer(findings.told())
        typer.echo(_sum_up(reports, problems))
    is_wrong = any(problem.severity == "error" for problem in problems)
    if is_wrong or any(findings.stranded for findings in found):
        raise typer.Exit(1)


def _sum_up(reports: Sequence[Report], problems: Sequence[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    journeys = sum(len(report.project.journeys) for report in reports if report.project)
    templates = sum(report.templates for report in reports)
    good = f"{count(journeys, 'journey')}, {count(templates, 'template')}: " if journeys else ""
    return f"{good}{count(errors, 'error')}, {count(len(problems) - errors, 'warning')}"
