"""A message whose step is due: it is queued, deferred, or not sent and the reason told."""

from __future__ import annotations

from datetime import datetime, timedelta

from orchestrator.domain import policy
from orchestrator.domain.effects import DecisionKind, QueueMessage
from orchestrator.domain.journey import Journey, Message
from orchestrator.domain.line import Line, Moment
from orchestrator.domain.message import Purpose
from orchestrator.domain.policy import Answer
from orchestrator.domain.release import may_stay
from orchestrator.domain.state import Enrollment, SentMessage

#: Of an enrollment: so long a message waits for an address, or for a yes or no.
FIRST_MINUTES = timedelta(minutes=5)


def send(moment: Moment, step: Message) -> None:
    """Asks everything that must hold before a message, then queues, defers or records why not.

    What follows counts from when the message was released; where it waited for its address only,
    from when it was due.
    """
    enrollment, now, line = moment.enrollment, moment.now, moment.line
    nominal = enrollment.arrived_at if _awaits_reach(enrollment) else enrollment.due_at
    moment.base = line.base(nominal or now, now)
    if not may_stay(moment):
        return
    if enrollment.held_out:
        moment.decide(DecisionKind.HELD_OUT, step.medium, template=step.template)
        moment.go_on()
        return
    journey = moment.journey
    verdict = policy.may_send(
        line.program.policy,
        line.state,
        step.medium,
        journey.purpose,
        journey.subscription_topic,
        now,
    )
    if verdict.answer is Answer.DEFER and verdict.until is not None:
        _defer(moment, step, verdict.until, verdict.reason)
        return
    if verdict.answer is Answer.DENY:
        reach_by = enrollment.entered_at + FIRST_MINUTES
        if now < reach_by and verdict.reason == _lacks(line, journey, step):
            # many a page says `Signed Up` before it says who did
            moment.hold_until(reach_by, DecisionKind.WAITING, verdict.reason)
            return
        moment.decide(DecisionKind.NOT_SENT, verdict.reason, template=step.template)
    else:
        _queue(moment, step)
    moment.go_on()


def _lacks(line: Line, journey: Journey, step: Message) -> str:
    """What somebody has not told yet and this message cannot leave without."""
    topic = journey.subscription_topic
    return policy.still_lacks(line.program.policy, line.state, step.medium, journey.purpose, topic)


def _awaits_reach(enrollment: Enrollment) -> bool:
    """Whether a message is held since its customer cannot be reached yet: it is due later than it
    was reached, and no policy deferred it."""
    arrived, due = enrollment.arrived_at, enrollment.due_at
    return (
        enrollment.deferred_since is None
        and arrived is not None
        and due is not None
        and due > arrived
    )


def release_reached(line: Line, now: datetime) -> None:
    """Has messages leave at the instant at which what they wait for is told."""
    for enrollment in filter(_awaits_reach, line.state.open_enrollments()):
        journey = line.program.journey_of(enrollment.journey, enrollment.version)
        step = journey.by_id.get(enrollment.step or "") if journey else None
        if journey is not None and isinstance(step, Message) and not _lacks(line, journey, step):
            enrollment.due_at, enrollment.changed = max(now, enrollment.arrived_at or now), True


def _queue(moment: Moment, step: Message) -> None:
    journey, enrollment, line, now = moment.journey, moment.enrollment, moment.line, moment.now
    marketing = journey.purpose is Purpose.MARKETING
    line.state.sent.append(SentMessage(now, step.medium, journey.id, step.template, marketing))
    moment.add(
        QueueMessage(
            now,
            enrollment,
            step,
            enrollment.pass_no,
            journey.purpose,
            journey.subscription_topic,
            dict(enrollment.variables),
            dict(enrollment.coupon) if enrollment.coupon else None,
            line.state.as_of_now() if line.options.keeps_customers else None,
        )
    )
    moment.decide(DecisionKind.QUEUED, step.medium, template=step.template)


def _defer(moment: Moment, step: Message, until: datetime, reason: str) -> None:
    """Holds the enrollment on the message until the next free instant, at most until the message
    expires.
    """
    enrollment = moment.enrollment
    since = enrollment.deferred_since or enrollment.due_at or moment.now
    deadline = since + step.expires
    if moment.now >= deadline:
        moment.decide(DecisionKind.EXPIRED, reason, template=step.template)
        moment.base = moment.now
        moment.go_on()
        return
    enrollment.deferred_since = since
    moment.hold_until(min(until, deadline), DecisionKind.DEFERRED, reason)
