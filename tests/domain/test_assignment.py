"""A customer's number in a split is theirs for good: also in the next version of Parcours."""

from __future__ import annotations

import pytest

from orchestrator.domain.assignment import choose, draw


@pytest.mark.parametrize(
    ("customer", "number"),
    [("ada", 54.425253932795016), ("bob", 73.50580843221066), ("", 81.70944945388567)],
)
def test_the_number_of_a_customer_never_changes(customer: str, number: float) -> None:
    assert draw("welcome", "split", customer) == pytest.approx(number, abs=1e-9)


@pytest.mark.parametrize(("share", "variant"), [(54.3, "other"), (54.5, "one")])
def test_a_variant_is_given_to_whose_number_lies_below_its_share(
    share: float, variant: str
) -> None:
    assert choose([("one", share), ("other", 100 - share)], "welcome", "split", "ada") == variant
