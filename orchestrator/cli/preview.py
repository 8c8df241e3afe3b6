"""`parcours preview`: messages to look at, before anybody gets one."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.options import ProjectFolder, project_root
from orchestrator.domain.errors import Problem, ProjectInvalid
from orchestrator.domain.formatting import count

if TYPE_CHECKING:
    from orchestrator.config import Config
    from orchestrator.language.project import Project
    from orchestrator.trial.drafts import Draft

_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


def preview(
    name: Annotated[
        str,
        typer.Argument(
            metavar="TEMPLATE|JOURNEY",
            help="A template (also as email/NAME), or a journey: all of its.",
        ),
    ],
    customer: Annotated[
        str | None,
        typer.Option(
            "--customer",
            metavar="FILE|CUSTOMER",
            help=(
                "A file of traits and facts, in JSON or YAML; or a customer of yours, by id, "
                "address or number."
            ),
        ),
    ] = None,
    locale: Annotated[
        str | None, typer.Option("--locale", help="The language, such as fr or en-GB.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Where the files go.", show_default="var/preview"
        ),
    ] = None,
    send_to: Annotated[
        list[str] | None,
        typer.Option(
            "--send-to", metavar="ADDRESS", help="Send a marked proof there; may be repeated."
        ),
    ] = None,
    project: ProjectFolder = Path(),
) -> None:
    """Render messages to files, to be looked at.

    For a made-up customer, or one of yours. Links to unsubscribe, surveys and the like are signed
    with a key that nobody uses: as long as real ones, and refused by the pages behind them.
    """
    from orchestrator.trial.drafts import write_draft

    sound, problems = _read(project)
    _refuse_unreachable(send_to or [])
    folder = out if out is not None else sound.config.var_dir / "preview"
    drafts = _render(sound, problems, name, customer, locale)
    for draft in drafts:
        _tell(draft, write_draft(draft, folder))
    for address in send_to or []:
        _send(sound.config, drafts, address)


def _refuse_unreachable(addresses: list[str]) -> None:
    from orchestrator.trial.proofs import reach_of

    for address in addresses:
        if reach_of(address) is None:
            told = (
                f"'{address}' is neither an e-mail address nor a number: write "
                "me@shop.example or +33612345678"
            )
            raise typer.BadParameter(told, param_hint="--send-to")


def _read_customer(project: Project, customer: str | None) -> dict[str, Any]:
    """The sections of a scope from a file, or of a customer in the database; none where nobody is
    named.
    """
    from orchestrator.cli.known_customer import read_known_customer
    from orchestrator.trial.drafts import read_customer

    if customer is None:
        return {}
    path = Path(customer)
    return (
        read_customer(path)
        if path.is_file()
        else {"customer": read_known_customer(project, customer)}
    )


def _choose_locale(project: Project, asked: str | None, own: dict[str, Any]) -> str:
    """The language asked for, else the customer's, else the project's; what is no language tag is
    none.
    """
    if asked is not None and not _LOCALE.fullmatch(asked):
        raise typer.BadParameter(
            f"'{asked}' is no language: write fr or en-GB", param_hint="--locale"
        )
    theirs = own.get("customer", {}).get("locale")
    spoken = (
        theirs
        if isinstance(theirs, str) and _LOCALE.fullmatch(theirs)
        else project.config.project.locale
    )
    return asked or spoken


def _read(folder: Path) -> tuple[Project, list[Problem]]:
    """The project, without what is broken in it: nobody waits for a fourteenth template to see a
    first mail.
    """
    from orchestrator.config import FILE
    from orchestrator.language.project import read_project

    project, problems = read_project(project_root(folder), os.environ)
    errors = [problem for problem in problems if problem.severity == "error"]
    if settings := [problem for problem in errors if problem.file == FILE]:
        raise ProjectInvalid(settings)
    return project, errors


def _render(
    project: Project, problems: list[Problem], name: str, customer: str | None, locale: str | None
) -> list[Draft]:
    from orchestrator.render import Templates
    from orchestrator.trial.drafts import NotThere, find_targets, render

    try:
        targets = find_targets(project, name)
    except NotThere as error:
        raise typer.BadParameter(str(error)) from None
    shop = project.config.project
    templates, faults = Templates.load_sound(project.root, shop.locale, project.names_for_templates)
    own_faults = [
        fault for target in targets for fault in templates.broken(target.medium, target.template)
    ]
    if not targets:
        own_faults = [
            problem for problem in problems if problem.file.startswith(f"journeys/{name}.y")
        ]
    if own_faults:
        raise ProjectInvalid(list(dict.fromkeys(own_faults)))
    if others := len({*problems, *faults}):
        told = (
            f"{count(others, 'error')} elsewhere in the project: `parcours check` shows what "
            "and where"
        )
        typer.secho(told, fg="yellow", err=True)
    own = _read_customer(project, customer)
    spoken = _choose_locale(project, locale, own)
    return [render(project, templates, target, own, spoken) for target in targets]


def _tell(draft: Draft, paths: list[Path]) -> None:
    from orchestrator.render.formats import tell_language
    from orchestrator.render.sms_size import measure_sms

    target = draft.target
    typer.secho(f"{target.medium} {target.template} ({draft.locale})", bold=True)
    if note := tell_language(draft.locale, draft.language):
        typer.secho(f"  {note}", fg="yellow")
    if target.medium.spec.is_mail:
        typer.echo(f"  subject    {draft.subject}")
        typer.echo(f"  preheader  {draft.preheader or '-'}")
    else:
        size = measure_sms(draft.text)
        typer.echo(
            f"  {count(size.units, 'character')} in {count(size.parts, 'part')}, {size.alphabet}"
        )
        if size.foreign:
            typer.echo(
                f"  not in the small alphabet, which halves the room: {' '.join(size.foreign)}"
            )
        typer.echo(f"  {draft.text}")
    for path in paths:
        typer.echo(f"  {path}")


def _send(config: Config, drafts: list[Draft], address: str) -> None:
    from orchestrator.domain.channel import OutcomeKind
    from orchestrator.trial.proofs import send_proofs

    refused, adapters = 0, set()
    for draft, outcome in send_proofs(config, drafts, address):
        target = draft.target
        adapter = config.channels.adapter(target.medium)
        adapters.add(adapter)
        if outcome.kind is OutcomeKind.ACCEPTED:
            typer.echo(
                f"{target.medium} {target.template}: a proof left through the channel `{adapter}`"
            )
        else:
            refused += 1
            typer.secho(
                f"{target.medium} {target.template}: {outcome.kind} {outcome.reason}",
                fg="red",
                err=True,
            )
    if "mailbox" in adapters:
        typer.echo(
            f"The channel `mailbox` only files messages: they lie in {config.var_dir / 'mailbox'}"
        )
    if refused:
        raise typer.Exit(1)
