"""Numbers of what customers told, beside their orders: answers, friends, subscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from orchestrator.domain.values import as_text, is_number
from orchestrator.measure.figures.figure import Value
from orchestrator.measure.kpis.purchases import BoughtSoFar
from orchestrator.measure.kpis.window import Span
from orchestrator.measure.trade.trade import (
    CANCELLED,
    REFERRAL_ACCEPTED,
    SUBSCRIBED,
    SURVEY_ANSWERED,
    UNSUBSCRIBED,
    ToldEvent,
    Trade,
    as_money,
    read_money,
)

#: Months of the interval at which a subscription is paid.
_MONTHS = {
    "month": Decimal(1),
    "quarter": Decimal(3),
    "year": Decimal(12),
    "week": Decimal(12) / Decimal("365.25") * 7,
}


def count_deeds(
    trade: Trade, purchases: BoughtSoFar, span: Span, currency: str
) -> dict[str, Value]:
    """The numbers of a time; what nobody ever told of is left out, for it is not known to be 0."""
    deeds = [deed for deed in trade.deeds if deed.at < span.end]
    inside = [deed for deed in deeds if deed.at >= span.start]
    return {
        **_count_answers(inside),
        **_count_friends(trade, deeds, purchases, span),
        **_count_subscriptions(deeds, currency),
        "unsubscribed": sum(1 for deed in inside if deed.name == UNSUBSCRIBED),
    }


# ---------------------------------------------------------------- surveys


def _count_answers(deeds: list[ToldEvent]) -> dict[str, Value]:
    nps, csat = list(_scores(deeds, "nps")), list(_scores(deeds, "csat"))
    return {
        "promoters": sum(1 for score in nps if score >= 9),
        "detractors": sum(1 for score in nps if score <= 6),
        "nps_answers": len(nps),
        "satisfied": sum(1 for score in csat if score >= 4),
        "csat_answers": len(csat),
    }


def _scores(deeds: list[ToldEvent], kind: str) -> Iterator[int | float]:
    for deed in deeds:
        if deed.name == SURVEY_ANSWERED:
            score = deed.properties.get("score")
            if is_number(score) and kind in as_text(deed.properties.get("survey")).lower():
                yield score


# ---------------------------------------------------------------- friends


def _count_friends(
    trade: Trade, deeds: list[ToldEvent], purchases: BoughtSoFar, span: Span
) -> dict[str, Value]:
    told = [deed for deed in deeds if deed.name == REFERRAL_ACCEPTED]
    if not told:
        return {}
    place = {name: number for number, name in enumerate(trade.ids)}
    referrers = {place.get(as_text(deed.properties.get("referred_by"))) for deed in told} - {None}
    friends = {deed.who for deed in told}
    ordered = {friend for friend in friends if purchases.first[friend] < span.end}
    return {
        "referrers": len(referrers),
        "friends": len(friends),
        "friends_who_ordered": len(ordered),
        "friends_who_referred": len(ordered & referrers),
    }


# ---------------------------------------------------------------- subscriptions


def _count_subscriptions(deeds: list[ToldEvent], currency: str) -> dict[str, Value]:
    """Those that run at the end of the deeds, each by its newest word."""
    newest = {_subscription(deed): deed for deed in deeds if _is_of_subscription(deed)}
    if not newest:
        return {}
    monthly = [
        micros
        for deed in newest.values()
        if deed.name != CANCELLED
        and as_text(deed.properties.get("currency")).upper() in ("", currency)
        and (micros := _monthly(deed.properties)) is not None
    ]
    mean = as_money(sum(monthly)) / len(monthly) if monthly else Decimal(0)
    return {"subscriptions": len(monthly), "revenue_per_subscription": mean}


def _is_of_subscription(deed: ToldEvent) -> bool:
    return deed.name in SUBSCRIBED or deed.name == CANCELLED


def _subscription(deed: ToldEvent) -> tuple[int, str]:
    return deed.who, as_text(deed.properties.get("subscription_id"))


def _monthly(properties: Mapping[str, object]) -> int | None:
    """What a subscription brings in a month, in millionths."""
    told = read_money(properties.get("mrr"))
    if told is not None:
        return told
    total = read_money(properties.get("total"))
    months = _MONTHS.get(as_text(properties.get("interval")).lower() or "month")
    return None if total is None or months is None else int(total / months)
