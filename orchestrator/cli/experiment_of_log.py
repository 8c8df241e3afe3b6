"""`parcours experiment --events`: a log alone is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from orchestrator.cli.options import refused
from orchestrator.cli.output import end_with, print_answer, print_json
from orchestrator.domain.phrase import say
from orchestrator.domain.schedule import parse_duration
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.intake.history import read_history
from orchestrator.measure.experiments.judging import JudgedBy, judge
from orchestrator.measure.experiments.logged_tests import LogQuestion, read_tests
from orchestrator.measure.experiments.logged_told import as_plain, tell_log
from orchestrator.measure.experiments.verdict import Judged


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What is asked of a log; `experiment` is the only one wanted, if one is."""

    files: Sequence[Path]
    experiment: str | None
    exposure: str
    outcome: str
    value: str | None
    currency: str | None
    within: str | None
    shares: str | None


def judge_log(options: LogOptions, baseline: str | None, effect: float, *, as_json: bool) -> None:
    """Judges every experiment of the log, and prints what came of it."""
    with refused("--within", ValueError):
        within = parse_duration(options.within) if options.within else None
    currency = options.currency.upper() if options.currency else None
    question = LogQuestion(options.exposure, options.outcome, options.value, currency, within)
    shares = read_shares(options.shares) if options.shares else {}
    found = read_tests(read_history(options.files).calls, question)
    wanted = [one for one in found.experiments.values() if options.experiment in (None, one.id)]
    if not wanted:
        raise end_with(say("no '{event}' names an experiment", event=options.exposure))
    judged = [
        judge(
            one.id,
            one.count(shares, has_money=found.has_money),
            JudgedBy(baseline, effect, one.per_day),
        )
        for one in wanted
    ]
    require_baseline(baseline, judged)
    if as_json:
        print_json(as_plain(found, question, judged))
    else:
        print_answer(tell_log(found, judged))


def require_baseline(named: str | None, judged: Sequence[Judged]) -> None:
    """Raises BadParameter for a baseline that no experiment has."""
    known = list(dict.fromkeys(v.variation_id for one in judged for v in one.variations))
    if named is not None and named not in known:
        hint = did_you_mean(named, known) or f" ({', '.join(known)})"
        raise typer.BadParameter(f"there is no variation '{named}'{hint}", param_hint="--baseline")


def read_shares(text: str) -> dict[str, float]:
    """`A=90,B=10` as it is typed; raises BadParameter."""
    try:
        pairs = [pair.rpartition("=") for pair in text.split(",")]
        shares = {name.strip(): float(share.strip().rstrip("%")) for name, _, share in pairs}
    except ValueError:
        shares = {}
    if not shares or "" in shares or min(shares.values()) < 0 or not sum(shares.values()) > 0:
        raise typer.BadParameter("shares are written A=90,B=10", param_hint="--shares")
    return shares
