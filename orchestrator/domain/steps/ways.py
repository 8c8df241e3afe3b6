"""Steps that choose a way, and the one that ends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.domain.alignment import align
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.expression import Condition
from orchestrator.domain.phrase import say
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import Status
from orchestrator.domain.step import Fork, ForkWay, Step, StepMoment, Way


@dataclass(frozen=True, slots=True)
class Arm(ForkWay):
    """One way of a branch; a condition of None is the `else`."""

    condition: Condition | None
    then: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Branch(Fork):
    """The first way whose condition holds."""

    arms: tuple[Arm, ...]

    word = "branch"

    @property
    def blocks(self) -> tuple[tuple[Step, ...], ...]:
        return tuple(arm.then for arm in self.arms)

    @property
    def ways(self) -> Sequence[Way]:
        ways: list[Way] = []
        for number, arm in enumerate(self.arms):
            if arm.condition is None:
                return [*ways, Way(say("else"), Reason.ELSE, number, arm.then)]
            asked = say("if {condition}", condition=arm.condition.source)
            ways.append(Way(asked, Reason.CONDITION, number, arm.then))
        return [*ways, Way(say("none of its conditions holds"), Reason.NO_WAY)]

    def words(self) -> str:
        """`2 ways`."""
        return say("{number} ways", number=len(self.arms))

    def choose(self, moment: StepMoment) -> Sequence[Step]:
        scope = moment.scope()
        for number, arm in enumerate(self.arms):
            condition = arm.condition
            if condition is None:
                moment.decide(DecisionKind.BRANCHED, Reason.ELSE, arm=number)
                return arm.then
            if condition.test(scope):
                way, source = Reason.CONDITION, condition.source
                moment.decide(DecisionKind.BRANCHED, way, condition=source, arm=number)
                return arm.then
        moment.decide(DecisionKind.BRANCHED, Reason.NO_WAY)
        return ()

    def pair_blocks(self, other: Step) -> list[tuple[tuple[Step, ...], tuple[Step, ...]]]:
        """Arms that ask the same, else the only one between two such."""
        if not isinstance(other, Branch):
            return []
        arms = align(self.arms, other.arms, _ask_the_same, _both_ask)
        return [(self.arms[i].then, other.arms[j].then) for i, j in arms.pairs.items()]


def _ask_the_same(old: Arm, new: Arm) -> bool:
    return old.condition == new.condition


def _both_ask(old: Arm, new: Arm) -> bool:
    return (old.condition is None) == (new.condition is None)


@dataclass(frozen=True, slots=True)
class Variant(ForkWay):
    """One way of a split."""

    name: str
    share: float  # percent
    then: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Split(Fork):
    """Each customer goes one way, for good: the shares are those of all who come."""

    variants: tuple[Variant, ...]

    word = "split"
    draws = True

    @property
    def blocks(self) -> tuple[tuple[Step, ...], ...]:
        return tuple(variant.then for variant in self.variants)

    @property
    def ways(self) -> Sequence[Way]:
        named = ((one.name, one.then) for one in self.variants)
        return [
            Way(say("variant {name}", name=name), Reason.VARIANT, name, steps)
            for name, steps in named
        ]

    def words(self) -> str:
        """`2 ways`."""
        return say("{number} ways", number=len(self.variants))

    def choose(self, moment: StepMoment) -> Sequence[Step]:
        ways = {variant.name: variant.then for variant in self.variants}
        shares = [(variant.name, variant.share) for variant in self.variants]
        name = moment.draw_variant(self.id, shares)
        moment.decide(DecisionKind.BRANCHED, Reason.VARIANT, variant=name)
        return ways[name]

    def pair_blocks(self, other: Step) -> list[tuple[tuple[Step, ...], tuple[Step, ...]]]:
        """Variants of one name, else the only one between two such."""
        if not isinstance(other, Split):
            return []
        old, new = self.variants, other.variants
        ways = align(old, new, lambda a, b: a.name == b.name, lambda a, b: True)
        return [(old[i].then, new[j].then) for i, j in ways.pairs.items()]


@dataclass(frozen=True, slots=True)
class Exit(Step):
    """The journey ends here."""

    word = "exit"

    def words(self) -> str:
        return say("the journey ends here")

    def take(self, moment: StepMoment) -> None:
        moment.leave(Status.COMPLETED, Reason.EXIT_STEP)
