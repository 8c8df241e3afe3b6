"""What the shop sells: the things its mails speak of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from orchestrator.domain.values import as_mapping

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Good:
    """One article; `price` in the shop's currency, name and variant in English and in French."""

    sku: str
    name: str
    variant: str
    name_fr: str
    variant_fr: str
    category: str
    price: float

    def as_product(self, locale: str, quantity: int = 1) -> dict[str, object]:
        """As Segment's specification writes a product, in the language of the shop's page."""
        is_french = locale.startswith("fr")
        return {
            "product_id": self.sku,
            "name": self.name_fr if is_french else self.name,
            "variant": self.variant_fr if is_french else self.variant,
            "category": self.category,
            "price": self.price,
            "quantity": quantity,
        }


GOODS = (
    Good("aura-lamp", "Aura lamp", "Opal glass", "Lampe Aura", "Verre opalin", "light", 149),
    Good(
        "lumi-pendant", "Lumi pendant", "Warm white", "Suspension Lumi", "Blanc chaud", "light", 96
    ),
    Good(
        "fjell-stool", "Fjell stool", "Oiled oak", "Tabouret Fjell", "Chêne huilé", "furniture", 140
    ),
    Good("ronja-board", "Ronja board", "Elm", "Planche Ronja", "Orme", "kitchen", 54),
    Good("skerry-vase", "Skerry vase", "Sea green", "Vase Skerry", "Vert d’eau", "ceramics", 64),
    Good("tarn-bowl", "Tarn bowl", "Ash grey", "Bol Tarn", "Gris cendre", "ceramics", 42),
    Good(
        "halla-throw",
        "Halla throw",
        "Undyed wool",
        "Plaid Halla",
        "Laine non teinte",
        "textiles",
        118,
    ),
    Good("salen-towel", "Sälen towel", "Sand", "Serviette Sälen", "Sable", "textiles", 32.5),
    Good(
        "kaamos-candle",
        "Kaamos candle",
        "Birch and smoke",
        "Bougie Kaamos",
        "Bouleau et fumée",
        "scent",
        38,
    ),
    Good("vind-matches", "Vind matches", "Long", "Allumettes Vind", "Longues", "scent", 9.5),
)


def fill_basket(throw: Random) -> list[Good]:
    """One to three different things."""
    return throw.sample(GOODS, throw.choices((1, 2, 3), (60, 28, 12))[0])


def price_of(basket: list[Good]) -> float:
    """What a basket costs."""
    return round(sum(good.price for good in basket), 2)


def with_addresses(call: Mapping[str, object], url: str) -> dict[str, object]:
    """A call whose products say where their pages and pictures are, in the shop at `url`."""
    properties = as_mapping(call.get("properties"))
    if "product_id" in properties:
        return {**call, "properties": _at(properties, url)}
    if isinstance(products := properties.get("products"), list):
        placed = [_at(product, url) for product in products]
        return {**call, "properties": {**properties, "products": placed}}
    return dict(call)


def _at(product: Mapping[str, object], url: str) -> dict[str, object]:
    sku = product["product_id"]
    pages = {"url": f"{url}/shop/products/{sku}", "image_url": f"{url}/shop/pictures/{sku}.svg"}
    return {**product, **pages}
