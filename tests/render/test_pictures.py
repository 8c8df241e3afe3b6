"""Pictures of the made-up shop: drawn by a product's name, and safe to show whatever it is called."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from orchestrator.demo.goods import GOODS, with_addresses
from orchestrator.render.pictures import draw, inline


@pytest.mark.parametrize("good", GOODS, ids=lambda good: good.sku)
def test_every_article_of_the_demo_has_a_picture_of_its_own(good: object) -> None:
    sku = getattr(good, "sku", "")
    assert ElementTree.fromstring(draw(sku)).tag.endswith("svg")
    assert draw(sku) != draw("something else")


def test_a_name_is_never_part_of_its_picture() -> None:
    assert draw('"/><script>alert(1)</script>') == draw("something else")
    assert inline("aura-lamp").startswith("data:image/svg+xml,%3Csvg")


def test_the_calls_of_the_demo_say_where_its_products_and_their_pictures_are() -> None:
    shop = "http://127.0.0.1:8000"
    lamp = {
        "url": f"{shop}/shop/products/aura-lamp",
        "image_url": f"{shop}/shop/pictures/aura-lamp.svg",
    }
    added = {"event": "Product Added", "properties": {"product_id": "aura-lamp", "price": 149}}
    assert with_addresses(added, shop)["properties"] == {
        "product_id": "aura-lamp",
        "price": 149,
        **lamp,
    }
    order = {
        "event": "Order Completed",
        "properties": {"total": 9, "products": [{"product_id": "aura-lamp"}]},
    }
    assert with_addresses(order, shop)["properties"] == {
        "total": 9,
        "products": [{"product_id": "aura-lamp", **lamp}],
    }
    identify = {"type": "identify", "traits": {"email": "ada@example.com"}}
    assert with_addresses(identify, shop) == identify
