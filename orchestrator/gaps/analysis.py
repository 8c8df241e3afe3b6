"""The gap analysis of a project: its programmes, its stages, and what is missing might bring."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from orchestrator.clock import SystemClock
from orchestrator.engine.last_tick import own_time
from orchestrator.gaps.covered import Coverage, InForce, State, judge_all
from orchestrator.gaps.unserved import StageServed, read_stages
from orchestrator.gaps.worth import Worth
from orchestrator.language.project import Project
from orchestrator.store import figures, settings
from orchestrator.store.database import Database


@dataclass(frozen=True, slots=True)
class Gaps:
    """`stages` are empty where no database was asked, `worth` where no history was."""

    coverage: tuple[Coverage, ...]
    stages: tuple[StageServed, ...] = ()
    worth: tuple[Worth, ...] = ()

    def count_states(self) -> Counter[State]:
        """How many programmes stand how."""
        return Counter(one.state for one in self.coverage)


def read_gaps(project: Project, database: Database) -> Gaps:
    """What runs, beside what is typical; and who is served."""
    with database.read() as transaction:
        held = settings.read_gates(transaction)[settings.JOURNEY]
        now = own_time(transaction, SystemClock().now())
        events = {*figures.count_events(transaction), *project.plan.events}
    in_force = InForce(project.journeys, now, held, events or None)
    stages = [stage.name for stage in project.lifecycle.stages]
    return Gaps(tuple(judge_all(in_force)), read_stages(database, stages, in_force))


def judge_files(project: Project) -> Gaps:
    """What the files alone say, where nothing has run yet."""
    in_force = InForce(project.journeys, SystemClock().now(), {}, project.plan.events or None)
    return Gaps(tuple(judge_all(in_force)))
