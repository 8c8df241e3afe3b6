"""Which steps and ways of a journey its tests never reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orchestrator.domain.effects import Decision, DecisionKind, Effect
from orchestrator.domain.journey import Journey
from orchestrator.domain.reasons import Reason
from orchestrator.domain.step import Step

#: A way as decisions name it: why it was gone, and which it is among those of that reason.
Taken = tuple[Reason, object]


@dataclass(frozen=True, slots=True)
class Gap:
    """A step that no test reaches; with `way`, one that is reached and never goes that way."""

    step: str
    way: str = ""


def find_gaps(journey: Journey, effects: Iterable[Effect]) -> list[Gap]:
    """What lies inside a way that no test goes is not told again."""
    reached: set[str] = set()
    taken: set[tuple[str, Taken]] = set()
    for effect in effects:
        if (step := getattr(effect, "step", "")) in journey.by_id:
            reached.add(step)
        if isinstance(effect, Decision) and effect.kind is DecisionKind.BRANCHED:
            which = effect.detail.get("arm", effect.detail.get("variant"))
            taken.add((effect.step, (effect.reason, which)))
    return list(_gaps(journey.steps, reached, taken))


def _gaps(steps: Sequence[Step], reached: set[str], taken: set[tuple[str, Taken]]) -> Iterator[Gap]:
    last = max((at for at, step in enumerate(steps) if step.id in reached), default=-1)
    for at, step in enumerate(steps):
        if step.id not in reached:
            if at > last or not step.takes_time:  # a wait that is over at once decides nothing
                yield Gap(step.id)
            continue
        for way in step.ways:
            if (step.id, (way.reason, way.which)) in taken:
                yield from _gaps(way.steps, reached, taken)
            else:
                yield Gap(step.id, way.words)
        if not step.ways:
            for block in step.blocks:
                yield from _gaps(block, reached, taken)
