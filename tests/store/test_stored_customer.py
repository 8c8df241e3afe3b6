"""What nobody has opened of a customer's row goes back as the very text that was read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.domain.consent import ConsentKey
from orchestrator.domain.lifecycle import Lifecycle
from orchestrator.domain.state import CustomerState, Membership
from orchestrator.store.columns import dump_json
from orchestrator.store.stored_customer import StoredCustomer
from tests.support.life import START
from tests.support.random_lives import PARIS

AT = START.isoformat()
CHOICES = {"email": {"granted": True, "at": AT, "source": "form"}}
SEGMENTS, TIMES = {"vip": ["inside", AT]}, {"plan": AT}
STORED: tuple[Any, Any, Any] = dump_json(CHOICES), dump_json(SEGMENTS), dump_json(TIMES)


def read_customer() -> StoredCustomer:
    consent, segments, trait_times = STORED
    return StoredCustomer(
        "ada",
        Lifecycle((), ()),
        PARIS,
        consent=consent,
        segments=segments,
        trait_times=trait_times,
    )


def test_what_nobody_asked_about_is_the_text_that_was_read() -> None:
    assert read_customer().unopened() == STORED


@pytest.mark.parametrize(
    ("change", "position", "now"),
    [
        (lambda ada: ada.consent.pop("email"), 0, {}),
        (lambda ada: ada.segments.pop("vip"), 1, None),
        (lambda ada: ada.trait_times.update(city=AT), 2, {**TIMES, "city": AT}),
    ],
)
def test_what_was_opened_goes_back_as_it_is_now(
    change: Callable[[CustomerState], object], position: int, now: object
) -> None:
    ada = read_customer()
    change(ada)
    assert ada.unopened()[position] == now
    assert [n for n in range(3) if ada.unopened()[n] != STORED[n]] == [position]


def test_it_reads_as_any_other_customer() -> None:
    ada = read_customer()
    assert ada.chosen(ConsentKey("email")) is True
    assert ada.segments == {"vip": Membership("inside", START)}
    assert ada.trait_times == TIMES
    seen = ada.as_of_now()
    ada.consent.clear()
    assert seen.chosen(ConsentKey("email")) is True
