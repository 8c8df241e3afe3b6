"""The law before every message: the only place that decides whether one may leave.

It is asked when a message's step falls due, and again in the transaction that leases the message
for sending.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from orchestrator.domain import policy
from orchestrator.domain.account_news import heard_of_account, is_change
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event
from orchestrator.domain.journey import Goal, Journey, Occasion
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.never import first_that_holds
from orchestrator.domain.policy import Permission
from orchestrator.domain.program import Program
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.domain.release_answers import Go, Later, Leave, Release, Stay
from orchestrator.domain.state import CustomerState, Enrollment, Status
from orchestrator.domain.value_class import value_class
from orchestrator.domain.values import earlier
from orchestrator.domain.watches import INSIDE, SEGMENT, STAGE

#: Of an enrollment: so long a message waits for an address, or for a yes or no. Many a page says
#: `Signed Up` before it says who did.
FIRST_MINUTES = timedelta(minutes=5)
#: How long a rule of `[never]` holds a message back that time does not change: longer than any
#: lasts; and how soon it is asked again about one that is queued.
AT_MOST, ASKED_AGAIN = timedelta(days=3660), timedelta(hours=1)
_GO = Go()


@value_class
class Letter:
    """A message that wants to leave. `queued` where its step was passed already; an errand is for
    somebody else, on whose line the policy is asked."""

    enrollment: Enrollment
    medium: Medium
    purpose: Purpose
    topic: str
    queued: Queued | None = None
    is_errand: bool = False


@value_class
class Queued:
    """A message in the ledger. `since`: what happened to somebody whose journey ended with it, so
    that the time line did not look at exits any more."""

    expires_at: datetime | None
    since: Sequence[Event] = ()


def ask(program: Program, state: CustomerState, letter: Letter, now: datetime) -> Release:
    """Whether a message may leave now: goal, exits, `only_if`, consent, suppression, caps, quiet
    hours, mute. For the control group the rules of the journey are asked alone."""
    enrollment, queued = letter.enrollment, letter.queued
    journey = program.journey_of(enrollment.journey, enrollment.version)
    if queued is not None:
        if left := _left_before(journey, enrollment):
            return Stay.left_before(left)
        if queued.expires_at is not None and now > queued.expires_at:
            return Stay(Reason.OVERDUE, DecisionKind.EXPIRED)
    if journey is None:
        return Leave(Status.EXITED, Reason.JOURNEY_GONE)
    case = _Case(program, state, letter, now)
    leave = _reached_goal(case, journey.goal) or _forbidding_rule(case, journey)
    if leave is not None:
        return leave
    return _GO if enrollment.held_out or letter.is_errand else _ask_policy(case)


def lacks(program: Program, state: CustomerState, letter: Letter) -> Reason | None:
    """What somebody has not told yet and a message cannot leave without; None: nothing."""
    return policy.still_lacks(program.policy, state, letter.medium, letter.purpose, letter.topic)


@value_class
class _Case:
    program: Program
    state: CustomerState
    letter: Letter
    now: datetime


def _left_before(journey: Journey | None, enrollment: Enrollment) -> str:
    """Why the customer left the journey before this message; "" where they did not, or the journey
    ended with it."""
    if enrollment.status not in (Status.ACTIVE, Status.COMPLETED):
        return enrollment.reason or enrollment.status
    goal = journey.goal if journey else None
    reached = enrollment.converted_at is not None and goal is not None and goal.ends_journey
    return "goal" if reached else ""


def _reached_goal(case: _Case, goal: Goal | None) -> Leave | None:
    """The goal that lets the customer go, and is reached though no news of them say so: it is a
    condition that time makes true, or their journey ended with the message."""
    enrollment, queued = case.letter.enrollment, case.letter.queued
    if goal is None or not goal.ends_journey or not enrollment.entered_at < case.now:
        return None
    if enrollment.goal_until is not None and enrollment.goal_until < case.now:
        return None
    if goal.is_state:
        scope = case.program.scope(case.state, case.now, enrollment)
        value = goal.value.evaluate(scope) if goal.value else None
        return _converted(goal, value) if _holds(case, goal, None) else None
    if queued is None or enrollment.is_open or not _has_come(case, goal, queued.since):
        return None
    return _converted(goal)


def _converted(goal: Goal, value: object = None) -> Leave:
    return Leave(Status.CONVERTED, Reason.GOAL, {"rule": goal.reason}, value)


def _forbidding_rule(case: _Case, journey: Journey) -> Leave | None:
    """The exit that has come, or the `only_if` that does not hold; None when the customer may
    stay."""
    enrollment, queued = case.letter.enrollment, case.letter.queued
    if queued is not None and not enrollment.is_open:
        for rule in journey.exits:
            if not rule.is_state and _has_come(case, rule, queued.since):
                return Leave(Status.EXITED, Reason.EXIT, {"rule": rule.name})
    if journey.listens_for is not None and journey.only_if is None:
        return None
    scope = case.program.scope(case.state, case.now, enrollment)
    for rule in journey.exits:
        if rule.is_state and rule.condition is not None and rule.condition.test(scope):
            return Leave(Status.EXITED, Reason.EXIT, {"rule": rule.name})
    if journey.only_if is not None and not journey.only_if.test(scope):
        return Leave(Status.FILTERED, Reason.FILTERED, {"condition": journey.only_if.source})
    return None


def _has_come(case: _Case, rule: Occasion, since: Sequence[Event]) -> bool:
    """Whether an exit or goal by event or stage has come since the entry, to somebody whose journey
    ended."""
    enrollment, state = case.letter.enrollment, case.state
    entered = enrollment.entered_at
    if rule.of_account and _has_come_to_member(case, rule, since):
        return True
    if rule.event is not None:
        events = [e for e in since if e.starts and e.name == rule.event and e.at > entered]
        return any(_holds(case, rule, event) for event in events)
    if rule.segment is not None:
        known = state.segments.get(rule.segment)
        entered_since = known is not None and known.since is not None and known.since > entered
        is_inside = known is not None and known.answer == INSIDE
        return is_inside and entered_since and _holds(case, rule, None)
    entered_since = state.stage_since is not None and state.stage_since > entered
    return rule.stage == state.stage and entered_since and _holds(case, rule, None)


def _has_come_to_member(case: _Case, rule: Occasion, since: Sequence[Event]) -> bool:
    """The same of what happened to another member of the customer's account."""
    entered = case.letter.enrollment.entered_at
    heard = [one for one in heard_of_account(since) if one.at > entered]
    if rule.event is not None:
        return any(one.name == rule.event and _holds(case, rule, one) for one in heard)
    watch = (STAGE, rule.stage) if rule.stage is not None else (SEGMENT, rule.segment)
    return any(is_change(one, *watch) for one in heard)


