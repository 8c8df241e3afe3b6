"""What a coupon or a reward is worth, in words."""

from __future__ import annotations

import pytest

from tests.support.project import read_program


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        ("{percent: 10}", "10%"),
        ("{percent: 10, expires: 3d}", "10%, for 3 d"),
        ("{amount: 5, currency: EUR}", "5 EUR"),
    ],
)
def test_an_offer_is_told_in_percent_or_in_its_currency(offer: str, words: str) -> None:
    text = f"journey: thanks\ntrigger: {{event: A}}\nsteps: [{{coupon: {offer}}}]\n"
    (step,) = read_program(text).journeys["thanks"].steps
    assert step.words().endswith(words)
