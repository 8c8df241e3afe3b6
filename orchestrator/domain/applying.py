"""Applies an event to a customer: traits, consent, facts, coupons. The first thing that happens at
an instant.
"""

from __future__ import annotations

from datetime import datetime

from orchestrator.domain.account import LEFT_ACCOUNT, join, leave
from orchestrator.domain.account_news import hear_news
from orchestrator.domain.agreeing import take_consent
from orchestrator.domain.effects import CouponRedeemed, Decision, DecisionKind
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.line import Line
from orchestrator.domain.medium import MEDIA, Medium
from orchestrator.domain.merge import absorb
from orchestrator.domain.policy import address
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState
from orchestrator.domain.values import folded

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
    take_consent(line, event)
    match event.kind:
        case Kind.MERGE if event.absorbed is not None:
            line.effects.extend(absorb(program, state, event.absorbed, event.at))
            return
        case Kind.GROUP | Kind.ACCOUNT:
            take_account(program, state, event)
            return
        case Kind.IDENTIFY | Kind.MERGE | Kind.START:
            return
    if event.name == LEFT_ACCOUNT:
        take_account(program, state, event)
        line.doubt_everything()
    count_facts(line, event)
    for name in index.history_names(event):
        state.remember(name, event, index.history[name], now)
    if event.name == ORDER_COMPLETED and event.properties.get("coupon"):
        _redeem(line, str(event.properties["coupon"]), event.at)


def take_account(program: Program, state: CustomerState, event: Event) -> None:
    """Applies what an event says of the customer's account, where the project asks for accounts."""
    if not program.index.accounts.are_used:
        return
    if event.kind is Kind.ACCOUNT:
        hear_news(state.account, event)
    elif event.kind is Kind.GROUP:
        state.account = join(state.account, event)
    elif event.name == LEFT_ACCOUNT:
        state.account = leave(state.account, event)


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
