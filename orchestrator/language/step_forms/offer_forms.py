"""Steps that give or show somebody something."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from orchestrator.domain.effects import Receiver
from orchestrator.domain.phrase import say
from orchestrator.domain.step import Step
from orchestrator.domain.steps.audience import Audience
from orchestrator.domain.steps.offers import Coupon, Offer, Reward
from orchestrator.domain.steps.onsite_step import SHOWN_FOR, Onsite
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form, Plain, Span, Text, Words
from orchestrator.language.step_forms.deadlines import read_deadline
from orchestrator.language.step_forms.step_form import Site, StepForm
from orchestrator.language.where import STEP

#: Of pools, audiences and slots: they stand in commands and addresses, too.
ShortName = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,60}$")]


class OfferForm(Form):
    id: str | None = None
    percent: Plain = None
    amount: Plain = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    minimum: Annotated[float, Field(ge=0)] | None = None
    products: Words = Field(default_factory=list)
    expires: Span | None = None


class CouponOptions(OfferForm):
    pool: ShortName | None = None


class CouponForm(StepForm, word="coupon"):
    coupon: CouponOptions

    def build(self, site: Site) -> Step | None:
        pool = self.coupon.pool or ""
        offer = read_offer(self.coupon, site.place, is_known_to_shop=bool(pool))
        return Coupon(site.id, offer, pool)


class RewardOptions(OfferForm):
    to: Literal["customer", "referrer"]


class RewardForm(StepForm, word="reward"):
    reward: RewardOptions

    def build(self, site: Site) -> Step | None:
        return Reward(site.id, Receiver(self.reward.to), read_offer(self.reward, site.place))


class AudienceOptions(Form):
    id: str | None = None
    add: ShortName | None = None
    remove: ShortName | None = None


class AudienceForm(StepForm, word="audience"):
    audience: AudienceOptions

    def build(self, site: Site) -> Step | None:
        add, remove = self.audience.add, self.audience.remove
        if (add is None) == (remove is None):
            site.place.error(say("this needs either `add` or `remove`"))
        return Audience(site.id, add or remove or "", is_member=add is not None)


class OnsiteOptions(Form):
    id: str | None = None
    slot: ShortName
    content: Plain
    until: Text | None = None


class OnsiteForm(StepForm, word="onsite"):
    onsite: OnsiteOptions

    def build(self, site: Site) -> Step | None:
        place = site.place
        content = place.at("content").value(self.onsite.content, STEP)
        if self.onsite.content is None:
            place.at("content").error(say("`content` says nothing: write what the page shows"))
        until = read_deadline(self.onsite.until, place.at("until"))
        if content is None:
            return None
        return Onsite(site.id, self.onsite.slot, content, until or SHOWN_FOR)


def read_offer(form: OfferForm, place: Place, *, is_known_to_shop: bool = False) -> Offer:
    """What it is worth, which need not be said of codes that the shop made."""
    if is_known_to_shop and form.percent is not None and form.amount is not None:
        place.error(say("this has `percent` or `amount`, not both"))
    elif not is_known_to_shop and (form.percent is None) == (form.amount is None):
        place.error(say("this needs either `percent` or `amount`"))
    for key in ("percent", "amount"):
        value = getattr(form, key)
        if (isinstance(value, str) and "{{" not in value) or isinstance(value, bool | list | dict):
            bare = (
                re.fullmatch(r"\s*\D?\s*([0-9]+(?:\.[0-9]+)?)\s*\D*", value)
                if isinstance(value, str)
                else None
            )
            shown = (
                say(": write {bare}", bare=bare[1]) if bare else say(", or computed by `{{ … }}`")
            )
            place.at(key).error(say("`{key}` is a number{shown}", key=key, shown=shown))
        elif isinstance(value, int | float) and not 0 < value <= (
            100 if key == "percent" else float("inf")
        ):
            limits = say("between 0 and 100") if key == "percent" else say("above 0")
            place.at(key).error(
                say("`{key}` lies {limits}, not at {value:g}", key=key, limits=limits, value=value)
            )
    return Offer(
        percent=place.at("percent").value(form.percent, STEP),
        amount=place.at("amount").value(form.amount, STEP),
        currency=form.currency,
        minimum=form.minimum,
        products=tuple(form.products),
        expires=form.expires,
    )
