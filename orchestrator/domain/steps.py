"""What each kind of step does when its instant has come. Called by the time line, one function a
kind.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_never

from orchestrator.domain import effects
from orchestrator.domain.consent import topic_key
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.journey import (
    Branch,
    Coupon,
    Delay,
    Exit,
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
from orchestrator.domain.line import Moment
from orchestrator.domain.messages import send
from orchestrator.domain.state import Choice, Status
from orchestrator.domain.values import as_text
from orchestrator.domain.waits import end_wait

#: The event that tells a customer's own journeys of a reward; its properties are the coupon's.
REWARD_GRANTED = "Reward Granted"


def take(moment: Moment, step: Step) -> None:
    """Executes a due step."""
    match step:
        case Message():
            send(moment, step)
        case Delay():
            moment.go_on()
        case WaitUntil():
            end_wait(moment, step)
        case WaitFor():
            moment.decide(DecisionKind.BRANCHED, "timed out")
            moment.enter_block(step.otherwise)
        case Branch():
            _branch(moment, step)
        case Split():
            _split(moment, step)
        case Exit():
            moment.leave(Status.COMPLETED, "exit step")
        case SetVariables():
            _set_variables(moment, step)
            moment.go_on()
        case _:
            if moment.enrollment.held_out:
                moment.decide(DecisionKind.HELD_OUT, type(step).__name__.lower())
            else:
                _act(moment, step)
            moment.go_on()


def _act(
    moment: Moment,
    step: UpdateTraits | Coupon | Reward | Task | Subscribe | Unsubscribe | Suppress | Mute,
) -> None:
    match step:
        case UpdateTraits():
            _update_traits(moment, step)
        case Coupon():
            _grant(moment, step.offer, Receiver.CUSTOMER, is_reward=False)
        case Reward():
            _reward(moment, step)
        case Task():
            _make_task(moment, step)
        case Subscribe() | Unsubscribe():
            choice, key = _choose(moment, isinstance(step, Subscribe)), topic_key(step.topic)
            moment.state.take_choice(key, choice)
            said = {"consent": {"topics": {step.topic: choice.granted}}}
            moment.log(Event(moment.now, Kind.IDENTIFY, "", said, own=True))
            _log_consent(moment, key, choice)
        case Suppress():
            choice = _choose(moment, False)
            moment.state.suppressed["marketing"] = choice.source
            _log_consent(moment, "marketing", choice)
        case Mute():
            until = max(moment.now + step.span, moment.state.muted_until or moment.now)
            moment.state.muted_until = until
            _log_consent(moment, "mute", _choose(moment, False), until)
        case _:
            assert_never(step)


# ---------------------------------------------------------------- branches, splits


def _branch(moment: Moment, step: Branch) -> None:
    scope = moment.scope()
    for arm in step.arms:
        if arm.condition is None or arm.condition.test(scope):
            reason = arm.condition.source if arm.condition else "else"
            moment.decide(DecisionKind.BRANCHED, reason)
            moment.enter_block(arm.then)
            return
    moment.decide(DecisionKind.BRANCHED, "no branch holds")
    moment.go_on()


def _split(moment: Moment, step: Split) -> None:
    blocks = {variant.name: variant.then for variant in step.variants}
    shares = [(variant.name, variant.share) for variant in step.variants]
    name = moment.line.assign(moment.journey.id, step.id, shares, moment.now)
    moment.decide(DecisionKind.BRANCHED, f"variant {name}")
    moment.enter_block(blocks[name])


# ---------------------------------------------------------------- variables, traits, consent


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _set_variables(moment: Moment, step: SetVariables) -> None:
    for name, value in step.values:
        moment.enrollment.variables[name] = _json(value.evaluate(moment.scope()))
    moment.enrollment.changed = True
    names = ", ".join(name for name, _ in step.values)
    moment.decide(DecisionKind.CHANGED, f"set {names}")


def _update_traits(moment: Moment, step: UpdateTraits) -> None:
    scope = moment.scope()
    traits = {name: _json(value.evaluate(scope)) for name, value in step.values}
    moment.state.take_traits(traits, moment.now)
    moment.log(Event(moment.now, Kind.IDENTIFY, "", traits, own=True))
    moment.line.touch()
    names = ", ".join(name for name, _ in step.values)
    moment.decide(DecisionKind.CHANGED, f"update {names}")


def _choose(moment: Moment, granted: bool) -> Choice:
    return Choice(granted, moment.now, f"journey {moment.journey.id}")


def _log_consent(moment: Moment, key: str, choice: Choice, until: datetime | None = None) -> None:
    moment.line.touch()
    moment.add(effects.ConsentChange(choice.at, key, choice, until))
    said = f"{key}: {'yes' if choice.granted else 'no'}"
    moment.decide(DecisionKind.CHANGED, said if until is None else "no marketing for a while")


# ---------------------------------------------------------------- coupons, rewards, tasks


def _reward(moment: Moment, step: Reward) -> None:
    """A reward is given once per referred customer and role, and tells its receiver's own
    journeys.
    """
    state = moment.state
    referrer = state.traits.get("referred_by")
    if not isinstance(referrer, str) or not referrer or referrer == state.external_id:
        moment.decide(DecisionKind.NOT_SENT, "not referred by anybody")
    elif step.to in state.rewarded:
        moment.decide(DecisionKind.NOT_SENT, f"{step.to} already rewarded")
    else:
        state.rewarded.add(step.to)
        _grant(moment, step.offer, step.to, is_reward=True)


def _grant(moment: Moment, offer: Offer, to: Receiver, *, is_reward: bool) -> None:
    state, enrollment, step = moment.state, moment.enrollment, moment.enrollment.step or ""
    coupon = _coupon(moment, offer)
    receiver = str(state.traits["referred_by"]) if to is Receiver.REFERRER else state.external_id
    if to is Receiver.CUSTOMER:
        enrollment.coupon, enrollment.changed = coupon, True
        state.coupons[coupon["code"]] = coupon
    moment.add(
        effects.Grant(moment.now, enrollment, step, to, receiver, coupon["code"], coupon, is_reward)
    )
    moment.decide(DecisionKind.GRANTED, f"{'reward' if is_reward else 'coupon'} for {to}")
    if is_reward:
        event = Event(moment.now, Kind.EMITTED, REWARD_GRANTED, {**coupon, "role": str(to)})
        moment.emit(event, receiver if to is Receiver.REFERRER else None)


def _coupon(moment: Moment, offer: Offer) -> dict[str, Any]:
    enrollment, program, scope = moment.enrollment, moment.line.program, moment.scope()
    passage = f"{enrollment.journey}:{enrollment.number}:{enrollment.step}:{enrollment.pass_no}"
    code = program.coupon_code(f"{moment.state.external_id}:{passage}")
    worth = {
        "percent": offer.percent.evaluate(scope) if offer.percent else None,
        "amount": offer.amount.evaluate(scope) if offer.amount else None,
        "currency": offer.currency or (program.currency if offer.amount else None),
        "minimum": offer.minimum,
        "products": list(offer.products) or None,
        "expires_at": (moment.now + offer.expires).isoformat() if offer.expires else None,
    }
    return {"code": code, "redeemed": False} | {
        name: value for name, value in worth.items() if value is not None
    }


def _make_task(moment: Moment, step: Task) -> None:
    note = as_text(step.note.evaluate(moment.scope())) if step.note else ""
    due = moment.now + step.due if step.due is not None else None
    moment.add(
        effects.TaskMade(
            moment.now, moment.enrollment, step.id, step.type, note, step.assignee, due
        )
    )
    moment.decide(DecisionKind.TASK, step.type)
