"""A journey as the engine knows it: triggers, rules and steps, parsed and checked.

Made by `orchestrator.language`; immutable. A customer's place in it is kept by step id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from orchestrator.domain.cron import Cron
from orchestrator.domain.expression import Condition, Value
from orchestrator.domain.message import Medium, Purpose

# ---------------------------------------------------------------- triggers and rules


@dataclass(frozen=True, slots=True)
class EventTrigger:
    event: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class StageTrigger:
    """Entering a stage; `came_from` narrows it to those who were in that stage before."""

    stage: str
    came_from: str | None = None
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class ScheduleTrigger:
    """At every instant of a cron, for everybody in a segment (None: everybody)."""

    cron: Cron
    segment: str | None = None
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class ManualTrigger:
    """Only by the command line or the API."""

    condition: Condition | None = None


Trigger = EventTrigger | StageTrigger | ScheduleTrigger | ManualTrigger


@dataclass(frozen=True, slots=True)
class Occasion:
    """What may happen to somebody inside: an `event` (with optional condition), a `stage`, or a
    condition alone.
    """

    event: str | None = None
    stage: str | None = None
    condition: Condition | None = None

    @property
    def name(self) -> str:
        """What it is told by: the event, the stage, or the condition as written."""
        return self.event or self.stage or (self.condition.source if self.condition else "")

    @property
    def is_state(self) -> bool:
        """Whether it waits for no event or stage: a condition alone."""
        return self.event is None and self.stage is None


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


class Reentry(StrEnum):
    NEVER = "never"
    ALWAYS = "always"


class OnRepeat(StrEnum):
    IGNORE = "ignore"
    RESTART = "restart"


class OnChange(StrEnum):
    FOLLOW = "follow"
    PIN = "pin"


class IfPast(StrEnum):
    """What a wait does whose date is past, or is none."""

    CONTINUE = "continue"
    SKIP = "skip"
    EXIT = "exit"


class Receiver(StrEnum):
    CUSTOMER = "customer"
    REFERRER = "referrer"


# ---------------------------------------------------------------- steps


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    medium: Medium
    template: str
    subject: str | None = None  # Jinja2 text, overrides the template's
    sender: str | None = None  # YAML: from
    reply_to: str | None = None
    provider: str | None = None
    expires: timedelta = timedelta(days=3)
    resend_uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    id: str
    duration: timedelta


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Wall-clock time in a zone (None: the customer's), on a weekday (0 = Monday), or around a
    date of the customer.
    """

    id: str
    clock: time | None = None
    days: frozenset[int] = frozenset()
    timezone: str | None = None
    date: Value | None = None
    offset: timedelta = timedelta(0)
    if_past: IfPast = IfPast.CONTINUE
    if_missing: IfPast = IfPast.SKIP  # also where it cannot be read


@dataclass(frozen=True, slots=True)
class WaitFor:
    """The event or the time-out, whichever comes first."""

    id: str
    event: str
    within: timedelta
    condition: Condition | None = None
    save_as: str | None = None
    then: tuple[Step, ...] = ()
    otherwise: tuple[Step, ...] = ()  # YAML: else


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of a branch; a condition of None is the `else`."""

    condition: Condition | None
    then: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    id: str
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    name: str
    share: float  # percent
    then: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Split:
    id: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class SetVariables:
    """Variables of this enrollment. YAML: set."""

    id: str
    values: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class UpdateTraits:
    """Traits of the customer. YAML: update."""

    id: str
    values: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a coupon or reward is worth: exactly one of percent and amount."""

    percent: Value | None = None
    amount: Value | None = None
    currency: str | None = None
    minimum: float | None = None
    products: tuple[str, ...] = ()
    expires: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Coupon:
    id: str
    offer: Offer


@dataclass(frozen=True, slots=True)
class Reward:
    """A coupon for the customer or for who referred them, given once per referred customer."""

    id: str
    to: Receiver
    offer: Offer


@dataclass(frozen=True, slots=True)
class Task:
    """A to-do for a person."""

    id: str
    type: str  # call, letter, visit
    note: Value | None = None
    assignee: str | None = None
    due: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Subscribe:
    id: str
    topic: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    id: str
    topic: str


@dataclass(frozen=True, slots=True)
class Suppress:
    """No more marketing at all."""

    id: str


@dataclass(frozen=True, slots=True)
class Mute:
    """No marketing for a while."""

    id: str
    span: timedelta


@dataclass(frozen=True, slots=True)
class Exit:
    id: str


Step = (
    Message
    | Delay
    | WaitUntil
    | WaitFor
    | Branch
    | Split
    | SetVariables
    | UpdateTraits
    | Coupon
    | Reward
    | Task
    | Subscribe
    | Unsubscribe
    | Suppress
    | Mute
    | Exit
)


def child_blocks(step: Step) -> tuple[tuple[Step, ...], ...]:
    """The lists of steps inside a step, in written order."""
    match step:
        case WaitFor():
            return step.then, step.otherwise
        case Branch():
            return tuple(arm.then for arm in step.arms)
        case Split():
            return tuple(variant.then for variant in step.variants)
    return ()


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
    reentry: Reentry | timedelta = Reentry.NEVER
    on_repeat: OnRepeat = OnRepeat.IGNORE
    exits: tuple[ExitRule, ...] = ()
    goal: Goal | None = None
    holdout: float = 0.0  # percent
    on_change: OnChange = OnChange.FOLLOW
    moved: tuple[tuple[str, str], ...] = ()  # old step id → new step id
    given_ids: frozenset[str] = (
        frozenset()
    )  # of steps that the author named; the other ids are derived
    version: str = ""  # hash of the normalised YAML
    source: str = ""  # the YAML text, kept so that pinned people can finish it
    by_id: dict[str, Step] = field(init=False, default_factory=dict, compare=False)
    following: dict[str, str | None] = field(init=False, default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        _thread(self.steps, None, self.by_id, self.following)

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
            if isinstance(step, Delay | WaitUntil | WaitFor):
                found.add(step.id)
                continue
            coming += [
                self.following.get(step.id),
                *(block[0].id for block in child_blocks(step) if block),
            ]
        return frozenset(found)

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
        for block in child_blocks(step):
            _thread(block, following[step.id], by_id, following)
