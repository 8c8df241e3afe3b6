"""The programmes that come with Parcours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SHIPPED = Path(__file__).parent / "shipped"  # the programmes of the sample shop


@dataclass(frozen=True, slots=True)
class Playbook:
    """A programme: what it does, its journeys, and whether they ask a survey of the project's."""

    about: str
    journeys: tuple[str, ...]
    asks: bool = False


PLAYBOOKS: Mapping[str, Playbook] = {
    "welcome": Playbook("greets new members, with a code for the first order", ("welcome",)),
    "cart-abandonment": Playbook(
        "brings back shoppers who left a cart, within the day", ("cart-abandonment",)
    ),
    "win-back": Playbook(
        "invites back customers who fell silent, and asks which offer they would like",
        ("win-back",),
        asks=True,
    ),
    "referral": Playbook(
        "asks loyal customers to invite a friend, and rewards both",
        ("referral-invite", "referral-reward", "reward-mail"),
    ),
    "nps": Playbook("asks for a score after an order, and answers to it", ("nps", "nps-apology")),
}
