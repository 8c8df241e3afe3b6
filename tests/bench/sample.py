"""What the benches run on: a project in a folder, and calls as an SDK sends them. Nothing here
knows the interior, so that the same work can be given to the code of another day.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
START = datetime(2026, 3, 2, 9, tzinfo=UTC)

JOURNEY = """\
journey: bench
title: Bench
trigger: {event: Product Added}
reentry: always
exit:
  - event: Order Completed
steps:
%s
"""
MAIL = "  - email: cart-reminder\n"
SMALL_MAIL = "  - email: small\n"
STEPS = "".join(
    f"  - {{delay: 1h, id: wait-{n}}}\n  - {{set: {{n: {n}}}, id: set-{n}}}\n" for n in range(5)
)
SCHEDULED = """\
journey: yearly-%d
trigger: {schedule: "0 9 1 %d *"}
steps:
  - set: {year: true}
"""
#: A mail of 8 kB with four products, for the way of a message to a real SMTP server.
SMALL_TEMPLATE = """\
---
subject: "Hello {{ customer.first_name }}"
---
<mjml><mj-body><mj-section><mj-column>
<mj-text>Hello {{ customer.first_name }}, your cart:</mj-text>
{% for product in entry.products %}<mj-text>{{ product.name }} {{ product.price | money }}</mj-text>
{% endfor %}
<mj-button href="{{ links.shop('/cart') }}">Back to the cart</mj-button>
<mj-text>WORDS<a href="{{ links.unsubscribe }}">no more</a> {{ project.postal_address }}</mj-text>
</mj-column></mj-section></mj-body></mjml>
""".replace("WORDS", "Some words about nothing in particular. " * 60)
PRODUCTS = [
    {
        "product_id": f"p{n}",
        "name": f"Linen throw no. {n}",
        "price": 20 + n,
        "quantity": 1,
        "category": "home",
    }
    for n in range(6)
]
TOML = """\
[project]
name = "Shop"
timezone = "UTC"
locale = "en"
currency = "EUR"
postal_address = "1 Street"
[consent]
default = "granted"
[channels]
from_email = "shop@shop.example"
"""


def write_project(root: Path, steps: str, channel: str = "", schedules: int = 0) -> Path:
    """A project of one journey in an empty folder, everybody consenting; `schedules` adds so many
    journeys that begin once a year.
    """
    (root / "journeys").mkdir()
    (root / "journeys" / "bench.yaml").write_text(JOURNEY % steps)
    for n in range(1, schedules + 1):
        (root / "journeys" / f"yearly-{n}.yaml").write_text(SCHEDULED % (n, n))
    shutil.copy(ROOT / "journeys" / "lifecycle.yaml", root / "journeys")
    shutil.copytree(ROOT / "templates", root / "templates")
    (root / "templates" / "email" / "small.mjml").write_text(SMALL_TEMPLATE)
    (root / "parcours.toml").write_text(TOML + channel)
    return root


def identify(n: int, at: datetime) -> dict[str, Any]:
    traits = {"email": f"user-{n}@example.com", "first_name": "Ada", "locale": "en"}
    return _call("identify", n, at) | {"traits": traits}


def add_to_cart(n: int, at: datetime, products: int = 6) -> dict[str, Any]:
    cart = {"cart_id": f"c{n}", "price": 80, "products": PRODUCTS[:products]}
    return _call("track", n, at) | {"event": "Product Added", "properties": cart}


def _call(kind: str, n: int, at: datetime) -> dict[str, Any]:
    return {
        "type": kind,
        "userId": f"user-{n:07d}",
        "messageId": f"{kind}-{n}",
        "timestamp": at.isoformat(),
    }


def calls(customers: int, start: datetime = START, products: int = 6) -> Iterator[dict[str, Any]]:
    """For each customer an identify and a product put into the cart."""
    for n in range(customers):
        at = start + timedelta(milliseconds=n)
        yield identify(n, at)
        yield add_to_cart(n, at, products)
