"""What the shop sells: the things its mails speak of."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Good:
    """One article; `price` in the shop's currency."""

    sku: str
    name: str
    variant: str
    category: str
    price: float

    def as_product(self, quantity: int = 1) -> dict[str, Any]:
        """As Segment's specification writes a product."""
        return {
            "product_id": self.sku,
            "name": self.name,
            "variant": self.variant,
            "category": self.category,
            "price": self.price,
            "quantity": quantity,
        }


GOODS = (
    Good("aura-lamp", "Aura lamp", "Opal glass", "light", 149),
    Good("lumi-pendant", "Lumi pendant", "Warm white", "light", 96),
    Good("fjell-stool", "Fjell stool", "Oiled oak", "furniture", 140),
    Good("ronja-board", "Ronja board", "Elm", "kitchen", 54),
    Good("skerry-vase", "Skerry vase", "Sea green", "ceramics", 64),
    Good("tarn-bowl", "Tarn bowl", "Ash grey", "ceramics", 42),
    Good("halla-throw", "Halla throw", "Undyed wool", "textiles", 118),
    Good("salen-towel", "Sälen towel", "Sand", "textiles", 32.5),
    Good("kaamos-candle", "Kaamos candle", "Birch and smoke", "scent", 38),
    Good("vind-matches", "Vind matches", "Long", "scent", 9.5),
)


def fill_basket(throw: Random) -> list[Good]:
    """One to three different things."""
    return throw.sample(GOODS, throw.choices((1, 2, 3), (60, 28, 12))[0])


def price_of(basket: list[Good]) -> float:
    """What a basket costs."""
    return round(sum(good.price for good in basket), 2)
