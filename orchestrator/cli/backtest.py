"""`parcours backtest`: real history through the journeys, on a virtual clock."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.options import AsJson, ProjectFolder, load, read_instant
from orchestrator.cli.output import print_json, print_table
from orchestrator.domain.formatting import count

if TYPE_CHECKING:
    from orchestrator.domain.policy import Policy
    from orchestrator.language.project import Project
    from orchestrator.trial.backtest import BacktestResult, History, Send

STDOUT = Path("-")


@dataclass(frozen=True, slots=True)
class _Answer:
    """A back-test with what is told of it."""

    journeys: list[str]
    history: History
    result: BacktestResult
    took_s: float


def backtest(
    events: Annotated[
        list[Path],
        typer.Argument(
            metavar="EVENTS",
            help="Calls as JSON lines, plain or gzip.",
            exists=True,
            dir_okay=False,
        ),
    ],
    journey: Annotated[
        list[str] | None,
        typer.Option("--journey", metavar="ID", help="Only this journey; may be repeated."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="ISO", help="The end, exclusive.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write every message as CSV; - writes it to stdout."
        ),
    ] = None,
    assume_consent: Annotated[
        bool, typer.Option("--assume-consent", help="Whoever has not said no has said yes.")
    ] = False,
    no_caps: Annotated[bool, typer.Option("--no-caps", help="Without frequency caps.")] = False,
    no_quiet_hours: Annotated[
        bool, typer.Option("--no-quiet-hours", help="Without quiet hours.")
    ] = False,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Replay real history through the journeys.

    Says who would have had which message, and when, by the rules of parcours.toml. Nothing is sent
    and nothing stored.
    """
    if as_json and out == STDOUT:
        raise typer.BadParameter(
            "standard output takes the CSV or the JSON, not both", param_hint="--out"
        )
    if out is not None and not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
    began_s = time.monotonic()
    loaded = load(project, need_templates=False)
    policy = loaded.config.policy
    policy = replace(
        policy,
        consent_default=policy.consent_default or assume_consent,
        caps={} if no_caps else policy.caps,
        quiet_hours={} if no_quiet_hours else policy.quiet_hours,
    )
    answer = _run(loaded, policy, events, journey or [], until, began_s)
    if out is not None:
        _write(answer.result, out)
    if as_json:
        print_json(_as_dict(answer))
    else:
        # The CSV may go into a pipe: then the summary must not.
        with redirect_stdout(sys.stderr) if out == STDOUT else nullcontext():
            _tell(answer)
        if out not in (None, STDOUT):
            typer.echo(f"\n{count(len(answer.result.sends), 'message')} written to {out}")
    if answer.result.rejected and not answer.result.events:
        raise typer.Exit(1)


def _run(
    project: Project,
    policy: Policy,
    events: list[Path],
    wanted: list[str],
    until: str | None,
    began_s: float,
) -> _Answer:
    from orchestrator.domain.suggestion import did_you_mean
    from orchestrator.language.program import build_program
    from orchestrator.trial.backtest import backtest as replay
    from orchestrator.trial.backtest import read_history, restrict

    for name in wanted:
        if name not in project.journeys:
            hint = (
                did_you_mean(name, project.journeys)
                or f" (known: {', '.join(project.journeys) or 'none'})"
            )
            raise typer.BadParameter(f"there is no journey '{name}'{hint}", param_hint="--journey")
    end = None if until is None else read_instant(until)
    program = build_program(project, journeys=restrict(project.journeys, wanted), policy=policy)
    history = read_history(events)
    result = replay(program, history, end)
    return _Answer(list(program.journeys), history, result, time.monotonic() - began_s)


def _write(result: BacktestResult, out: Path) -> None:
    from orchestrator.trial.backtest import write_sends

    if out == STDOUT:
        write_sends(result.sends, sys.stdout)
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            write_sends(result.sends, file)
    except OSError as error:
        raise typer.BadParameter(
            f"{out} cannot be written: {error.strerror}", param_hint="--out"
        ) from error


