"""Runs the `tests:` of a journey on a virtual clock: what was expected, what happened, and when.

A test holds one customer, their events at times counted from the start (and those of others, who
may be members of the same account), and the messages expected, completely and in order; coupons,
rewards, tasks, what is emitted or started, exits and messages not sent are checked where the test
names them. The journey runs alone, without its holdout, under the project's caps, quiet hours and
consent; schedules fire until the test's end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from orchestrator.domain.account import group_call
from orchestrator.domain.effects import (
    AudienceChange,
    Decision,
    DecisionKind,
    Effect,
    Emitted,
    Grant,
    OnsiteShown,
    TaskMade,
)
from orchestrator.domain.errands import is_errand
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.expression import Condition, ListOf, Scope
from orchestrator.domain.journey import Journey
from orchestrator.domain.journey_tests import Happening, JourneyTest
from orchestrator.domain.lifecycle import Lifecycle, Stage
from orchestrator.domain.medium import Medium
from orchestrator.domain.program import Program, invent_code
from orchestrator.domain.reasons import Reason
from orchestrator.domain.run_options import RunOptions
from orchestrator.domain.state import CustomerState, SentMessage
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.domain.together import run_together
from orchestrator.domain.uniting import Life, run_life
from orchestrator.domain.values import INSTANT, as_text
from orchestrator.domain.watches import SEGMENT
from orchestrator.trial.in_turn import alone_in_turn

MEDIA = tuple(str(medium) for medium in Medium)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The outcome of one test; `missing` was expected and did not happen, `surplus` happened and
    was not expected.
    """

    test: JourneyTest
    happened: tuple[Happening, ...]
    missing: tuple[Happening, ...]
    surplus: tuple[Happening, ...]
    effects: tuple[Effect, ...] = ()  # everything that was decided
    calls: tuple[Event, ...] = ()  # that were made

    @property
    def passed(self) -> bool:
        """Whether everything happened as expected."""
        return not self.missing and not self.surplus

    def __str__(self) -> str:
        lines = [f"{'ok' if self.passed else 'FAILED'}: {self.test.name}"]
        lines += [f"  expected, did not happen: {one}" for one in self.missing]
        lines += [f"  happened, not expected:   {one}" for one in self.surplus]
        if not self.passed:
            lines += [f"  what happened: {one}" for one in self.happened] or ["  nothing happened"]
        return "\n".join(lines)


def rehearse(program: Program, journey: Journey, test: JourneyTest) -> Rehearsal:
    """Runs one test of a journey."""
    lifecycle = (
        program.lifecycle if test.stage is None else _beginning_in(test.stage, program.lifecycle)
    )
    program = _with_one_journey(program, lifecycle, replace(journey, holdout=0.0, draft=False))
    options = RunOptions(
        pool_code=lambda pool, key: None if pool in test.empty_pools else invent_code(pool, key),
        business=test.business,
        appoint=alone_in_turn(),
    )
    end = test.start + test.until
    calls = _calls(test)
    life = Life(_customer(program, journey.id, test), calls, options=options)
    others = (_other(program, name, test, options) for name in test.others)
    done = run_together(program, [(one, end) for one in (life, *others)])
    effects = done[0]
    delivered = _deliver(program, test, options, effects)
    found = [*_happenings(effects, test), *_happenings(delivered, test)]
    happened = tuple(sorted(found, key=attrgetter("after")))
    named = {(one.what, one.after) for one in test.expect if one.what not in MEDIA}
    missing = [one for one in test.expect if one not in happened]
    surplus = [
        one
        for one in happened
        if one not in test.expect and (one.what in MEDIA or (one.what, one.after) in named)
    ]
    return Rehearsal(
        test, happened, tuple(missing), tuple(surplus), effects=tuple(effects), calls=tuple(calls)
    )


def _with_one_journey(program: Program, lifecycle: Lifecycle, journey: Journey) -> Program:
    """The program of a journey alone, without the project's control group."""
    return Program(
        lifecycle,
        {journey.id: journey},
        program.policy,
        program.zone,
        locale=program.locale,
        currency=program.currency,
        max_age=program.max_age,
    )


def _customer(program: Program, journey: str, test: JourneyTest) -> CustomerState:
    """Who the test is about, with what is given."""
    before = test.start - 2 * INSTANT
    state = CustomerState("test", program.lifecycle, program.zone, program.locale)
    if test.stage is not None:
        state.stage, state.stage_since, state.cursor = test.stage, before, before
        for watch in program.index.watches:
            if watch.kind == SEGMENT:
                watch.keep(state, watch.ask(program.scope(state, before)), before)
    state.assignments |= {(journey, step): name for step, name in test.variants.items()}
    state.sent += [
        SentMessage(test.start - sent.ago, sent.medium, sent.journey, sent.template, marketing=True)
        for sent in sorted(test.sent, key=lambda sent: sent.ago, reverse=True)
    ]
    return state


