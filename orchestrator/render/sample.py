"""A made-up customer of a made-up shop: what a preview shows where nobody's real data is at
hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from orchestrator.config import Config
from orchestrator.domain.event import Event
from orchestrator.domain.expression import Scope
from orchestrator.domain.values import as_mapping
from orchestrator.links import Links, LinkSigner
from orchestrator.render import pictures

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


_PRODUCTS = [
    {
        "product_id": "aura-lamp",
        "name": "Aura lamp",
        "variant": "opal glass",
        "price": 149,
        "quantity": 1,
    },
    {
        "product_id": "salen-towel",
        "name": "Sälen linen towel",
        "variant": "sand",
        "price": 32.5,
        "quantity": 2,
    },
]
_PRODUCTS_FR = [
    {
        "product_id": "aura-lamp",
        "name": "Lampe Aura",
        "variant": "verre opalin",
        "price": 149,
        "quantity": 1,
    },
    {
        "product_id": "salen-towel",
        "name": "Serviette en lin Sälen",
        "variant": "sable",
        "price": 32.5,
        "quantity": 2,
    },
]


class SampleReader:
    """A made-up customer for the functions of the language: who has done nothing yet, and got
    nothing.
    """

    def __init__(self, scope: Mapping[str, object]) -> None:
        self._traits = as_mapping(scope.get("customer"))
        self._account = as_mapping(scope.get("account"))

    def get(self, name: str, now: datetime) -> object:
        """A trait or fact."""
        return self._traits.get(name)

    def of_account(self, name: str) -> object:
        """A trait of their account."""
        return self._account.get(name)

    def events(self, name: str) -> tuple[Event, ...]:
        """What they did: nothing."""
        return ()

    def received(self, name: str, since: datetime | None) -> bool:
        """Whether they got a message: none."""
        return False


def shop_scope(config: Config) -> dict[str, str]:
    """The shop as templates see it, as `project`."""
    shop = config.project
    return {
        "name": shop.name,
        "postal_address": shop.postal_address,
        "website": shop.website or f"{config.public_url}/shop",
        "currency": shop.currency,
        "timezone": shop.timezone,
        "locale": shop.locale,
    }


def sample_scope(config: Config, journey: Mapping[str, object], locale: str) -> dict[str, object]:
    """Everything that a template may ask for, for a project's made-up customer.

    Links are signed with a key that nobody uses: as long as real ones, and refused by the pages
    behind them.
    """
    shop = shop_scope(config)
    return sample_context(
        shop, journey, LinkSigner("preview", config.public_url), shop["website"], locale
    )


def with_questions(
    scope: Mapping[str, object], segments: Mapping[str, Callable[[Scope], bool]]
) -> dict[str, object]:
    """The same, with a customer whom the functions of the language can ask about."""
    return {
        **scope,
        "scope": Scope(SampleReader(scope), NOW, segments=segments),
    }


def sample_context(
    project: Mapping[str, object],
    journey: Mapping[str, object],
    signer: LinkSigner,
    website: str,
    locale: str = "en",
) -> dict[str, object]:
    """Everything a template may ask for, filled in. `project` and `journey` are passed through as
    they are.

    The links carry the message id `preview`, so the pages behind them answer that they do not know
    it.
    """
    now = NOW
    offer = {
        "code": "NORD-7K2M-X4",
        "percent": 10,
        "currency": "EUR",
        "expires_at": now + timedelta(days=14),
    }
    return {
        "customer": {
            "first_name": "Camille" if locale.startswith("fr") else "Ada",
            "last_name": "Lindqvist",
            "email": "ada@example.com",
            "locale": locale,
            "timezone": "Europe/Paris",
            "consent": {"email": True, "phone": True},
            "orders": 3,
            "last_order_at": now - timedelta(days=95),
            "favourite": "lighting",
        },
        "account": {"id": "acme", "name": "Acme", "plan": "trial", "employees": 12},
        "entry": {
            "at": now,
            "value": 214,
            "currency": "EUR",
            "products": _products(website, locale),
            "role": "referrer",
            "code": "NORD-7K2M-X4",
            "amount": 10,
            "minimum": 40,
            "expires_at": (now + timedelta(days=180)).isoformat(),
        },
        "item": _products(website, locale)[0],
        "vars": {
            "answer": {"survey": "nps", "score": 9, "answer": "discount"},
            "discount": 15,
            "gift": 10,
            "minimum": 40,
        },
        "coupon": offer,
        "journey": dict(journey),
        "project": dict(project),
        "links": Links(signer, "preview", "preview", website, {}),
    }


def _products(website: str, locale: str) -> list[dict[str, object]]:
    """What lies in the cart, with addresses and pictures as a shop sends them."""
    products = _PRODUCTS_FR if locale.startswith("fr") else _PRODUCTS
    return [
        {
            **product,
            "url": f"{website}/products/{product['product_id']}",
            "image_url": pictures.inline(str(product["product_id"])),
        }
        for product in products
    ]
