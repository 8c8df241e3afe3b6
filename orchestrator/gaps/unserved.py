"""The customers of each stage, and those whom no journey serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.gaps.covered import InForce, is_active
from orchestrator.gaps.recognition import stages_of
from orchestrator.store.database import Database
from orchestrator.store.served_stages import count_served


@dataclass(frozen=True, slots=True)
class StageServed:
    """A stage of the project: the active journeys that are for it (they serve it or begin at it),
    its customers now, and those of them who have been inside none of these journeys since they came
    to the stage.
    """

    stage: str
    journeys: tuple[str, ...]
    customers: int
    unserved: int


def read_stages(
    database: Database, stages: Sequence[str], in_force: InForce
) -> tuple[StageServed, ...]:
    """Every stage, in the order given."""
    serving = serving_journeys(stages, in_force)
    with database.read() as transaction:
        counted = count_served(transaction, serving)
    return tuple(
        StageServed(stage, serving[stage], people, people - served)
        for stage in stages
        for people, served in [counted.get(stage, (0, 0))]
    )


def serving_journeys(stages: Sequence[str], in_force: InForce) -> Mapping[str, tuple[str, ...]]:
    """The active journeys that are for each stage."""
    active = [one for one in in_force.journeys.values() if is_active(one, in_force)]
    return {stage: tuple(one.id for one in active if stage in stages_of(one)) for stage in stages}
