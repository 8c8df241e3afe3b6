"""The shop's calls, in the words of Segment's e-commerce specification."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from random import Random

from orchestrator.demo.goods import CURRENCY, Good, fill_basket, price_of
from orchestrator.demo.shoppers import Shopper
from orchestrator.domain.values import as_mapping

Call = dict[str, object]


class Outcome(StrEnum):
    """How a visit ends."""

    LOOKS = "looks"
    LEAVES_CART = "leaves cart"
    BUYS = "buys"


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does at an instant: a call of the shop's, or with `url` a form that they send
    on a page.
    """

    at: datetime
    call: Call | None = None
    url: str = ""
    form: tuple[tuple[str, str], ...] = ()
    language: str = ""


def identify(shopper: Shopper, at: datetime, *, was_anonymous: bool = False) -> Deed:
    """Says who somebody is."""
    link = {"anonymousId": shopper.anonymous_id} if was_anonymous else {}
    return _deed("identify", at, {"userId": shopper.user_id, **link, "traits": shopper.traits()})


def track(
    shopper: Shopper, at: datetime, event: str, properties: dict[str, object] | None = None
) -> Deed:
    """Something a known person did."""
    return _deed(
        "track", at, {"userId": shopper.user_id, "event": event, "properties": properties or {}}
    )


def look_around(who: dict[str, str], at: datetime, throw: Random) -> list[Deed]:
    """Some pages; `who` holds the `userId` or the `anonymousId`."""
    pages = [
        "Home",
        *throw.sample(("Light", "Ceramics", "Textiles", "New arrivals", "Our workshop"), 2),
    ]
    steps = enumerate(pages[: throw.randint(1, 3)])
    return [
        _deed("page", at + timedelta(seconds=40 * number), {**who, "name": page})
        for number, page in steps
    ]


def visit(
    shopper: Shopper,
    at: datetime,
    outcome: Outcome,
    throw: Random,
    *,
    small: bool = False,
    coupon: str = "",
) -> list[Deed]:
    """A visit of a known person: pages, then what they add to the cart and what becomes of it."""
    deeds = look_around({"userId": shopper.user_id}, at, throw)
    basket = fill_basket(throw)[: 1 if small else 3]
    at += timedelta(minutes=throw.randint(3, 9))
    deeds.append(
        track(
            shopper,
            at,
            "Product Viewed",
            {**basket[0].as_product(shopper.locale), "currency": CURRENCY},
        )
    )
    if outcome is Outcome.LOOKS:
        return deeds
    for good in basket:
        at += timedelta(seconds=throw.randint(20, 200))
        deeds.append(
            track(
                shopper,
                at,
                "Product Added",
                {**good.as_product(shopper.locale), "currency": CURRENCY},
            )
        )
    if outcome is Outcome.BUYS or throw.random() < 0.5:
        at += timedelta(minutes=throw.randint(1, 6))
        deeds.append(track(shopper, at, "Checkout Started", _cart(shopper, basket)))
    if outcome is Outcome.BUYS:
        deeds.append(order(shopper, at + timedelta(minutes=throw.randint(2, 12)), basket, coupon))
    return deeds


def order(shopper: Shopper, at: datetime, basket: list[Good], coupon: str = "") -> Deed:
    """An order; a coupon's code redeems it."""
    total = price_of(basket)
    properties = {
        "order_id": f"A{_digest(shopper.user_id, at)[:8]}",
        "total": total,
        "revenue": total,
        "currency": CURRENCY,
        "products": [good.as_product(shopper.locale) for good in basket],
        **({"coupon": coupon} if coupon else {}),
    }
    return track(shopper, at, "Order Completed", properties)


def refund(shopper: Shopper, bought: Deed, at: datetime) -> Deed:
    """Sends an order back."""
    assert bought.call is not None
    told = as_mapping(bought.call["properties"])
    properties = {name: told[name] for name in ("order_id", "total", "currency")}
    return track(shopper, at, "Order Refunded", properties)


def is_order(deed: Deed) -> bool:
    """Whether a deed is an order."""
    return deed.call is not None and deed.call.get("event") == "Order Completed"


def _cart(shopper: Shopper, basket: list[Good]) -> dict[str, object]:
    products = [good.as_product(shopper.locale) for good in basket]
    return {"value": price_of(basket), "currency": CURRENCY, "products": products}


def _deed(kind: str, at: datetime, fields: dict[str, object]) -> Deed:
    who = fields.get("userId") or fields["anonymousId"]
    key = f"demo-{_digest(kind, who, fields.get('event') or fields.get('name') or '', at)}"
    return Deed(at, {"type": kind, **fields, "timestamp": at.isoformat(), "messageId": key})


def _digest(*parts: object) -> str:
    return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=10).hexdigest()
