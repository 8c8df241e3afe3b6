"""Figures of rewards, referrals, and of buying more and other things."""

from __future__ import annotations

from orchestrator.domain.phrase import say
from orchestrator.measure.figures.figure import (
    Example,
    Family,
    Number,
    Unit,
    Value,
    divide,
    figure,
)
from orchestrator.measure.figures.sources import DEFINITION

LOYALTY = Family("loyalty", say("Loyalty and referral"))


@figure(
    LOYALTY,
    say("rewards that were redeemed"),
    say(
        "Of the coupons and rewards that were given in the period, how many an order has "
        "redeemed since."
    ),
    formula="rewards_redeemed / rewards_given",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"rewards_redeemed": 120, "rewards_given": 400}, "0.3"),
)
def reward_redemption_rate(rewards_redeemed: Number, rewards_given: Number) -> Value:
    return divide(rewards_redeemed, rewards_given)


@figure(
    LOYALTY,
    say("referral rate"),
    say("Of all customers, how many have brought a friend."),
    formula="referrers / customers",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"referrers": 50, "customers": 1000}, "0.05"),
)
def referral_rate(referrers: Number, customers: Number) -> Value:
    return divide(referrers, customers)


@figure(
    LOYALTY,
    say("friends who became customers"),
    say("Of the friends who accepted an invitation, how many ordered."),
    formula="friends_who_ordered / friends",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"friends_who_ordered": 30, "friends": 80}, "0.375"),
)
def referral_conversion_rate(friends_who_ordered: Number, friends: Number) -> Value:
    return divide(friends_who_ordered, friends)


@figure(
    LOYALTY,
    say("referral loops closed"),
    say("Of the friends who ordered, how many have brought a friend themselves."),
    formula="friends_who_referred / friends_who_ordered",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"friends_who_referred": 6, "friends_who_ordered": 30}, "0.2"),
)
def referral_loop_rate(friends_who_referred: Number, friends_who_ordered: Number) -> Value:
    return divide(friends_who_referred, friends_who_ordered)


@figure(
    LOYALTY,
    say("new customers that a customer brings"),
    say("Friends who ordered for each customer; from 1 on the shop grows by itself."),
    formula="friends_who_ordered / customers",
    unit=Unit.TIMES,
    source=DEFINITION,
    example=Example({"friends_who_ordered": 30, "customers": 1000}, "0.03"),
)
def viral_coefficient(friends_who_ordered: Number, customers: Number) -> Value:
    return divide(friends_who_ordered, customers)


@figure(
    LOYALTY,
    say("upsell rate"),
    say("Of the repeat orders, how many are worth more than the one before of the same customer."),
    formula="larger_repeat_orders / repeat_orders",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"larger_repeat_orders": 90, "repeat_orders": 225}, "0.4"),
)
def upsell_rate(larger_repeat_orders: Number, repeat_orders: Number) -> Value:
    return divide(larger_repeat_orders, repeat_orders)


@figure(
    LOYALTY,
    say("cross-sell rate"),
    say(
        "Of the repeat orders that name their products, how many hold a category (else a "
        "product) that their customer had not bought before."
    ),
    formula="repeat_orders_with_new / repeat_orders_with_products",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"repeat_orders_with_new": 50, "repeat_orders_with_products": 200}, "0.25"),
)
def cross_sell_rate(repeat_orders_with_new: Number, repeat_orders_with_products: Number) -> Value:
    return divide(repeat_orders_with_new, repeat_orders_with_products)
