"""`parcours preview`: messages to look at, before anybody gets one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import customer_told, opened
from orchestrator.cli.options import ProjectFolder, refused
from orchestrator.cli.output import print_answer
from orchestrator.cli.projects import project_root
from orchestrator.config import Config
from orchestrator.language.project import Project
from orchestrator.measure.known_customers import read_for_templates
from orchestrator.trial import previews
from orchestrator.trial.drafts import Draft, NotThere, read_customer, write_draft
from orchestrator.trial.proofs import Unreachable, require_reachable, send_proofs, tell_proofs

_TAGS = "write fr or en-GB"

Name = Annotated[
    str,
    typer.Argument(
        metavar="TEMPLATE|JOURNEY",
        help="A template (also as email/NAME), or a journey: all of its.",
    ),
]
Customer = Annotated[
    str | None,
    typer.Option(
        "--customer",
        metavar="FILE|CUSTOMER",
        help=(
            "A file of traits and facts, in JSON or YAML; or a customer of yours, by id, "
            "address or number."
        ),
    ),
]
Locale = Annotated[str | None, typer.Option("--locale", help="The language, such as fr or en-GB.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where the files go.", show_default="var/preview"),
]
SendTo = Annotated[
    list[str] | None,
    typer.Option(
        "--send-to", metavar="ADDRESS", help="Send a marked proof there; may be repeated."
    ),
]


def preview(
    name: Name,
    *,
    customer: Customer = None,
    locale: Locale = None,
    out: Out = None,
    send_to: SendTo = None,
    project: ProjectFolder = Path(),
) -> None:
    """Render messages to files, to be looked at.

    For a made-up customer, or one of yours. Links to unsubscribe, surveys and the like are signed
    with a key that nobody uses: as long as real ones, and refused by the pages behind them.
    """
    sound = previews.read_sound(project_root(project), os.environ)
    with refused("--send-to", Unreachable):
        require_reachable(send_to or [])
    with refused(None, NotThere):
        chosen = previews.choose(sound, name)
    print_answer(chosen.warn())
    own = _read_customer(sound.project, customer)
    if locale is not None and not previews.is_language(locale):
        raise typer.BadParameter(f"'{locale}' is no language: {_TAGS}", param_hint="--locale")
    drafts = chosen.render_all(own, locale)
    folder = out if out is not None else sound.project.config.var_dir / "preview"
    for draft in drafts:
        print_answer(previews.tell_draft(draft, write_draft(draft, folder)))
    for address in send_to or []:
        _send(sound.project.config, drafts, address)


def _read_customer(project: Project, customer: str | None) -> dict[str, object]:
    """The sections of a scope from a file, or of a customer in the database."""
    if customer is None:
        return {}
    if Path(customer).is_file():
        return read_customer(Path(customer))
    with opened(project.config, to_look=True) as database, customer_told():
        return read_for_templates(database, project, customer)


def _send(config: Config, drafts: list[Draft], address: str) -> None:
    proofs = send_proofs(config, drafts, address)
    print_answer(tell_proofs(config, proofs))
    if not all(proof.left for proof in proofs):
        raise typer.Exit(1)
