"""`parcours backtest`: real history through the journeys, on a virtual clock."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import AsJson, ProjectFolder, read_instant, refused
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load
from orchestrator.domain.formatting import count
from orchestrator.intake.history import read_history
from orchestrator.language.program_building import build_program
from orchestrator.trial import backtest as trial
from orchestrator.trial.backtest_summary import Replayed, as_data, summarize

STDOUT = Path("-")
_ONE_OF_TWO = "takes the CSV or the JSON, not both"

Events = Annotated[
    list[Path],
    typer.Argument(
        metavar="EVENTS", help="Calls as JSON lines, plain or gzip.", exists=True, dir_okay=False
    ),
]
Journeys = Annotated[
    list[str] | None,
    typer.Option("--journey", metavar="ID", help="Only this journey; may be repeated."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="ISO", help="The end, exclusive.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="Write every message as CSV; - writes it to stdout."
    ),
]
AssumeConsent = Annotated[
    bool, typer.Option("--assume-consent", help="Whoever has not said no has said yes.")
]
NoCaps = Annotated[bool, typer.Option("--no-caps", help="Without frequency caps.")]
NoQuietHours = Annotated[bool, typer.Option("--no-quiet-hours", help="Without quiet hours.")]


def backtest(
    events: Events,
    *,
    journey: Journeys = None,
    until: Until = None,
    out: Out = None,
    assume_consent: AssumeConsent = False,
    no_caps: NoCaps = False,
    no_quiet_hours: NoQuietHours = False,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Replay real history through the journeys.

    Says who would have had which message, and when, by the rules of parcours.toml. Nothing is sent
    and nothing stored.
    """
    if as_json and out == STDOUT:
        raise typer.BadParameter(f"standard output {_ONE_OF_TWO}", param_hint="--out")
    if out is not None and not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
    began_s = time.monotonic()
    loaded = load(project, need_templates=False)
    policy = trial.relax(loaded.policy, consent=assume_consent, caps=no_caps, hours=no_quiet_hours)
    with refused("--journey", trial.UnknownJourney):
        journeys = trial.choose(loaded.journeys, journey or [])
    end = None if until is None else read_instant(until)
    program, history = build_program(loaded, journeys=journeys, policy=policy), read_history(events)
    result = trial.backtest(program, history, end)
    if out == STDOUT:
        trial.write_sends(result.sends, sys.stdout)
    elif out is not None:
        with refused("--out", trial.NotWritten):
            trial.write_file(result.sends, out)
    _answer(Replayed(journeys, history, result, time.monotonic() - began_s), out, as_json)
    if result.rejected and not result.events:
        raise typer.Exit(1)


def _answer(replayed: Replayed, out: Path | None, as_json: bool) -> None:
    if as_json:
        print_json(as_data(replayed))
        return
    # The CSV may go into a pipe: then the summary must not.
    with redirect_stdout(sys.stderr) if out == STDOUT else nullcontext():
        print_answer(summarize(replayed))
    if out not in (None, STDOUT):
        typer.echo(f"\n{count(len(replayed.result.sends), 'message')} written to {out}")
