"""Which steps and ways of a journey its tests never reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orchestrator.domain.effects import Decision, DecisionKind, Effect
from orchestrator.domain.journey import Journey
from orchestrator.domain.reasons import Reason
from orchestrator.domain.step import Step
from orchestrator.domain.steps.waits import WaitFor
from orchestrator.domain.steps.ways import Branch, Split

#: A way as decisions name it: why it was gone, and which it is among those of that reason.
Taken = tuple[Reason, object]


@dataclass(frozen=True, slots=True)
class Gap:
    """A step that no test reaches; with `way`, one that is reached and never goes that way."""

    step: str
    way: str = ""


@dataclass(frozen=True, slots=True)
class _Way:
    told: str
    taken: Taken
    steps: Sequence[Step]


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
        ways = _ways(step)
        for way in ways:
            if (step.id, way.taken) in taken:
                yield from _gaps(way.steps, reached, taken)
            else:
                yield Gap(step.id, way.told)
        if not ways:
            for block in step.blocks:
                yield from _gaps(block, reached, taken)


def _ways(step: Step) -> list[_Way]:
    match step:
        case Branch():
            return list(_arms(step))
        case Split(variants=variants):
            return [
                _Way(f"variant {one.name}", (Reason.VARIANT, one.name), one.then)
                for one in variants
            ]
        case WaitFor(event=event):
            return [
                _Way(f"{event} comes", (Reason.CAME, None), step.then),
                _Way(f"no {event} comes in time", (Reason.TIMED_OUT, None), step.otherwise),
            ]
    return []


def _arms(branch: Branch) -> Iterator[_Way]:
    for number, arm in enumerate(branch.arms):
        if arm.condition is None:
            yield _Way("else", (Reason.ELSE, number), arm.then)
            return
        yield _Way(f"if {arm.condition.source}", (Reason.CONDITION, number), arm.then)
    yield _Way("none of its conditions holds", (Reason.NO_WAY, None), ())
