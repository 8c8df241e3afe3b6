"""Steps that give somebody something: a coupon, a reward."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from orchestrator.domain.effects import DecisionKind, Grant, Receiver
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.expression import Value
from orchestrator.domain.formatting import format_whole_span
from orchestrator.domain.reasons import Reason
from orchestrator.domain.step import Action, StepMoment
from orchestrator.domain.steps.webhook import tell

#: By which the shop's own server is told of a code.
COUPON_GRANTED = "Coupon Granted"
#: The event that tells a customer's own journeys of a reward; its properties are the coupon's.
REWARD_GRANTED = "Reward Granted"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a coupon or reward is worth: one of percent and amount. With codes of the shop's own
    there may be none: the shop knows."""

    percent: Value | None = None
    amount: Value | None = None
    currency: str | None = None
    minimum: float | None = None
    products: tuple[str, ...] = ()
    expires: timedelta | None = None

    def words(self) -> str:
        """`10%, for 3 d`."""
        value = self.percent or self.amount
        unit = "%" if self.percent else f" {self.currency or ''}".rstrip()
        worth = f"{value.source}{unit}" if value else ""
        expires = f"for {format_whole_span(self.expires)}" if self.expires else ""
        return ", ".join(filter(None, (worth, expires)))


@dataclass(frozen=True, slots=True)
class Coupon(Action):
    """A coupon for the customer, with a code that is made here, or one of a pool of the shop's."""

    offer: Offer
    pool: str = ""

    word = "coupon"
    grants = True

    def words(self) -> str:
        """`10%, a code of the pool SUMMER`."""
        source = f"a code of the pool {self.pool}" if self.pool else ""
        return ", ".join(filter(None, (self.offer.words(), source)))

    def act(self, moment: StepMoment) -> None:
        code = moment.take_code(self.pool) if self.pool else moment.make_code()
        if code is None:
            # an earlier coupon of this passage is worth something else than what follows says
            moment.enrollment.coupon, moment.enrollment.changed = None, True
            moment.decide(DecisionKind.NOT_GRANTED, Reason.POOL_EMPTY, pool=self.pool)
            return
        coupon = _make_coupon(moment, self.offer, code)
        if self.pool:
            coupon["pool"] = self.pool
        _grant(moment, coupon, Receiver.CUSTOMER, is_reward=False)


@dataclass(frozen=True, slots=True)
class Reward(Action):
    """A coupon for the customer or for who referred them, given once per referred customer."""

    to: Receiver
    offer: Offer

    word = "reward"
    grants = True

    def words(self) -> str:
        return f"to the {self.to}: {self.offer.words()}"

    def act(self, moment: StepMoment) -> None:
        """Gives it once per referred customer and role, and tells its receiver's own journeys."""
        state = moment.state
        referrer = state.referrer
        if referrer is None:
            moment.decide(DecisionKind.NOT_SENT, Reason.NOT_REFERRED)
            return
        if self.to in state.rewarded:
            moment.decide(DecisionKind.NOT_SENT, Reason.REWARDED, receiver=self.to.value)
            return
        state.rewarded.add(self.to)
        coupon = _make_coupon(moment, self.offer, moment.make_code())
        _grant(moment, coupon, self.to, is_reward=True)
        told = Event(moment.now, Kind.EMITTED, REWARD_GRANTED, {**coupon, "role": str(self.to)})
        moment.emit(told, referrer if self.to is Receiver.REFERRER else None)


def _grant(moment: StepMoment, coupon: dict[str, object], to: Receiver, *, is_reward: bool) -> None:
    state, enrollment, code = moment.state, moment.enrollment, str(coupon["code"])
    receiver = str(state.traits["referred_by"]) if to is Receiver.REFERRER else state.external_id
    if to is Receiver.CUSTOMER:
        enrollment.coupon, enrollment.changed = coupon, True
        state.coupons[code] = coupon
    step = enrollment.step or ""
    moment.add(Grant(moment.now, enrollment, step, to, receiver, code, coupon, is_reward))
    if url := moment.outlets.coupons:
        told = {name: value for name, value in coupon.items() if name != "redeemed"}
        where = {"user_id": receiver, "journey": enrollment.journey, "step": step, "role": str(to)}
        at = moment.now.isoformat()
        tell(moment, url, {"event": COUPON_GRANTED, **told, **where, "granted_at": at})
    given = Reason.REWARD if is_reward else Reason.COUPON
    moment.decide(DecisionKind.GRANTED, given, receiver=to.value)


def _make_coupon(moment: StepMoment, offer: Offer, code: str) -> dict[str, object]:
    scope, now = moment.scope(), moment.now
    worth = {
        "percent": offer.percent.evaluate(scope) if offer.percent else None,
        "amount": offer.amount.evaluate(scope) if offer.amount else None,
        "currency": offer.currency or (moment.currency if offer.amount else None),
        "minimum": offer.minimum,
        "products": list(offer.products) or None,
        "expires_at": (now + offer.expires).isoformat() if offer.expires else None,
    }
    known = {name: value for name, value in worth.items() if value is not None}
    return {"code": code, "redeemed": False} | known
