"""What each kind of step does when its instant has come. Called by the time line, one function a
kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, assert_never

from orchestrator.domain import assignment, effects, policy, waits
from orchestrator.domain.consent import topic_key
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.journey import (
    Branch,
    Coupon,
    Delay,
    Exit,
    Journey,
    Message,
    Mute,
    Offer,
    Receiver,
    Reward,
    SetVariables,
    Split,
    Step,
    Subscribe,
    Suppress,
    Task,
    Unsubscribe,
    UpdateTraits,
    WaitFor,
    WaitUntil,
)
from orchestrator.domain.message import Purpose
from orchestrator.domain.policy import Answer
from orchestrator.domain.state import Choice, Enrollment, SentMessage, Status
from orchestrator.domain.values import as_text

if TYPE_CHECKING:
    from orchestrator.domain.timeline import Line

FIRST_MINUTES = timedelta(
    minutes=5
)  # of an enrollment: so long a message waits for an address, or for a yes or no
#: The event that tells a customer's own journeys of a reward; its properties are the coupon's.
REWARD_GRANTED = "Reward Granted"


def take(
    line: Line, journey: Journey, enrollment: Enrollment, step: Step, now: datetime, base: datetime
) -> None:
    """Executes a due step at `now`; what follows is counted from `base`."""
    match step:
        case Message():
            send(line, journey, enrollment, step, now)
        case Delay():
            line.go_on(journey, enrollment, base)
        case WaitUntil():
            waits.end_wait(line, journey, enrollment, step, base)
        case WaitFor():
            line.decide(now, DecisionKind.BRANCHED, enrollment, "timed out", step.id)
            line.enter_block(journey, enrollment, step.otherwise, base)
        case Branch():
            _branch(line, journey, enrollment, step, now, base)
        case Split():
            _split(line, journey, enrollment, step, now, base)
        case Exit():
            line.leave(enrollment, Status.COMPLETED, "exit step", now)
        case SetVariables():
            _set_variables(line, enrollment, step, now)
            line.go_on(journey, enrollment, base)
        case _:
            if enrollment.held_out:
                line.decide(
                    now, DecisionKind.HELD_OUT, enrollment, type(step).__name__.lower(), step.id
                )
            else:
                _act(line, enrollment, step, now)
            line.go_on(journey, enrollment, base)


def _act(
    line: Line,
    enrollment: Enrollment,
    step: UpdateTraits | Coupon | Reward | Task | Subscribe | Unsubscribe | Suppress | Mute,
    now: datetime,
) -> None:
    match step:
        case UpdateTraits():
            _update_traits(line, enrollment, step, now)
        case Coupon():
            _grant(line, enrollment, step.id, step.offer, Receiver.CUSTOMER, now, is_reward=False)
        case Reward():
            _reward(line, enrollment, step, now)
        case Task():
            _make_task(line, enrollment, step, now)
        case Subscribe() | Unsubscribe():
            choice = Choice(isinstance(step, Subscribe), now, f"journey {enrollment.journey}")
            key = topic_key(step.topic)
            line.state.take_choice(key, choice)
            said = {"consent": {"topics": {step.topic: choice.granted}}}
            line.log(Event(now, Kind.IDENTIFY, "", said, own=True))
            _log_consent(line, enrollment, step.id, key, choice)
        case Suppress():
            line.state.suppressed["marketing"] = f"journey {enrollment.journey}"
            _log_consent(
                line,
                enrollment,
                step.id,
                "marketing",
                Choice(False, now, f"journey {enrollment.journey}"),
            )
        case Mute():
            until = max(now + step.span, line.state.muted_until or now)
            line.state.muted_until = until
            choice = Choice(False, now, f"journey {enrollment.journey}")
            _log_consent(line, enrollment, step.id, "mute", choice, until)
        case _:
            assert_never(step)


# ---------------------------------------------------------------- messages


def send(
    line: Line, journey: Journey, enrollment: Enrollment, step: Message, now: datetime
) -> None:
    """Asks everything that must hold before a message, then queues, defers or records why not.

    What follows counts from when the message was released; where it waited for its address only,
    from when it was due.
    """
    nominal = enrollment.arrived_at if _awaits_reach(enrollment) else enrollment.due_at
    base = line.base(nominal or now, now)
    if not line.may_stay(journey, enrollment, now):
        return
    if enrollment.held_out:
        line.decide(
            now, DecisionKind.HELD_OUT, enrollment, step.medium, step.id, template=step.template
        )
        line.go_on(journey, enrollment, base)
        return
    topic = journey.subscription_topic
    verdict = policy.may_send(
        line.program.policy, line.state, step.medium, journey.purpose, topic, now
    )
    if verdict.answer is Answer.DEFER and verdict.until is not None:
        _defer(line, journey, enrollment, step, now, verdict.until, verdict.reason)
        return
    if verdict.answer is Answer.DENY:
        if now < enrollment.entered_at + FIRST_MINUTES and verdict.reason == _lacks(
            line, journey, step
        ):
            _await_reach(line, enrollment, step, now, verdict.reason)
            return
        line.decide(
            now, DecisionKind.NOT_SENT, enrollment, verdict.reason, step.id, template=step.template
        )
    else:
        _queue(line, journey, enrollment, step, now)
    line.go_on(journey, enrollment, base)


def _lacks(line: Line, journey: Journey, step: Message) -> str:
    """What somebody has not told yet and this message cannot leave without."""
    topic = journey.subscription_topic
    return policy.still_lacks(line.program.policy, line.state, step.medium, journey.purpose, topic)


def _await_reach(
    line: Line, enrollment: Enrollment, step: Message, now: datetime, lacking: str
) -> None:
    """Holds somebody who has just entered on a message until they tell what it lacks: many a page
    says `Signed Up` before it says who did."""
    enrollment.due_at, enrollment.changed = enrollment.entered_at + FIRST_MINUTES, True
    line.decide(
        now, DecisionKind.WAITING, enrollment, lacking, step.id, until=enrollment.due_at.isoformat()
    )


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


def _queue(
    line: Line, journey: Journey, enrollment: Enrollment, step: Message, now: datetime
) -> None:
    marketing = journey.purpose is Purpose.MARKETING
    line.state.sent.append(SentMessage(now, step.medium, journey.id, step.template, marketing))
    line.effects.append(
        effects.QueueMessage(
            now,
            enrollment,
            step,
            enrollment.pass_no,
            journey.purpose,
            journey.subscription_topic,
            dict(enrollment.variables),
            dict(enrollment.coupon) if enrollment.coupon else None,
            line.state.as_of_now() if line.keep_moments else None,
        )
    )
    line.decide(now, DecisionKind.QUEUED, enrollment, step.medium, step.id, template=step.template)


def _defer(
    line: Line,
    journey: Journey,
    enrollment: Enrollment,
    step: Message,
    now: datetime,
    until: datetime,
    reason: str,
) -> None:
    """Holds the enrollment on the message until the next free instant, at most until the message
    expires.
    """
    since = enrollment.deferred_since or enrollment.due_at or now
    deadline = since + step.expires
    if now >= deadline:
        line.decide(now, DecisionKind.EXPIRED, enrollment, reason, step.id, template=step.template)
        line.go_on(journey, enrollment, now)
        return
    enrollment.deferred_since = since
    enrollment.due_at = min(until, deadline)
    enrollment.changed = True
    line.decide(
        now, DecisionKind.DEFERRED, enrollment, reason, step.id, until=enrollment.due_at.isoformat()
    )


# ---------------------------------------------------------------- waits, branches, splits


def _branch(
    line: Line,
    journey: Journey,
    enrollment: Enrollment,
    step: Branch,
    now: datetime,
    base: datetime,
) -> None:
    scope = line.scope(now, enrollment)
    for arm in step.arms:
        if arm.condition is None or arm.condition.test(scope):
            reason = arm.condition.source if arm.condition else "else"
            line.decide(now, DecisionKind.BRANCHED, enrollment, reason, step.id)
            line.enter_block(journey, enrollment, arm.then, base)
            return
    line.decide(now, DecisionKind.BRANCHED, enrollment, "no branch holds", step.id)
    line.go_on(journey, enrollment, base)


def _split(
    line: Line, journey: Journey, enrollment: Enrollment, step: Split, now: datetime, base: datetime
) -> None:
    blocks = {variant.name: variant.then for variant in step.variants}
    shares = [(variant.name, variant.share) for variant in step.variants]
    name = _assign(line, journey.id, step.id, shares, now)
    line.decide(now, DecisionKind.BRANCHED, enrollment, f"variant {name}", step.id)
    line.enter_block(journey, enrollment, blocks[name], base)


def _assign(
    line: Line, journey: str, step: str, shares: Sequence[tuple[str, float]], now: datetime
) -> str:
    """The variant this customer was given, kept while it exists; else a new one, which is
    stored.
    """
    name = line.state.assignments.get((journey, step))
    if name is None or name not in dict(shares):
        name = assignment.choose(shares, journey, step, line.state.external_id)
        line.state.assignments[journey, step] = name
        line.effects.append(effects.Assignment(now, journey, step, name))
    return name


def is_held_out(line: Line, percent: float, journey: str, now: datetime) -> bool:
    """Whether the customer belongs to the control group of a journey ("" is the global one): for
    good, while there is one."""
    if percent <= 0:
        return False
    groups = [(assignment.HELD_OUT, percent), (assignment.TREATED, 100 - percent)]
    return _assign(line, journey, assignment.HOLDOUT, groups, now) == assignment.HELD_OUT


# ---------------------------------------------------------------- variables and traits


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _set_variables(line: Line, enrollment: Enrollment, step: SetVariables, now: datetime) -> None:
    for name, value in step.values:
        enrollment.variables[name] = _json(value.evaluate(line.scope(now, enrollment)))
    enrollment.changed = True
    names = ", ".join(name for name, _ in step.values)
    line.decide(now, DecisionKind.CHANGED, enrollment, f"set {names}", step.id)


def _update_traits(line: Line, enrollment: Enrollment, step: UpdateTraits, now: datetime) -> None:
    scope = line.scope(now, enrollment)
    traits = {name: _json(value.evaluate(scope)) for name, value in step.values}
    line.state.take_traits(traits, now)
    line.log(Event(now, Kind.IDENTIFY, "", traits, own=True))
    line.touched = line.stage_touched = True
    names = ", ".join(name for name, _ in step.values)
    line.decide(now, DecisionKind.CHANGED, enrollment, f"update {names}", step.id)


def _log_consent(
    line: Line,
    enrollment: Enrollment,
    step: str,
    key: str,
    choice: Choice,
    until: datetime | None = None,
) -> None:
    line.touched = line.stage_touched = True
    line.effects.append(effects.ConsentChange(choice.at, key, choice, until))
    said = (
        f"{key}: {'yes' if choice.granted else 'no'}"
        if until is None
        else "no marketing for a while"
    )
    line.decide(choice.at, DecisionKind.CHANGED, enrollment, said, step)


# ---------------------------------------------------------------- coupons, rewards, tasks


def _reward(line: Line, enrollment: Enrollment, step: Reward, now: datetime) -> None:
    """A reward is given once per referred customer and role, and tells its receiver's own
    journeys.
    """
    referrer = line.state.traits.get("referred_by")
    if not isinstance(referrer, str) or not referrer or referrer == line.state.external_id:
        line.decide(now, DecisionKind.NOT_SENT, enrollment, "not referred by anybody", step.id)
    elif step.to in line.state.rewarded:
        line.decide(now, DecisionKind.NOT_SENT, enrollment, f"{step.to} already rewarded", step.id)
    else:
        line.state.rewarded.add(step.to)
        _grant(line, enrollment, step.id, step.offer, step.to, now, is_reward=True)


def _grant(
    line: Line,
    enrollment: Enrollment,
    step: str,
    offer: Offer,
    to: Receiver,
    now: datetime,
    *,
    is_reward: bool,
) -> None:
    state = line.state
    key = (
        f"{state.external_id}:{enrollment.journey}:{enrollment.number}:{step}:{enrollment.pass_no}"
    )
    coupon = _coupon(line, enrollment, offer, line.program.coupon_code(key), now)
    receiver = str(state.traits["referred_by"]) if to is Receiver.REFERRER else state.external_id
    if to is Receiver.CUSTOMER:
        enrollment.coupon = coupon
        enrollment.changed = True
        state.coupons[coupon["code"]] = coupon
    line.effects.append(
        effects.Grant(now, enrollment, step, to, receiver, coupon["code"], coupon, is_reward)
    )
    line.decide(
        now,
        DecisionKind.GRANTED,
        enrollment,
        f"{'reward' if is_reward else 'coupon'} for {to}",
        step,
    )
    if is_reward:
        event = Event(now, Kind.EMITTED, REWARD_GRANTED, {**coupon, "role": str(to)})
        line.emit(event, receiver if to is Receiver.REFERRER else None)


def _coupon(
    line: Line, enrollment: Enrollment, offer: Offer, code: str, now: datetime
) -> dict[str, Any]:
    scope = line.scope(now, enrollment)
    worth = {
        "percent": offer.percent.evaluate(scope) if offer.percent else None,
        "amount": offer.amount.evaluate(scope) if offer.amount else None,
        "currency": offer.currency or (line.program.currency if offer.amount else None),
        "minimum": offer.minimum,
        "products": list(offer.products) or None,
        "expires_at": (now + offer.expires).isoformat() if offer.expires else None,
    }
    return {"code": code, "redeemed": False} | {
        name: value for name, value in worth.items() if value is not None
    }


def _make_task(line: Line, enrollment: Enrollment, step: Task, now: datetime) -> None:
    note = as_text(step.note.evaluate(line.scope(now, enrollment))) if step.note else ""
    due = now + step.due if step.due is not None else None
    line.effects.append(
        effects.TaskMade(now, enrollment, step.id, step.type, note, step.assignee, due)
    )
    line.decide(now, DecisionKind.TASK, enrollment, step.type, step.id)
