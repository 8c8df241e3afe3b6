"""What a step of a journey is, and what it may ask and do.

Every kind of step is a small class below one of four families: a message, a wait, a fork, an
action. A kind carries all its behaviour and its words; the time line knows none of them by name.
They stand in `domain.steps`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import ClassVar, Protocol, Unpack

from orchestrator.domain.effects import DecisionKind, Effect
from orchestrator.domain.event import Event
from orchestrator.domain.expression import Condition, Scope, Value
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.outlets import Outlets
from orchestrator.domain.policy import Policy
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.domain.release_answers import Release
from orchestrator.domain.state import CustomerState, Enrollment, Status


class StepMoment(Protocol):
    """One enrollment at one instant, as its step sees it. What follows counts from `base`."""

    enrollment: Enrollment
    now: datetime
    base: datetime

    # ------------------------------------------------------------ asking

    @property
    def state(self) -> CustomerState:
        """The customer."""
        ...

    @property
    def next_step(self) -> str | None:
        """The id of what follows the current step; None: the end, of the journey or of a pass."""
        ...

    @property
    def currency(self) -> str:
        """The project's."""
        ...

    @property
    def outlets(self) -> Outlets:
        """The servers that are told of what steps give."""
        ...

    @property
    def policy(self) -> Policy:
        """The project's rules about who may be written to."""
        ...

    @property
    def purpose(self) -> Purpose:
        """The journey's."""
        ...

    @property
    def topic(self) -> str:
        """What the journey's messages are about, for who unsubscribes."""
        ...

    @property
    def seen(self) -> CustomerState | None:
        """The customer as they are now, where the line keeps that; else None."""
        ...

    def scope(self, event: Event | None = None, at: datetime | None = None) -> Scope:
        """What an expression sees, now unless another instant is named."""
        ...

    def holds(self, condition: Condition | None, event: Event | None = None) -> bool:
        """Whether a rule's condition holds, with the event looked at."""
        ...

    def changes_with_time(self, value: Value) -> bool:
        """Whether time alone may give a value another answer."""
        ...

    def count_from(self, nominal: datetime) -> datetime:
        """From when delays behind a step count that was due then: from now where it ran late."""
        ...

    def draw_variant(self, step: str, shares: Sequence[tuple[str, float]]) -> str:
        """The variant of a split that this customer has, for good."""
        ...

    def draw(self, step: str) -> float:
        """A number in [0, 1): the same for the same enrollment, step and pass."""
        ...

    def make_code(self) -> str:
        """A coupon's code: the same for the same enrollment, step and pass."""
        ...

    def take_code(self, pool: str) -> str | None:
        """A code of a pool, which is nobody else's; None: there is none left."""
        ...

    def channel(self, medium: Medium, provider: str | None) -> ChannelName:
        """The channel by which a message leaves."""
        ...

    def ask(self, medium: Medium, *, is_errand: bool = False) -> Release:
        """Whether a message of this journey may leave now; of an errand its rules are asked alone,
        whose receiver is asked the rest."""
        ...

    def lacks(self, medium: Medium) -> Reason | None:
        """What somebody has not told yet and a message cannot leave without; None: nothing."""
        ...

    def is_copy(self, medium: Medium) -> bool:
        """Whether somebody who was called with the customer has a message at the same address; if
        not, the address is the customer's from now on."""
        ...

    def is_free(self, medium: Medium) -> bool:
        """Whether a message that was held back may leave, now that there is news of its customer;
        asked where rules of `[never]` hold messages back."""
        ...

    # ------------------------------------------------------------ telling

    def decide(
        self,
        kind: DecisionKind,
        reason: Reason = Reason.PLAIN,
        *,
        at: datetime | None = None,
        step: str | None = None,
        **detail: Unpack[Detail],
    ) -> None:
        """Writes a decision down: of now and of the step they stand on, unless another is named."""
        ...

    def add(self, effect: Effect) -> None:
        """Has something else happen."""
        ...

    def emit(self, event: Event, receiver: str | None) -> None:
        """Puts an event on this line at once, or on another customer's."""
        ...

    def log(self, event: Event) -> None:
        """Has an event that a step made be found in the customer's log; it is applied already."""
        ...

    def touch(self) -> None:
        """Says that the step changed the customer: this instant is looked at again."""
        ...

    # ------------------------------------------------------------ going on

    def go_on(self) -> None:
        """Leaves the current step for what follows it."""
        ...

    def enter_block(self, block: Sequence[Step]) -> None:
        """Goes into the steps inside the current one, or past it when there are none."""
        ...

    def arrive(self, step_id: str | None) -> None:
        """Puts somebody on a step; None: behind the last one."""
        ...

    def hold_until(
        self, due: datetime, kind: DecisionKind, reason: Reason, **detail: Unpack[Detail]
    ) -> None:
        """Keeps somebody on the current step until an instant, and tells why."""
        ...

    def move(self, due: datetime, why: Reason) -> None:
        """Gives a wait another end, which is told."""
        ...

    def leave(
        self,
        how: Status,
        reason: Reason,
        at: datetime | None = None,
        **detail: Unpack[Detail],
    ) -> None:
        """Ends the enrollment, now unless another instant is named."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """One way that somebody may go from a step, with the steps on it. Decisions name it by why it
    was gone, and which it is among those of that reason (an arm's number, a variant's name)."""

    words: str
    reason: Reason
    which: object = None
    steps: Sequence[Step] = ()


@dataclass(frozen=True, slots=True)
class Step(ABC):
    """One step. `word` is that of the language; the kind's class in YAML's spelling."""

    id: str

    word: ClassVar[str]
    takes_time: ClassVar[bool] = False  # somebody may stand on it for long
    sends: ClassVar[bool] = False  # a message: the law of `domain.release` is asked before it
    draws: ClassVar[bool] = False  # gives variants, which are kept
    grants: ClassVar[bool] = False  # gives coupons, which are kept
    loops: ClassVar[bool] = False  # behind the steps inside it comes itself again
    calls_out: ClassVar[bool] = False  # asks servers outside
    follows: ClassVar[bool] = False  # news of the customer may move who stands on it

    @property
    def blocks(self) -> tuple[tuple[Step, ...], ...]:
        """The lists of steps inside it, in written order."""
        return ()

    @property
    def ways(self) -> Sequence[Way]:
        """The ways of which a decision says that one is gone; none where the step has but one."""
        return ()

    @property
    def errand(self) -> Step | None:
        """The step as somebody else's line takes it, where it is about them (`domain.errands`)."""
        return None

    @property
    def label(self) -> str:
        """What it is called by people."""
        return self.word.replace("_", " ")

    @property
    def awaits(self) -> str:
        """The event that somebody waits for who stands on it; "" for none."""
        return ""

    @property
    def heeds_all_news(self) -> bool:
        """Whether news that say nothing it reads may move who stands on it."""
        return False

    @abstractmethod
    def words(self) -> str:
        """What it does, in a phrase: for the page of its journey, and for plans and diagrams."""

    # ------------------------------------------------------------ on the time line

    def due_at(self, moment: StepMoment, arrived: datetime) -> datetime:
        """When it falls due for somebody who reached it at `arrived`."""
        return arrived

    @abstractmethod
    def take(self, moment: StepMoment) -> None:
        """What it does when it is due."""

    def take_in(self, at: datetime) -> object:
        """What it knows of somebody who comes to stand inside it by an edit, as JSON types."""
        return None

    # most kinds neither hear nor follow anything
    def hear(self, moment: StepMoment, events: Sequence[Event]) -> None:  # noqa: B027
        """Events of an instant with one that it awaits, for somebody who stands on it."""

    def follow(self, moment: StepMoment) -> None:  # noqa: B027
        """News of the customer who stands on it: their traits, their consent, their zone."""

    # ------------------------------------------------------------ compared with an edited version

    def is_like(self, other: Step) -> bool:
        """Whether the other may be what an edit made of this one."""
        return type(self) is type(other)

    def waits_like(self, other: Step) -> bool:
        """Whether nothing that decides how long people stand on it differs."""
        return bool(content_of(self) == content_of(other))

    def pair_blocks(self, other: Step) -> list[tuple[tuple[Step, ...], tuple[Step, ...]]]:
        """The blocks inside this step and one of its kind that belong together."""
        return []


