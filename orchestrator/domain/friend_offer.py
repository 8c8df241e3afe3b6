"""What an invited friend gets, as far as it can be said before they are a customer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.domain.effects import Receiver
from orchestrator.domain.expression import Value
from orchestrator.domain.journey import Journey
from orchestrator.domain.steps.offers import Offer, Reward
from orchestrator.domain.values import is_number


@dataclass(frozen=True, slots=True)
class FriendOffer:
    """At most one of percent and amount; neither where the worth is computed for each customer."""

    percent: float | None = None
    amount: float | None = None
    currency: str | None = None
    minimum: float | None = None

    @classmethod
    def of(cls, offer: Offer) -> FriendOffer:
        """What of an offer holds for everybody."""
        return cls(_fixed(offer.percent), _fixed(offer.amount), offer.currency, offer.minimum)


def find_friend_offer(journeys: Iterable[Journey]) -> FriendOffer | None:
    """What an invited friend gets: the first reward to the customer whose journey also rewards the
    referrer.
    """
    for journey in journeys:
        rewards = [step for step in journey.walk_steps() if isinstance(step, Reward)]
        if {reward.to for reward in rewards} == set(Receiver):
            offers = (reward.offer for reward in rewards if reward.to is Receiver.CUSTOMER)
            return FriendOffer.of(next(offers))
    return None


def _fixed(value: Value | None) -> float | None:
    return value.source if value is not None and is_number(value.source) else None
