"""`parcours preview`: messages to look at, before anybody gets one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.options import ProjectFolder, project_root
from orchestrator.cli.output import count
from orchestrator.domain.errors import Problem, ProjectInvalid
from orchestrator.domain.message import Medium

if TYPE_CHECKING:
    from orchestrator.cli.drafts import Draft
    from orchestrator.config import Config
    from orchestrator.spec.project import Project


def preview(
    name: Annotated[
        str,
        typer.Argument(metavar="TEMPLATE|JOURNEY", help="A template (also as email/NAME), or a journey: all of its."),
    ],
    customer: Annotated[
        Path | None,
        typer.Option(
            "--customer", metavar="FILE", help="Traits and facts, in JSON or YAML.", exists=True, dir_okay=False
        ),
    ] = None,
    locale: Annotated[str | None, typer.Option("--locale", help="The language, such as fr or en-GB.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the files go.", show_default="var/preview")
    ] = None,
    send_to: Annotated[
        list[str] | None,
        typer.Option("--send-to", metavar="ADDRESS", help="Send a marked proof there; may be repeated."),
    ] = None,
    project: ProjectFolder = Path(),
) -> None:
    """Render messages to files, to be looked at.

    For a made-up customer, or one of yours. Links to unsubscribe, surveys and the like are signed with a key that
    nobody uses: as long as real ones, and refused by the pages behind them.
    """
    from orchestrator.cli.drafts import write_draft

    sound, problems = _read(project)
    folder = out if out is not None else sound.config.var_dir / "preview"
    drafts = _render(sound, problems, name, customer, locale)
    for draft in drafts:
        _tell(draft, write_draft(draft, folder))
    for address in send_to or []:
        _send(sound.config, drafts, address)


def _read(folder: Path) -> tuple[Project, list[Problem]]:
    """The project, without what is broken in it: nobody waits for a fourteenth template to see a first mail."""
    from orchestrator.config import FILE
    from orchestrator.spec.project import read_project

    project, problems = read_project(project_root(folder), os.environ)
    errors = [problem for problem in problems if problem.severity == "error"]
    if settings := [problem for problem in errors if problem.file == FILE]:
        raise ProjectInvalid(settings)
    return project, errors


def _render(
    project: Project, problems: list[Problem], name: str, customer: Path | None, locale: str | None
) -> list[Draft]:
    from orchestrator.cli.drafts import NotThere, find_targets, read_customer, render
    from orchestrator.render import Templates

    try:
        targets = find_targets(project, name)
    except NotThere as error:
        raise typer.BadParameter(str(error)) from None
    shop = project.config.project
    templates, faults = Templates.load_sound(project.root, shop.locale, project.names_for_templates)
    own_faults = [fault for target in targets for fault in templates.broken(target.medium, target.template)]
    if not targets:
        own_faults = [problem for problem in problems if problem.file.startswith(f"journeys/{name}.y")]
    if own_faults:
        raise ProjectInvalid(list(dict.fromkeys(own_faults)))
    if others := len({*problems, *faults}):
        told = f"{count(others, 'error')} elsewhere in the project: `parcours check` shows what and where"
        typer.secho(told, fg="yellow", err=True)
    own = read_customer(customer) if customer else {}
    spoken = locale or (own.get("customer") or {}).get("locale") or shop.locale
    return [render(project, templates, target, own, str(spoken)) for target in targets]


def _tell(draft: Draft, paths: list[Path]) -> None:
    from orchestrator.render.formats import tell_language
    from orchestrator.render.sms_size import measure_sms

    target = draft.target
    typer.secho(f"{target.medium} {target.template} ({draft.locale})", bold=True)
    if note := tell_language(draft.locale, draft.language):
        typer.secho(f"  {note}", fg="yellow")
    if target.medium is Medium.EMAIL:
        typer.echo(f"  subject    {draft.subject}")
        typer.echo(f"  preheader  {draft.preheader or '-'}")
    else:
        size = measure_sms(draft.text)
        typer.echo(f"  {count(size.units, 'character')} in {count(size.parts, 'part')}, {size.alphabet}")
        if size.foreign:
            typer.echo(f"  not in the small alphabet, which halves the room: {' '.join(size.foreign)}")
        typer.echo(f"  {draft.text}")
    for path in paths:
        typer.echo(f"  {path}")


def _send(config: Config, drafts: list[Draft], address: str) -> None:
    from orchestrator.cli.proofs import medium_of, send_proofs
    from orchestrator.domain.channel import OutcomeKind

    adapter = config.channels.adapter(medium_of(address))
    refused = 0
    for draft, outcome in send_proofs(config, drafts, address):
        target = draft.target
        if outcome.kind is OutcomeKind.ACCEPTED:
            typer.echo(f"{target.medium} {target.template}: a proof left through the channel `{adapter}`")
        else:
            refused += 1
            typer.secho(f"{target.medium} {target.template}: {outcome.kind} {outcome.reason}", fg="red", err=True)
    if adapter == "mailbox":
        typer.echo(f"The channel `mailbox` only files messages: they lie in {config.var_dir / 'mailbox'}")
    if refused:
        raise typer.Exit(1)
