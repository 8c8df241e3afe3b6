"""`parcours messages`: the ledger of messages, and what a person says of those whose outcome nobody
knows.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.commands import Commands
from orchestrator.cli.options import (
    AsJson,
    ProjectFolder,
    load,
    load_settings,
    opened,
    read_instant,
    refuse_unknown_journey,
    zone_of,
)
from orchestrator.cli.output import print_json, print_table
from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.formatting import count, format_instant
from orchestrator.domain.message import Medium, MessageState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from orchestrator.domain.journey import Journey
    from orchestrator.store.settling import Retried, Settled, Verdict

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="List messages, settle those whose outcome is unknown, and send failed ones again.",
)


@app.command(name="list")
def list_messages(
    state: Annotated[
        str | None,
        typer.Option(
            "--state",
            metavar="STATE",
            help="Only these: a word of `status`, as sent, or an exact state.",
        ),
    ] = None,
    journey: Annotated[
        str | None, typer.Option("--journey", metavar="ID", help="Only this journey's.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", help="At most so many.", min=1)
    ] = 50,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """List messages, the newest first."""
    from orchestrator.measure import status

    config = load_settings(project)
    states = _read_states(state)
    with opened(config, to_look=True) as database, database.read() as transaction:
        if journey is not None:
            refuse_unknown_journey(transaction, journey)
        rows = status.list_messages(transaction, _journeys(project), states, journey, limit)
    if as_json:
        print_json(rows)
    elif rows:
        zone = zone_of(config)
        head = (
            "ID",
            f"DECIDED ({zone.key})",
            "CUSTOMER",
            "JOURNEY",
            "STEP",
            "CHANNEL",
            "STATE",
            "REASON",
        )
        print_table(head, [_as_row(row, zone) for row in rows])
    else:
        typer.echo("No messages.")


def _read_states(word: str | None) -> tuple[str, ...]:
    """The states that a word means; () for none. Raises BadParameter."""
    from orchestrator.domain.suggestion import did_you_mean
    from orchestrator.measure.status import STANDINGS

    if word is None:
        return ()
    plain = word.strip().lower().replace("-", " ").replace("_", " ")
    if plain in STANDINGS:
        return STANDINGS[plain]
    exact = {state.replace("_", " "): state for state in MessageState}
    if plain not in exact:
        known = dict.fromkeys(name.replace(" ", "-") for name in (*STANDINGS, *exact))
        hint = did_you_mean(plain.replace(" ", "-"), known) or f" (known: {', '.join(known)})"
        raise typer.BadParameter(f"no message is ever '{word}'{hint}", param_hint="--state")
    return (exact[plain],)


def _journeys(folder: Path) -> Mapping[str, Journey]:
    """Today's journeys; none while their files hold errors."""
    try:
        return load(folder, need_templates=False).journeys
    except ProjectInvalid:
        return {}


def _as_row(row: dict[str, Any], zone: ZoneInfo) -> tuple[str, ...]:
    at = format_instant(row["decided_at"], zone)
    names = ("external_id", "journey", "step", "medium", "state", "reason")
    return row["public_id"], at, *(str(row[name]) for name in names)


