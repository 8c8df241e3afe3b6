"""A journey as the engine knows it: triggers (`domain.triggers`), rules and steps (`domain.steps`),
parsed and checked.

Made by `orchestrator.language`; immutable. A customer's place in it is kept by step id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from orchestrator.domain.expression import Condition, Value
from orchestrator.domain.message import Purpose
from orchestrator.domain.pace import EntryPace
from orchestrator.domain.step import Step, walk_inside
from orchestrator.domain.triggers import Trigger

# ---------------------------------------------------------------- rules


@dataclass(frozen=True, slots=True)
class Occasion:
    """What may happen to somebody inside: an `event` (with optional condition), a `stage` or a
    `segment` that they enter, or a condition alone.
    """

    event: str | None = None
    stage: str | None = None
    condition: Condition | None = None
    segment: str | None = field(default=None, kw_only=True)
    of_account: bool = field(default=False, kw_only=True)  # it may happen to any member as well

    @property
    def name(self) -> str:
        """What it is told by: the event, the stage, the segment, or the condition as written."""
        return (
            self.event
            or self.stage
            or self.segment
            or (self.condition.source if self.condition else "")
        )

    @property
    def is_state(self) -> bool:
        """Whether it waits for no event, stage or segment: a condition alone."""
        return self.event is None and self.stage is None and self.segment is None


@dataclass(frozen=True, slots=True)
class ExitRule(Occasion):
    """Leaves the journey."""


@dataclass(frozen=True, slots=True)
class Goal(Occasion):
    """What the journey is for. `within` counts from the entry, inclusive, also after the journey
    ended.
    """

    within: timedelta | None = None  # None: counted while inside the journey
    value: Value | None = None
    ends_journey: bool = True

    @property
    def reason(self) -> str:
        """What a conversion is told by."""
        return self.event or self.stage or self.segment or "goal"


class Reentry(StrEnum):
    NEVER = "never"
    ALWAYS = "always"


class OnRepeat(StrEnum):
    IGNORE = "ignore"
    RESTART = "restart"


class OnChange(StrEnum):
    FOLLOW = "follow"
    PIN = "pin"


# ---------------------------------------------------------------- the journey


@dataclass(frozen=True, slots=True)
class Journey:
    """One journey. From `steps` derive `by_id` and `following` (step id → id of what comes after
    it, None: the end).
    """

    id: str
    title: str
    triggers: tuple[Trigger, ...]
    steps: tuple[Step, ...]
    description: str = ""
    serves: str | None = None
    purpose: Purpose = Purpose.MARKETING
    topic: str = ""  # "" means the journey's id
    priority: int = 50
    only_if: Condition | None = None
    one_per: Value | None = None  # a passage for each of its values; None: one per customer
    pace: EntryPace | None = None  # of those whom an instant calls; None: all enter at once
    one_per_account: bool = False  # while a member of the account is inside, no other enters
    reentry: Reentry | timedelta = Reentry.NEVER
    on_repeat: OnRepeat = OnRepeat.IGNORE
    exits: tuple[ExitRule, ...] = ()
    goal: Goal | None = None
    holdout: float = 0.0  # percent
    draft: bool = False  # checked and tried out, and entered by nobody
    ends_at: datetime | None = None  # from this instant on nobody enters
    on_change: OnChange = OnChange.FOLLOW
    moved: tuple[tuple[str, str], ...] = ()  # old step id → new step id
    given_ids: frozenset[str] = (
        frozenset()
    )  # of steps that the author named; the other ids are derived
    version: str = ""  # hash of the normalised YAML
    source: str = ""  # the YAML text, kept so that pinned people can finish it
    by_id: dict[str, Step] = field(init=False, default_factory=dict, compare=False)
    following: dict[str, str | None] = field(init=False, default_factory=dict, compare=False)
    # the events that its goal and exits wait for; None where one is asked at any news
    listens_for: frozenset[str] | None = field(init=False, default=None, compare=False)

    def __post_init__(self) -> None:
        _thread(self.steps, None, self.by_id, self.following)
        rules = [*self.exits, *([] if self.goal is None else [self.goal])]
        names = [rule.event for rule in rules if rule.event is not None]
        if len(names) == len(rules):
            object.__setattr__(self, "listens_for", frozenset(names))

    def has_ended(self, at: datetime) -> bool:
        """Whether nobody enters any more at an instant."""
        return self.ends_at is not None and at >= self.ends_at

    @property
    def subscription_topic(self) -> str:
        """What a customer unsubscribes from."""
        return self.topic or self.id

    @property
    def first_step(self) -> str | None:
        """The id of the first step; None for a journey without steps."""
        return self.steps[0].id if self.steps else None

    def walk_steps(self) -> Iterator[Step]:
        """Every step, in written order, those inside others included."""
        return iter(self.by_id.values())

    def waits_behind(self, step_id: str) -> frozenset[str]:
        """The waits that may be the next after a step: nothing but steps that take no time lies
        between.
        """
        found: set[str] = set()
        seen: set[str | None] = {None}
        coming = [self.following.get(step_id)]
        while coming:
            if (name := coming.pop()) in seen:
                continue
            seen.add(name)
            step = self.by_id[name or ""]
            if step.takes_time:
                found.add(step.id)
            if step.loops or not step.takes_time:
                inside = (block[0].id for block in step.blocks if block)
                coming += [self.following.get(step.id), *inside]
        return frozenset(found)

    def loops_around(self, step_id: str | None) -> frozenset[str]:
        """The ids of the steps that make passes, one of which a step is in."""
        loops = (step for step in self.by_id.values() if step.loops)
        return frozenset(
            loop.id for loop in loops if any(step.id == step_id for step in walk_inside(loop))
        )

    def moved_to(self, step_id: str) -> str:
        """Where people on a step that was renamed or removed stand now."""
        return dict(self.moved).get(step_id, step_id)


def _thread(
    steps: tuple[Step, ...],
    after: str | None,
    by_id: dict[str, Step],
    following: dict[str, str | None],
) -> None:
    for position, step in enumerate(steps):
        by_id[step.id] = step
        following[step.id] = steps[position + 1].id if position + 1 < len(steps) else after
        behind = step.id if step.loops else following[step.id]
        for block in step.blocks:
            _thread(block, behind, by_id, following)