def _calls(test: JourneyTest) -> list[Event]:
    """The calls of a test: who the customer is, just before the start, then the events."""
    return [*_presented(test, test.customer), *test.events]


def _presented(test: JourneyTest, traits: Mapping[str, object]) -> list[Event]:
    """Who a customer is, and where they belong."""
    before = test.start - INSTANT
    calls = [Event(before, Kind.IDENTIFY, "", traits, arrival=-1)]
    return calls if test.account is None else [*calls, group_call(before, test.account, -1)]


def _other(program: Program, name: str, test: JourneyTest, options: RunOptions) -> Life:
    """Another customer of a test, with what they do."""
    state = CustomerState(name, program.lifecycle, program.zone, program.locale)
    done = [event for who, event in test.events_of_others if who == name]
    return Life(state, [*_presented(test, test.others[name]), *done], options=options)


def _deliver(
    program: Program, test: JourneyTest, options: RunOptions, effects: Sequence[Effect]
) -> list[Effect]:
    """What becomes of messages to others whom the test names: each is asked on their own line."""
    found: list[Effect] = []
    for name in test.others:
        sent = [
            one.event
            for one in effects
            if isinstance(one, Emitted) and one.receiver == name and is_errand(one.event.name)
        ]
        if sent:
            life = _other(program, name, test, options)
            life.events = [*life.events, *sent]
            found += filter(_is_of_errand, run_life(program, life, test.start + test.until))
    return found


def _is_of_errand(effect: Effect) -> bool:
    """Whether it says that the message of an errand leaves, or why it does not."""
    match effect:
        case QueueMessage(enrollment=enrollment):
            return is_errand(enrollment.journey)
        case Decision(journey=journey, kind=DecisionKind.NOT_SENT | DecisionKind.EXPIRED):
            return is_errand(journey)
    return False


def _beginning_in(given: str, lifecycle: Lifecycle) -> Lifecycle:
    """The lifecycle of a customer who is in a stage though the rules, of whom the test tells too
    little, say another: the given stage holds until the rules say something else than at the
    beginning."""
    first: list[str | None] = []

    def holds(scope: Scope) -> bool:
        said = next((stage.name for stage in lifecycle.stages if stage.condition.test(scope)), None)
        if not first:
            first.append(said)
        return said == first[0]

    candidates = tuple(one for stage in lifecycle.stages for one in stage.candidates)
    reads = ListOf(tuple(stage.condition.tree for stage in lifecycle.stages))
    beginning = Stage(given, Condition("given by the test", reads, holds), candidates)
    return replace(lifecycle, stages=(beginning, *lifecycle.stages), by_name={})


def _happenings(effects: Sequence[Effect], test: JourneyTest) -> Iterator[Happening]:
    start, receiver = test.start, None
    for effect in effects:
        match effect:
            case Emitted():
                receiver = effect.receiver
            case Decision(reason=Reason.WRITES) if receiver in test.others:
                pass  # it is asked on their own line
            case QueueMessage(at, _, step):
                yield Happening(at - start, str(step.medium), step.template)
            case Grant(at=at, is_reward=True, to=to):
                yield Happening(at - start, "reward", str(to))
            case Grant(at=at, coupon=coupon):
                yield Happening(at - start, "coupon", as_text(_worth(coupon)))
            case AudienceChange(at=at, audience=name):
                yield Happening(at - start, "audience", name)
            case OnsiteShown(at=at, slot=slot):
                yield Happening(at - start, "onsite", slot)
            case TaskMade(at=at, type=kind):
                yield Happening(at - start, "task", kind)
            case Decision(at=at, reason=Reason.WRITES, detail=detail):
                yield Happening(at - start, detail["medium"], detail["template"])
            case Decision(at=at, reason=Reason.EMITS, detail=detail):
                yield Happening(at - start, "emit", detail["event"])
            case Decision(at=at, reason=Reason.STARTS, detail=detail):
                yield Happening(at - start, "start", detail["to"])
            case Decision(at=at, kind=DecisionKind.NOT_DONE):
                yield Happening(at - start, "not_done", effect.brief)
            case Decision(at=at, kind=DecisionKind.NOT_GRANTED, detail=detail):
                yield Happening(at - start, "not_granted", detail["pool"])
            case Decision(at=at, kind=DecisionKind.NOT_SENT):
                yield Happening(at - start, "not_sent", effect.brief)
            case Decision(at=at, kind=DecisionKind.EXPIRED):
                yield Happening(at - start, "not_sent", "expired")
            case Decision(at=at, kind=DecisionKind.LEFT):
                yield Happening(at - start, "exit", effect.brief)


def _worth(coupon: Mapping[str, object]) -> object:
    """By which a test names a coupon: its percent, else its amount, else the pool of its code."""
    return next((coupon[name] for name in ("percent", "amount", "pool") if name in coupon), "")