# ---------------------------------------------------------------- the summary


def _tell(answer: _Answer) -> None:
    result = answer.result
    _tell_calls(answer)
    sent = Counter(send.journey for send in result.sends)
    silent = Counter(dict.fromkeys(answer.journeys, 0))
    for (journey, _), number in result.not_sent.items():
        silent[journey] += number
    typer.echo()
    rows = [(name, result.entered[name], sent[name], silent[name]) for name in answer.journeys]
    print_table(("JOURNEY", "ENTERED", "MESSAGES", "NOT SENT"), rows)
    if result.sends:
        _tell_messages(answer.journeys, result.sends)
    if result.not_sent:
        typer.echo()
        print_table(
            ("JOURNEY", "WHY NOT SENT", "MESSAGES"),
            [(*key, n) for key, n in sorted(result.not_sent.items())],
        )
    if result.held_out:
        typer.echo(f"\n{count(result.held_out, 'message')} held out: the control group gets none")
    if result.mostly_refused_for_consent:
        typer.echo(
            "\nMost messages were refused for want of consent: a history seldom carries it. "
            "With --assume-consent "
            "whoever has not said no has said yes."
        )


def _tell_calls(answer: _Answer) -> None:
    result, history = answer.result, answer.history
    period = (
        f", {result.first:%Y-%m-%d} to {result.last:%Y-%m-%d}"
        if result.first and result.last
        else ""
    )
    speed = f"{answer.took_s:.1f} s, {result.events / answer.took_s:,.0f} calls a second"
    typer.echo(
        f"{count(result.events, 'call')} of {count(result.customers, 'customer')}{period} ({speed})"
    )
    later = len(history.calls) - result.events
    for number, what in (
        (history.duplicates, "duplicates left out"),
        (later, "calls from --until on left out"),
    ):
        if number:
            typer.echo(f"  {number:,} {what}")
    for reason, number in result.rejected.most_common():
        typer.echo(f"  {number:,} rejected: {reason}")


def _tell_messages(journeys: list[str], sends: list[Send]) -> None:
    steps = Counter((send.journey, send.step, send.channel, send.template) for send in sends)
    typer.echo()
    print_table(
        ("JOURNEY", "STEP", "CHANNEL", "TEMPLATE", "MESSAGES"),
        [(*key, n) for key, n in sorted(steps.items())],
    )
    months = Counter((f"{send.at:%Y-%m}", send.journey) for send in sends)
    shown = [name for name in journeys if any(journey == name for _, journey in months)]
    typer.echo()
    rows = [
        (
            month,
            *(months[month, name] for name in shown),
            sum(months[month, name] for name in shown),
        )
        for month in sorted({month for month, _ in months})
    ]
    print_table(("MONTH", *shown, "MESSAGES"), rows)


def _as_dict(answer: _Answer) -> dict[str, Any]:
    result = answer.result
    return {
        "calls": result.events,
        "customers": result.customers,
        "first": result.first,
        "last": result.last,
        "duplicates": answer.history.duplicates,
        "rejected": dict(result.rejected),
        "messages": len(result.sends),
        "held_out": result.held_out,
        "journeys": {name: _journey_as_dict(result, name) for name in answer.journeys},
        "seconds": round(answer.took_s, 3),
    }


def _journey_as_dict(result: BacktestResult, name: str) -> dict[str, Any]:
    sends = [send for send in result.sends if send.journey == name]
    return {
        "entered": result.entered[name],
        "messages": len(sends),
        "steps": dict(sorted(Counter(send.step for send in sends).items())),
        "months": dict(sorted(Counter(f"{send.at:%Y-%m}" for send in sends).items())),
        "not_sent": {
            reason: number
            for (journey, reason), number in result.not_sent.items()
            if journey == name
        },
    }