@dataclass(frozen=True, slots=True)
class Wait(Step):
    """Nothing happens until it is due."""

    takes_time = True


@dataclass(frozen=True, slots=True)
class Fork(Step):
    """One of several ways is chosen, and gone at once."""

    @property
    @abstractmethod
    def ways(self) -> Sequence[Way]:
        """All that may be chosen."""

    @abstractmethod
    def choose(self, moment: StepMoment) -> Sequence[Step]:
        """The steps of the way that is gone, and tells why; none of them: on behind the fork."""

    def take(self, moment: StepMoment) -> None:
        """Goes the way that is chosen."""
        moment.enter_block(self.choose(moment))

    def waits_like(self, other: Step) -> bool:
        """Nobody stands on it for longer than an instant."""
        return type(self) is type(other)


@dataclass(frozen=True, slots=True)
class Action(Step):
    """Something is done to or for the customer; to the control group it is not."""

    @abstractmethod
    def act(self, moment: StepMoment) -> None:
        """Does it, and tells so."""

    def take(self, moment: StepMoment) -> None:
        """Does it, unless they are held out."""
        if moment.enrollment.held_out:
            moment.decide(DecisionKind.HELD_OUT, action=self.word)
        else:
            self.act(moment)
        moment.go_on()


@dataclass(frozen=True, slots=True)
class ForkWay:
    """One way of a fork: it holds steps, and has no id."""


def walk_inside(step: Step) -> Iterator[Step]:
    """The steps inside a step, those inside them included."""
    for block in step.blocks:
        for inner in block:
            yield inner
            yield from walk_inside(inner)


def content_of(part: object) -> object:
    """A step, or a way of a fork, without the ids of itself and of what is inside."""
    if isinstance(part, tuple):
        return tuple(content_of(item) for item in part)
    if isinstance(part, Step | ForkWay):
        values = (getattr(part, one.name) for one in fields(part) if one.name != "id")
        return type(part), tuple(content_of(value) for value in values)
    return part
