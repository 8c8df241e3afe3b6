"""One life that cannot be run: a fault of ours, which must cost nobody else anything."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.domain.program import plain_code
from orchestrator.domain.state import CustomerState
from orchestrator.engine import standing
from orchestrator.engine.report import Held

JOURNEY = """
journey: gift
trigger: {event: Signed Up}
steps:
  - coupon: {percent: 10}
  - email: hello
"""


def break_for_ada(key: str) -> str:
    """Coupon codes for everybody but ada."""
    if key.startswith("ada:"):
        raise ZeroDivisionError
    return plain_code(key)


def unwritable_for_ada(key: str) -> str:
    """Codes that no database can hold, for ada."""
    return "\ud800" if key.startswith("ada:") else plain_code(key)


@pytest.mark.parametrize("code", [break_for_ada, unwritable_for_ada], ids=["run", "written"])
def test_a_life_that_cannot_be_run_or_written_holds_up_nobody_else_and_is_tried_again_later(
    open_shop: Any, caplog: pytest.LogCaptureFixture, code: Callable[[str], str]
) -> None:
    shop = open_shop(JOURNEY)
    for user in ("ada", "bob"):
        shop.identify("0h", user, email=f"{user}@example.com")
        shop.track("0h", "Signed Up", user)
    shop.use(program=replace(shop.context.program, coupon_code=code))
    report = shop.tick("1m")
    assert shop.delivered() == ["hello"]
    assert report.journeys["gift"].entered == 1
    assert len(shop.rows("SELECT reason FROM decisions WHERE kind = 'stuck'")) == 1
    assert "ada@example.com" not in caplog.text

    shop.use(program=replace(shop.context.program, coupon_code=plain_code))
    shop.clock.advance(timedelta(hours=2))
    shop.tick(shop.clock.now())
    assert shop.delivered() == ["hello", "hello"]


@pytest.mark.parametrize(
    "computed", ["entry.number | int", "-entry.number", "entry.number | round(-1)"]
)
def test_a_number_that_no_database_can_hold_stops_nobody(open_shop: Any, computed: str) -> None:
    steps = f'steps:\n  - set: {{n: "{{{{ {computed} }}}}"}}\n  - email: hello\n'
    shop = open_shop("journey: sum\ntrigger: {event: Signed Up}\n" + steps)
    for user, number in (("ada", 2**64 - 1), ("bob", 1e300), ("cy", "1e300"), ("dan", "nan")):
        shop.identify("0h", user, email=f"{user}@example.com")
        shop.track("0h", "Signed Up", user, number=number)
    shop.tick("1m")
    assert shop.delivered() == ["hello"] * 4


def test_the_lives_of_a_batch_are_gone_behind_it_without_the_collector(open_shop: Any) -> None:
    shop = open_shop("journey: gift\ntrigger: {event: Signed Up}\nsteps:\n  - set: {n: 1}\n")
    for user in ("ada", "bob"):
        shop.identify("0h", user, email=f"{user}@example.com")
        shop.track("0h", "Signed Up", user)
    gc.collect()
    gc.disable()
    try:
        assert shop.tick("1m").journeys["gift"].completed == 2
        assert not [one for one in gc.get_objects() if isinstance(one, CustomerState)]
    finally:
        gc.enable()


def test_a_report_counts_the_steps_that_were_due_and_no_others(open_shop: Any) -> None:
    waiting = "journey: wait\ntrigger: {event: Viewed}\nsteps:\n  - delay: 1d\n  - email: hello\n"
    shop = open_shop(waiting)
    for name in ("ada", "bob"):
        shop.identify("0s", name)
    shop.track("0s", "Viewed", "ada")
    shop.track("1h", "Viewed", "bob")
    assert shop.tick("2h").journeys["wait"].due == 0
    assert shop.tick("1d").journeys["wait"].due == 1
    assert shop.tick("1d 1h").journeys["wait"].due == 1


def test_a_step_of_a_journey_on_hold_is_not_counted_as_due(open_shop: Any) -> None:
    waiting = "journey: {}\ntrigger: {{event: Viewed}}\nsteps:\n  - delay: 1d\n  - email: hello\n"
    shop = open_shop(waiting.format("held"), waiting.format("free"))
    shop.identify("0s")
    shop.track("0s", "Viewed")
    shop.tick("1m")
    standing.hold(shop.context, Held(journeys=frozenset({"held"})), shop.clock.now())
    shop.track("1d", "Seen")
    report = shop.tick("1d")
    assert (report.journey("held").due, report.journey("free").due) == (0, 1)