@app.command()
def settle(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Messages by their id.")
    ] = None,
    all_unknown: Annotated[
        bool, typer.Option("--all-unknown", help="All whose outcome is unknown.")
    ] = False,
    sent: Annotated[bool, typer.Option("--sent", help="They arrived.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Queue them once more; the policy is asked again.")
    ] = False,
    drop: Annotated[
        bool, typer.Option("--drop", help="Let them be: they count as not sent.")
    ] = False,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Say what became of unknown messages.

    Only messages in the state `unknown` are touched, and each is noted in its customer's story.
    """
    from orchestrator.clock import SystemClock
    from orchestrator.store.settling import Verdict, settle_by_hand

    chosen = [
        verdict for verdict, wanted in zip(Verdict, (sent, again, drop), strict=True) if wanted
    ]
    if len(chosen) != 1:
        raise typer.BadParameter("say one of --sent, --again and --drop")
    if bool(ids) is all_unknown:
        raise typer.BadParameter("name messages by their id, or say --all-unknown")
    with opened(load_settings(project), to_look=True) as database:
        settled = settle_by_hand(database, ids or None, chosen[0], SystemClock().now())
    _tell(settled, chosen[0], as_json)
    if settled.others or settled.missing:
        raise typer.Exit(1)


@app.command()
def retry(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Messages by their id.")
    ] = None,
    journey: Annotated[
        str | None, typer.Option("--journey", metavar="ID", help="Only this journey's.")
    ] = None,
    channel: Annotated[
        Medium | None, typer.Option("--channel", help="Only this channel's.")
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason", metavar="TEXT", help="Only with this in their reason, or as their code."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="ISO", help="Only what was rejected or failed since then."),
    ] = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="Also those past their `expires`.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Send again what was rejected or failed, once its cause is mended.

    They are queued once more: exit, goal, consent, suppression, caps and quiet hours are asked
    again when they leave. Messages whose outcome is unknown are for `parcours messages settle`.
    """
    from orchestrator.clock import SystemClock
    from orchestrator.store import settling

    which = settling.Which(
        ids or (), journey, channel, reason, None if since is None else read_instant(since)
    )
    if which == settling.Which():
        raise typer.BadParameter(
            "name messages by their id, or say which: --journey, --channel, --reason, --since"
        )
    with opened(load_settings(project), to_look=True) as database:
        if journey is not None:
            with database.read() as transaction:
                refuse_unknown_journey(transaction, journey)
        now = SystemClock().now()
        found = settling.find_failed(database, which, now, expired=expired)
        agreed = bool(found.again) and (yes or _agrees(found, expired))
        if agreed:
            found = settling.retry(database, which, now, expired=expired)
    _tell_retried(found, agreed, expired, as_json)
    if found.others or found.missing or (found.again and not agreed):
        raise typer.Exit(1)


def _agrees(found: Retried, expired: bool) -> bool:
    """Whether whoever sits at the terminal wants these sent again; nobody there does."""
    late = (
        f", {len(found.expired):,} of them past their `expires`"
        if expired and found.expired
        else ""
    )
    question = f"{count(len(found.again), 'message')} would be sent again{late}"
    if not sys.stdin.isatty():
        typer.secho(f"{question}; say --yes to do so", fg="yellow", err=True)
        return False
    return typer.confirm(f"{question}. Send?", err=True)


def _tell_retried(found: Retried, agreed: bool, expired: bool, as_json: bool) -> None:
    again, late = found.again if agreed else [], [] if expired else found.expired
    if as_json:
        named = {"in_another_state": found.others, "missing": found.missing}
        print_json({"queued": again, "found": len(found.again), "expired": late, **named})
        return
    if agreed or not found.again:
        typer.echo(f"{count(len(again), 'message')} queued again: they leave with the next tick")
    if late:
        typer.secho(
            f"{count(len(late), 'message')} past their `expires`: left alone without --expired",
            fg="yellow",
            err=True,
        )
    for public_id, state in found.others.items():
        typer.secho(
            f"{public_id} is {state}, neither rejected nor failed: left alone",
            fg="yellow",
            err=True,
        )
    for public_id in found.missing:
        typer.secho(f"there is no message {public_id}", fg="red", err=True)


def _tell(settled: Settled, verdict: Verdict, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "settled": settled.done,
                "in_another_state": settled.others,
                "missing": settled.missing,
            }
        )
        return
    became = {"sent": "settled as sent", "again": "queued again", "drop": "dropped"}[verdict]
    typer.echo(f"{count(len(settled.done), 'message')} {became}")
    for public_id, state in settled.others.items():
        typer.secho(f"{public_id} is {state}, not unknown: left alone", fg="yellow", err=True)
    for public_id in settled.missing:
        typer.secho(f"there is no message {public_id}", fg="red", err=True)
