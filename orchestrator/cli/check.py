"""`parcours check`: every fault of a project at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.options import JOURNEYS, AsJson, ProjectFolder, opened
from orchestrator.cli.output import print_json, print_problems
from orchestrator.domain.errors import Problem
from orchestrator.domain.formatting import count

if TYPE_CHECKING:
    from orchestrator.language.project import Project
    from orchestrator.lint.check import Findings, Report
    from orchestrator.store.database import Database


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
    from orchestrator.lint.check import check_project

    problems: list[Problem] = []
    reports: list[Report] = []
    for root, files in _by_project(paths or [project]).items():
        reports.append(check_project(root, os.environ))
        problems += _as_seen_from_here(root, reports[-1].problems, files)
    found = [_look_at_customers(report.project) for report in reports if data and report.project]
    errors = [problem for problem in problems if problem.severity == "error"]
    if as_json:
        print_json(
            {
                "problems": [asdict(problem) for problem in problems],
                "customers": [_as_data(one) for one in found],
            }
        )
    else:
        print_problems(problems)
        for findings in found:
            _print_findings(findings)
        typer.echo(_sum_up(reports, len(errors), len(problems) - len(errors)))
    if errors or any(findings.stranded for findings in found):
        raise typer.Exit(1)


def _by_project(paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """The files asked for by their project's folder; a folder asks for the whole project."""
    found: dict[Path, list[Path]] = {}
    whole = set()
    for path in paths:
        root = find_root(path)
        found.setdefault(root, []).append(path.resolve())
        if path.is_dir():
            whole.add(root)
    return {root: [] if root in whole else files for root, files in found.items()}


def find_root(path: Path) -> Path:
    """The project that a file or folder belongs to, looked for upwards; raises BadParameter."""
    start = path.resolve()
    for folder in [start, *start.parents]:
        if (folder / JOURNEYS).is_dir():
            return folder
    raise typer.BadParameter(
        f"{path} lies in no project: neither it nor a folder above it holds `{JOURNEYS}`"
    )


def _as_seen_from_here(
    root: Path, problems: Sequence[Problem], files: Sequence[Path]
) -> list[Problem]:
    """The problems of the files asked for (none: of all), with paths that an editor finds from the
    current folder.
    """
    wanted = [
        problem for problem in problems if not files or (root / problem.file).resolve() in files
    ]
    prefix = os.path.relpath(root)
    return (
        wanted
        if prefix == "."
        else [replace(one, file=os.path.join(prefix, one.file)) for one in wanted]
    )


def _sum_up(reports: Sequence[Report], errors: int, warnings: int) -> str:
    journeys = sum(len(report.project.journeys) for report in reports if report.project)
    templates = sum(report.templates for report in reports)
    good = f"{count(journeys, 'journey')}, {count(templates, 'template')}: " if journeys else ""
    return f"{good}{count(errors, 'error')}, {count(warnings, 'warning')}"


def _look_at_customers(project: Project) -> Findings:
    from orchestrator.lint.check import check_customers

    with opened(project.config) as database:
        _warn_of_another_key(project, database)
        return check_customers(project, database)


def _as_data(found: Findings) -> dict[str, Any]:
    """The findings for a machine. Not `asdict`, which makes a Counter of a Counter's items."""
    data = {name: getattr(found, name) for name in type(found).__dataclass_fields__}
    return data | {"stranded": [asdict(one) for one in found.stranded]}


def _warn_of_another_key(project: Project, database: Database) -> None:
    from orchestrator.wiring import ANOTHER_KEY, is_another_key

    if is_another_key(database, project.config):
        typer.secho(f"warning: {ANOTHER_KEY}", fg="yellow", err=True)


def _print_findings(found: Findings) -> None:
    for stranded in found.stranded:
        typer.secho(str(stranded), fg="red")
    typer.echo(f"{count(found.customers, 'customer')}")
    for number, what in _lacks(found):
        if number:
            typer.echo(f"  {number:,} {what}")


def _lacks(found: Findings) -> Iterator[tuple[int, str]]:
    yield found.no_zone, "without a time zone: the project's holds"
    yield found.unknown_zone, "with a time zone that does not exist: the project's holds"
    yield found.told_zone, "without a valid time zone: that of their number or country holds"
    for medium, number in found.no_address.items():
        yield (
            number,
            (
                "without "
                f"{'an address' if medium == 'email' else 'a number that can be read'}: not "
                f"reached by {medium}"
            ),
        )
    for medium, number in found.unreadable.items():
        yield (
            number,
            f"with {'an address' if medium == 'email' else 'a number'} written that cannot be read",
        )
    for medium, number in found.no_consent.items():
        yield number, f"without consent: no marketing by {medium}"
    for name, number in found.no_date.items():
        yield number, f"whose {name} is no date that can be read: a wait for it takes it as missing"
    for fact, number in found.no_amount.items():
        yield number, f"amounts of '{fact}' that are no numbers: they add nothing"
    for journey, number in found.gone.items():
        yield number, f"inside '{journey}', a journey that has no file any more"
