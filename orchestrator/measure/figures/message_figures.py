"""Figures of messages, and what readers do with them."""

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
from orchestrator.measure.figures.sources import DEFINITION, LITERATURE

MESSAGES = Family("messages", say("Messages"))


@figure(
    MESSAGES,
    say("delivery rate"),
    say("Of the messages that left, how many arrived."),
    formula="delivered / sent",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"delivered": 18000, "sent": 20000}, "0.9"),
)
def delivery_rate(delivered: Number, sent: Number) -> Value:
    return divide(delivered, sent)


@figure(
    MESSAGES,
    say("bounce rate"),
    say("Of the messages that left, how many came back."),
    formula="bounced / sent",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"bounced": 2000, "sent": 20000}, "0.1"),
)
def bounce_rate(bounced: Number, sent: Number) -> Value:
    return divide(bounced, sent)


@figure(
    MESSAGES,
    say("open rate"),
    say(
        "Of the messages that arrived, how many were opened. Machines open too: it is a sign, no "
        "proof."
    ),
    formula="opened / delivered",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"opened": 9000, "delivered": 18000}, "0.5"),
)
def open_rate(opened: Number, delivered: Number) -> Value:
    return divide(opened, delivered)


@figure(
    MESSAGES,
    say("click rate"),
    say("Of the messages that arrived, in how many a link was followed."),
    formula="clicked / delivered",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"clicked": 900, "delivered": 18000}, "0.05"),
)
def click_rate(clicked: Number, delivered: Number) -> Value:
    return divide(clicked, delivered)


@figure(
    MESSAGES,
    say("clicks for each opened message"),
    say("Of the messages that were opened, in how many a link was followed."),
    formula="clicked / opened",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"clicked": 900, "opened": 9000}, "0.1"),
)
def click_to_open_rate(clicked: Number, opened: Number) -> Value:
    return divide(clicked, opened)


@figure(
    MESSAGES,
    say("unsubscribe rate"),
    say("Of the messages that left, after how many somebody unsubscribed."),
    formula="unsubscribed / sent",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"unsubscribed": 40, "sent": 20000}, "0.002"),
)
def unsubscribe_rate(unsubscribed: Number, sent: Number) -> Value:
    return divide(unsubscribed, sent)


@figure(
    MESSAGES,
    say("complaint rate"),
    say("Of the messages that arrived, how many were called spam. Providers want it below 0.1%."),
    formula="complained / delivered",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"complained": 18, "delivered": 18000}, "0.001"),
)
def complaint_rate(complained: Number, delivered: Number) -> Value:
    return divide(complained, delivered)


@figure(
    MESSAGES,
    say("conversion rate"),
    say("Of those who had a message, how many reached the goal after it."),
    formula="conversions / interactions",
    unit=Unit.SHARE,
    source=LITERATURE,
    example=Example({"conversions": 100, "interactions": 2000}, "0.05"),
)
def conversion_rate(conversions: Number, interactions: Number) -> Value:
    return divide(conversions, interactions)


@figure(
    MESSAGES,
    say("engagement rate"),
    say("Opened and clicked messages for every hundred customers who had one."),
    formula="engagements / followers * 100",
    unit=Unit.SCORE,
    source=LITERATURE,
    example=Example({"engagements": 450, "followers": 9000}, "5"),
)
def engagement_rate(engagements: Number, followers: Number) -> Value:
    return divide(engagements * 100, followers)
