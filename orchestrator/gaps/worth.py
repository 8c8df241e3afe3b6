"""What a programme that is missing could be worth: its journeys replayed over real history."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.formatting import format_whole_span
from orchestrator.domain.journey import Journey
from orchestrator.domain.policy import Policy
from orchestrator.domain.reasons import Reason
from orchestrator.gaps.covered import Coverage, State
from orchestrator.intake.history import History
from orchestrator.language.program_building import build_program
from orchestrator.language.project import JOURNEYS, Project, load_project
from orchestrator.measure.trade.trade import MICROS, Trade, as_micros
from orchestrator.starter.copying import NoSuchStage, playbook_files
from orchestrator.starter.playbooks import PLAYBOOKS, Playbook
from orchestrator.trial.backtest import BacktestResult, backtest, choose, relax

SETTINGS = "parcours.toml"
WINDOW = timedelta(days=7)  # of a programme whose goal names none


@dataclass(frozen=True, slots=True)
class Worth:
    """A programme replayed: whom it would have written to, and the orders that they placed within
    `window` after its first message, each once, with their revenue by currency. Correlation: they
    may have ordered anyway. `assumed_consent`: of who had not said no, since the history hardly
    tells of any.
    """

    playbook: str
    people: int
    orders: int
    revenue: Mapping[str, int]  # in millionths of the currency's unit
    after: timedelta
    assumed_consent: bool

    @property
    def window(self) -> str:
        return format_whole_span(self.after)

    @property
    def told_revenue(self) -> str:
        """`1,204.50 EUR`."""
        sums = [f"{micros / MICROS:,.2f} {name}" for name, micros in sorted(self.revenue.items())]
        return ", ".join(sums)

    def as_plain(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "playbook": self.playbook, "people": self.people, "orders": self.orders,
            "revenue": {name: micros / MICROS for name, micros in sorted(self.revenue.items())},
            "within": self.window, "assumed_consent": self.assumed_consent,
        }  # fmt: skip


def weigh_missing(
    coverage: Sequence[Coverage], project: Project, history: History, trade: Trade
) -> Iterator[Worth]:
    """Each missing programme that is shipped, over a history and the trade that it tells of. One
    that names stages which the project lacks is left out.
    """
    for one in coverage:
        name = one.activity.playbook
        if one.state is State.MISSING and name:
            try:
                yield weigh(name, project, history, trade)
            except (NoSuchStage, ProjectInvalid):
                continue


def weigh(name: str, project: Project, history: History, trade: Trade) -> Worth:
    """One shipped programme; raises NoSuchStage, or ProjectInvalid, where the stages do not fit."""
    with tempfile.TemporaryDirectory() as folder:
        with_it = _project_with(PLAYBOOKS[name], project, Path(folder))
    journeys = choose(with_it.journeys, PLAYBOOKS[name].journeys)
    replayed = _replay(with_it, journeys, with_it.policy, history)
    if assumed := _refused_for_consent(replayed) > len(replayed.sends):
        policy = relax(with_it.policy, consent=True, caps=False, hours=False)
        replayed = _replay(with_it, journeys, policy, history)
    window = next((j.goal.within for j in journeys.values() if j.goal and j.goal.within), WINDOW)
    return _count_orders(name, replayed, trade, window, assumed)


def _project_with(playbook: Playbook, project: Project, folder: Path) -> Project:
    """The project with a programme's journeys beside its own; without a file of its own that has
    one's name."""
    shutil.copytree(project.root / JOURNEYS, folder / JOURNEYS)
    if (settings := project.root / SETTINGS).is_file():
        shutil.copy(settings, folder)
    stages = {stage.name for stage in project.lifecycle.stages} or None
    for path, text in playbook_files(playbook, [project.config.project.locale], stages).items():
        if path.startswith(JOURNEYS) and not (folder / path).exists():
            (folder / path).write_text(text, "utf-8")
    return load_project(folder, {}, need_templates=False)


def _replay(
    project: Project, journeys: Mapping[str, Journey], policy: Policy, history: History
) -> BacktestResult:
    return backtest(build_program(project, journeys=journeys, policy=policy), history)


def _refused_for_consent(replayed: BacktestResult) -> int:
    refused = replayed.not_sent.items()
    return sum(number for (_, reason), number in refused if reason == Reason.NO_CONSENT)


def _count_orders(
    name: str, replayed: BacktestResult, trade: Trade, window: timedelta, assumed: bool
) -> Worth:
    first = {send.user_id: as_micros(send.at) for send in reversed(replayed.sends)}
    until = round(window.total_seconds() * MICROS)
    orders, revenue = 0, Counter[str]()
    deals = trade.orders
    for who, at, micros, currency in zip(
        deals.who, deals.at, deals.micros, deals.currency, strict=True
    ):
        sent = first.get(trade.ids[who])
        if sent is not None and sent < at <= sent + until:
            orders += 1
            revenue[str(currency)] += int(micros)
    return Worth(name, len(first), orders, revenue, window, assumed)
