"""`parcours experiment`: the splits and control groups of the project's journeys are judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestrator.cli.databases import opened
from orchestrator.cli.experiment_of_log import require_baseline
from orchestrator.cli.options import refused
from orchestrator.cli.output import end_with, print_answer, print_json
from orchestrator.cli.projects import load
from orchestrator.domain.answer import Part
from orchestrator.domain.phrase import say
from orchestrator.domain.schedule import parse_duration
from orchestrator.engine.last_tick import read_own_time
from orchestrator.measure.experiments.experiment_told import tell
from orchestrator.measure.experiments.judging import JudgedBy
from orchestrator.measure.experiments.kept_tests import KeptQuestion, KeptTests, read_kept_tests


@dataclass(frozen=True, slots=True)
class KeptOptions:
    """What is asked of the database."""

    which: str | None
    baseline: str | None
    effect: float
    within: str | None
    currency: str | None


def judge_kept(project: Path, asked: KeptOptions, *, as_json: bool) -> None:
    """Judges the experiments of a project, and prints what came of it."""
    loaded = load(project, need_templates=False)
    with refused("--within", ValueError):
        within = parse_duration(asked.within) if asked.within else None
    with opened(loaded.config, to_look=True) as database:
        question = KeptQuestion(
            loaded.journeys,
            loaded.config.holdout_global,
            loaded.config.project.currency,
            read_own_time(database),
            JudgedBy(asked.baseline, asked.effect),
            asked.which,
            within,
            asked.currency.upper() if asked.currency else None,
        )
        with database.read() as transaction:
            found = read_kept_tests(transaction, question)
    if not found.judged:
        what = asked.which or ""
        raise end_with(say("no journey has an experiment {what}", what=what).rstrip())
    require_baseline(asked.baseline, found.judged)
    if as_json:
        print_json(_as_plain(found))
    else:
        print_answer(_told(found))


def _as_plain(found: KeptTests) -> dict[str, object]:
    experiments = [
        {**asdict(one), "in_several_variations": found.in_several[one.experiment_id]}
        for one in found.judged
    ]
    return {"currency": found.currency, "experiments": experiments}


def _told(found: KeptTests) -> Iterator[Part]:
    for index, one in enumerate(found.judged):
        yield from [""] if index else []
        yield from tell(one, found.currency)
