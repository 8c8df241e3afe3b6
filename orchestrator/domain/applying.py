"""Applies an event to a customer: traits, consent, facts, coupons. The first thing that happens at
an instant.
"""

from __future__ import annotations

from datetime import datetime

from orchestrator.domain.consent import (
    ALL_TOPICS,
    AddressRecord,
    ConsentAnswer,
    ConsentKey,
    medium_key,
    read_answers,
    strictest,
    topic_key,
)
from orchestrator.domain.effects import (
    AddressLifted,
    ConsentChange,
    CouponRedeemed,
    Decision,
    DecisionKind,
)
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.line import Line
from orchestrator.domain.medium import MEDIA, Medium
from orchestrator.domain.merge import absorb
from orchestrator.domain.policy import address
from orchestrator.domain.state import Choice
from orchestrator.domain.values import folded

UNREADABLE = "which is neither yes nor no"  # and so counts as a no
#: By trait that should be an address: the first medium that needs it.
UNREACHED = {
    spec.trait: next(medium for medium in Medium if medium.spec.trait == spec.trait)
    for spec in MEDIA.values()
}
ORDER_COMPLETED = "Order Completed"  # redeems the coupon it carries


def apply(line: Line, event: Event, now: datetime) -> None:
    """Applies one event to the customer; windows are looked at as of `now`."""
    state, program, index = line.state, line.program, line.program.index
    line.hear(event)
    if event.kind is Kind.IDENTIFY:
        _take_traits(line, event)
    _take_consent(line, event)
    match event.kind:
        case Kind.MERGE if event.absorbed is not None:
            line.effects.extend(absorb(program, state, event.absorbed, event.at))
            return
        case Kind.IDENTIFY | Kind.MERGE | Kind.GROUP | Kind.START:
            return
    count_facts(line, event)
    for name in index.history_names(event):
        state.remember(name, event, index.history[name], now)
    if event.name == ORDER_COMPLETED and event.properties.get("coupon"):
        _redeem(line, str(event.properties["coupon"]), event.at)


def count_facts(line: Line, event: Event) -> None:
    """Counts an event in the facts that read it."""
    if event.kind < Kind.TRACK or event.kind is Kind.START:
        return
    facts = line.state.facts
    for fact in line.program.index.facts_read_from(event):
        if fact.condition is None or fact.counts(event):
            facts[fact.name] = fact.add(facts.get(fact.name), event)


def _take_traits(line: Line, event: Event) -> None:
    traits = {name: value for name, value in event.properties.items() if name != "consent"}
    for name in ("timezone", "locale"):
        if name not in traits and isinstance(event.context.get(name), str):
            traits[name] = event.context[name]
    before = {name: line.state.traits.get(name) for name in UNREACHED}
    line.state.take_traits(traits, event.at)
    for name, medium in UNREACHED.items():
        now = line.state.traits.get(name)
        if now not in (None, "", before[name]) and address(line.state, medium) is None:
            line.effects.append(
                Decision(event.at, DecisionKind.UNREADABLE, "", detail={"medium": medium.value})
            )


def _take_consent(line: Line, event: Event) -> None:
    """Applies what an event says about being written to, in its context or, identifying somebody,
    in their traits.
    """
    if event.kind is not Kind.IDENTIFY and "consent" not in event.context:
        return  # as nearly all
    said = [event.context, event.properties] if event.kind is Kind.IDENTIFY else [event.context]
    answers = [
        answer for part in said if "consent" in part for answer in read_answers(part["consent"])
    ]
    for answer in strictest(answers):
        _take_answer(line, event, answer)


def _take_answer(line: Line, event: Event, answer: ConsentAnswer) -> None:
    source = _source(event) if answer.readable else f"{_source(event)}, {UNREADABLE}"
    choice, known = Choice(answer.granted, event.at, source), line.state.consent.get(answer.key)
    changed = line.state.take_choice(answer.key, choice)
    if changed:
        line.doubt_everything()
    taken = line.state.consent[answer.key] is choice
    if changed or (taken and not answer.readable and known is not None and known.source != source):
        line.effects.append(ConsentChange(event.at, answer.key, choice))
    if taken and answer.granted:
        _lift(line, answer.key, choice)


def _lift(line: Line, key: ConsentKey, choice: Choice) -> None:
    """Has a yes count for the addresses that this customer carries, and somebody unsubscribed
    before.
    """
    for medium in Medium:
        to = address(line.state, medium)
        record = line.state.address_book(medium, to) if to is not None else AddressRecord()
        for topic in {said.topic for said in record.choices}:
            wanted = (medium_key(medium),) if topic == "" else (topic_key(topic), ALL_TOPICS)
            if to is not None and key in wanted and record.refused_at(topic, choice.at) is not None:
                line.effects.append(
                    AddressLifted(choice.at, medium, to.lower(), topic, choice.source)
                )


def _source(event: Event) -> str:
    """Where a choice was made: what a page of ours says of itself, else the call that brought
    it.
    """
    page = event.context.get("unsubscribe")
    if isinstance(page, dict) and isinstance(page.get("origin"), str):
        return f"unsubscribe, {page['origin']}"
    return "identify" if event.kind is Kind.IDENTIFY else event.name


def _redeem(line: Line, written: str, at: datetime) -> None:
    """Marks the coupon of an order as redeemed; the case of a code does not count, nor blanks
    around it.
    """
    code = next((code for code in line.state.coupons if folded(code) == folded(written)), None)
    coupon = line.state.coupons[code] if code is not None else None
    if code is None or coupon is None or coupon["redeemed"]:
        return
    coupon["redeemed"] = True
    for enrollment in line.state.open_enrollments():
        if enrollment.coupon and enrollment.coupon["code"] == code:
            enrollment.coupon["redeemed"], enrollment.changed = True, True
    line.effects.append(CouponRedeemed(at, code))
