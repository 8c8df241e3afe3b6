"""`parcours preview`: messages to look at, before anybody gets one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.options import ProjectFolder, load
from orchestrator.cli.output import count
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

    loaded = load(project)
    folder = out if out is not None else loaded.config.var_dir / "preview"
    drafts = _render(loaded, name, customer, locale)
    for draft in drafts:
        _tell(draft, write_draft(draft, folder))
    for address in send_to or []:
        _send(loaded.config, drafts, address)


def _render(project: Project, name: str, customer: Path | None, locale: str | None) -> list[Draft]:
    from orchestrator.cli.drafts import NotThere, find_targets, read_customer, render
    from orchestrator.render import Templates

    try:
        targets = find_targets(project, name)
    except NotThere as error:
        raise typer.BadParameter(str(error)) from None
    templates = Templates.load(project.root, project.config.project.locale, project.names_for_templates)
    own = read_customer(customer) if customer else {}
    spoken = locale or (own.get("customer") or {}).get("locale") or project.config.project.locale
    return [render(project, templates, target, own, str(spoken)) for target in targets]


def _tell(draft: Draft, paths: list[Path]) -> None:
    from orchestrator.render.sms_size import measure_sms

    target = draft.target
    typer.secho(f"{target.medium} {target.template} ({draft.locale})", bold=True)
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
