"""What a page may promise to an invited friend."""

from __future__ import annotations

import pytest

from orchestrator.domain.friend_offer import FriendOffer, find_friend_offer
from tests.support.project import read_program

REFERRAL = """
journey: referral
trigger: {event: Order Completed}
steps:
  - reward: {id: theirs, to: referrer, amount: 10, currency: EUR}
  - reward: {id: ours, to: customer, %s}
"""
ALONE = """
journey: alone
trigger: {event: Order Completed}
steps: [{reward: {to: customer, percent: 50}}]
"""


@pytest.mark.parametrize(
    ("worth", "offer"),
    [
        ("percent: 5, minimum: 30", FriendOffer(percent=5, minimum=30)),
        ("amount: 7, currency: CHF", FriendOffer(amount=7, currency="CHF")),
        ('percent: "{{ customer.level }}"', FriendOffer()),  # another for each customer
    ],
)
def test_a_friend_gets_what_the_journey_that_rewards_both_sides_gives_to_everybody(
    worth: str, offer: FriendOffer
) -> None:
    program = read_program(ALONE, REFERRAL % worth)
    assert find_friend_offer(program.journeys.values()) == offer


def test_a_journey_that_rewards_one_side_promises_nothing_to_a_friend() -> None:
    assert find_friend_offer(read_program(ALONE).journeys.values()) is None
