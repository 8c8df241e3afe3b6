"""Whether a message may leave as far as its journey goes: goal, exits and `only_if`, asked again
before every message.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from orchestrator.domain.event import Event
from orchestrator.domain.journey import ExitRule
from orchestrator.domain.line import Line, Moment
from orchestrator.domain.passages import NOTHING, check_goal
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState, Enrollment, Status


def may_stay(moment: Moment) -> bool:
    """Asks goal and exits by condition and `only_if` before a message; whoever may not stay leaves
    here.
    """
    check_goal(moment, NOTHING)
    if moment.enrollment.is_open and (rule := forbidding_rule(moment)) is not None:
        moment.leave(*rule)
    return moment.enrollment.is_open


def forbidding_rule(moment: Moment) -> tuple[Status, str] | None:
    """The exit by condition that holds, or the `only_if` that does not; None when the customer may
    stay.
    """
    journey, scope = moment.journey, moment.scope()
    for rule in journey.exits:
        if rule.is_state and rule.condition is not None and rule.condition.test(scope):
            return Status.EXITED, rule.condition.source
    if journey.only_if is not None and not journey.only_if.test(scope):
        return Status.FILTERED, journey.only_if.source
    return None


def must_leave(
    program: Program,
    state: CustomerState,
    enrollment: Enrollment,
    now: datetime,
    *,
    since: Iterable[Event] = (),
) -> tuple[Status, str] | None:
    """The exit or `only_if` because of which a message that is about to leave stays, and its
    customer leaves the journey; None when there is none. `since`: what happened to somebody whose
    journey ended with the message, so that the time line did not look at exits any more."""
    journey = program.journey_of(enrollment.journey, enrollment.version)
    if journey is None:
        return Status.EXITED, "the journey no longer exists"
    moment = Line(program, state).moment(journey, enrollment, now)
    for rule in () if enrollment.is_open else journey.exits:
        if _has_come(moment, rule, since):
            return Status.EXITED, rule.event or rule.stage or ""
    return forbidding_rule(moment)


def _has_come(moment: Moment, rule: ExitRule, since: Iterable[Event]) -> bool:
    """Whether an exit by event or stage has come since the entry."""
    entered, state = moment.enrollment.entered_at, moment.state
    if rule.event is not None:
        events = [e for e in since if e.starts and e.name == rule.event and e.at > entered]
        return any(moment.holds(rule.condition, event) for event in events)
    entered_since = state.stage_since is not None and state.stage_since > entered
    stage = rule.stage is not None and rule.stage == state.stage and entered_since
    return stage and moment.holds(rule.condition)