def _holds(case: _Case, rule: Occasion, event: Event | None) -> bool:
    scope = case.program.scope(case.state, case.now, case.letter.enrollment, event)
    return rule.condition is None or rule.condition.test(scope)


def _ask_policy(case: _Case) -> Release:
    program, state, letter, now = case.program, case.state, case.letter, case.now
    verdict = policy.may_send(
        program.policy, state, letter.medium, letter.purpose, letter.topic, now
    )
    if verdict.answer is not Permission.DENY and (held := _held_by_never(case)) is not None:
        return held
    if verdict.answer is Permission.ALLOW:
        return _GO
    if verdict.answer is Permission.DEFER and verdict.until is not None:
        return Later(verdict.until, verdict.reason)
    reach_by = letter.enrollment.entered_at + FIRST_MINUTES
    is_new = letter.queued is None and now < reach_by
    if is_new and verdict.reason == lacks(program, state, letter):
        return Later(reach_by, verdict.reason, DecisionKind.WAITING)
    return Stay(verdict.reason, detail=verdict.detail)


def _held_by_never(case: _Case) -> Later | None:
    """The rule of `[never]` that holds marketing back, until time alone may change its answer. News
    of the customer are followed by who stands on the step; of a message that is queued already
    nobody hears them, so it is asked about each hour."""
    rules, letter = case.program.policy.never, case.letter
    if not rules or letter.purpose is not Purpose.MARKETING:
        return None
    scope = case.program.scope(case.state, case.now)
    rule = first_that_holds(rules, scope)
    if rule is None:
        return None
    longest = AT_MOST if letter.queued is None else ASKED_AGAIN
    until = earlier(case.now + longest, rule.next_change(scope, case.state))
    detail: Detail = {"condition": rule.condition.source}
    return Later(until or case.now, Reason.NEVER, detail=detail)
