"""`parcours messages retry`: what was rejected or failed, sent again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened, refuse_unknown_journey
from orchestrator.cli.options import AsJson, MessageIds, OnlyJourney, ProjectFolder, read_instant
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load_settings
from orchestrator.clock import SystemClock
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.measure.settled import ask_to_retry, retried_as_data, tell_retried
from orchestrator.store import settling

Channel = Annotated[
    str | None, typer.Option("--channel", metavar="NAME", help="Only this channel's.")
]
Reason = Annotated[
    str | None,
    typer.Option(
        "--reason", metavar="TEXT", help="Only with this in their reason, or as their code."
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="ISO", help="Only what was rejected or failed since then."),
]
Expired = Annotated[bool, typer.Option("--expired", help="Also those past their `expires`.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def retry(
    ids: MessageIds = None,
    *,
    journey: OnlyJourney = None,
    channel: Channel = None,
    reason: Reason = None,
    since: Since = None,
    expired: Expired = False,
    yes: Yes = False,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Send again what was rejected or failed, once its cause is mended.

    They are queued once more: exit, goal, consent, suppression, caps and quiet hours are asked
    again when they leave. Messages whose outcome is unknown are for `parcours messages settle`.
    """
    from_then_on = None if since is None else read_instant(since)
    which = settling.Which(ids or (), journey, channel, reason, from_then_on)
    if which == settling.Which():
        raise typer.BadParameter(
            "name messages by their id, or say which: --journey, --channel, --reason, --since"
        )
    config = load_settings(project)
    if channel is not None and channel not in config.channels.by_name:
        known = list(config.channels.by_name)
        hint = did_you_mean(channel, known) or f" (known: {', '.join(known)})"
        raise typer.BadParameter(f"there is no channel '{channel}'{hint}", param_hint="--channel")
    with opened(config, to_look=True) as database:
        if journey is not None:
            with database.read() as transaction:
                refuse_unknown_journey(transaction, journey)
        now = SystemClock().now()
        found = settling.find_failed(database, which, now, expired=expired)
        agreed = bool(found.again) and (yes or _agrees(ask_to_retry(found, expired=expired)))
        if agreed:
            found = settling.retry(database, which, now, expired=expired)
    if as_json:
        print_json(retried_as_data(found, agreed=agreed, expired=expired))
    else:
        print_answer(tell_retried(found, agreed=agreed, expired=expired))
    if found.others or found.missing or (found.again and not agreed):
        raise typer.Exit(1)


def _agrees(question: str) -> bool:
    """Whether whoever sits at the terminal wants these sent again; nobody there does."""
    if not sys.stdin.isatty():
        typer.secho(f"{question}; say --yes to do so", fg="yellow", err=True)
        return False
    return typer.confirm(f"{question}. Send?", err=True)
