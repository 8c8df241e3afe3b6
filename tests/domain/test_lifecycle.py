"""Facts and stages: counted from events in whatever order, changed at exact instants, for a
cause that is told.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.event import Kind
from orchestrator.domain.timeline import recount
from tests.support.life import Life, instant
from tests.support.project import CONSENTING, LIFECYCLE, read_program

FACTS = """
lifecycle: facts
facts:
  orders:     {count: Order Completed, minus: Order Refunded}
  big_orders: {count: Order Completed, if: event.total >= 100}
  revenue:    {sum: Order Completed, of: total, minus: Order Refunded}
  first_at:   {first: Order Completed}
  last_at:    {last: Order Completed}
  seen_at:    {last: any event}
  total:      {latest: Order Completed, of: total}
  brands:     {unique: Order Completed, of: "products[].brand", minus: Order Refunded}
  favourite:  {most_frequent: Order Completed, of: "products[].brand", minus: Order Refunded}
  orders_10d: {count: Order Completed, within: 10d, minus: Order Refunded}
  spent_10d:  {sum: Order Completed, of: total, within: 10d}
  last_10d:   {latest: Order Completed, of: total, within: 10d}
"""
NAMES = (
    "orders", "big_orders", "revenue", "first_at", "last_at", "seen_at", "total", "brands",
    "favourite", "orders_10d", "spent_10d", "last_10d",
)  # fmt: skip
HISTORY: list[tuple[str, str, dict[str, Any]]] = [
    ("1h", "Order Completed", {"total": 120, "products": [{"brand": "b"}, {"brand": "a"}]}),
    ("2h", "Order Completed", {"total": "30.5", "products": [{"brand": "a"}, {"brand": "c"}]}),
    ("3h", "Order Refunded", {"total": 30.5, "products": [{"brand": "c"}]}),
    ("4h", "Page Left", {}),
]


def read(life: Life, at: str) -> dict[str, Any]:
    return {name: life.state.get(name, instant(at)) for name in NAMES}


def test_every_kind_of_fact_is_kept_from_events() -> None:
    life = Life(read_program(lifecycle=FACTS))
    for at, name, properties in HISTORY:
        life.track(at, name, **properties)
    life.run("5h")
    assert read(life, "5h") == {
        "orders": 1,
        "big_orders": 1,
        "revenue": 120.0,
        "first_at": instant("1h"),
        "last_at": instant("2h"),
        "seen_at": instant("4h"),
        "total": "30.5",
        "brands": 2,
        "favourite": "a",
        "orders_10d": 1,
        "spent_10d": 150.5,
        "last_10d": "30.5",
    }


def test_of_nothing_counts_and_sums_are_zero_and_the_rest_is_undefined() -> None:
    life = Life(read_program(lifecycle=FACTS))
    life.run("1h")
    zero = {"orders", "big_orders", "revenue", "brands", "orders_10d", "spent_10d"}
    assert read(life, "1h") == {name: 0 if name in zero else None for name in NAMES}


@pytest.mark.parametrize("total", ["nan", "inf", "1" * 400, "much", True, [], {}])
def test_a_total_that_is_no_number_spoils_no_sum(total: Any) -> None:
    life = Life(read_program(lifecycle=FACTS))
    life.track("1h", "Order Completed", total=total)
    life.track("2h", "Order Completed", total=7)
    life.run("3h")
    assert life.state.get("revenue", instant("3h")) == 7


def test_events_out_of_order_give_the_same_facts() -> None:
    program = read_program(lifecycle=FACTS)
    results = []
    for order in permutations(HISTORY):
        life = Life(program)
        life.run("5h")
        for at, name, properties in order:
            life.track(at, name, **properties)
            life.run("6h")
        results.append(read(life, "6h"))
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize(
    ("at", "count"), [("10d 59m 59.999999s", 1), ("10d 1h", 0), ("1h", 1), ("59m 59s", 0)]
)
def test_an_event_leaves_a_window_at_exactly_its_time_plus_the_window(at: str, count: int) -> None:
    after = instant(at)
    life = Life(read_program(lifecycle=FACTS))
    life.track("1h", "Order Completed", total=7)
    life.run("1h")
    assert life.state.get("orders_10d", after) == count
    assert life.state.get("spent_10d", after) == 7 * count


def test_what_parcours_emits_is_no_activity() -> None:
    text = (
        "journey: r\ntrigger: {event: Joined}\nsteps:\n  - delay: 1h\n  - reward: {to: "
        "customer, amount: 5}\n"
    )
    life = Life(read_program(text, lifecycle=FACTS))
    life.identify("-1s", referred_by="bob")
    life.track("0h", "Joined")
    life.run("1d")
    assert life.state.get("seen_at", instant("1d")) == instant("0h")


# ---------------------------------------------------------------- stages


def test_stages_move_at_the_exact_instant_by_events_and_by_time() -> None:
    life = Life(read_program())
    life.track("1h", "Order Completed")
    life.track("2d", "Order Completed")
    life.track("200d", "Order Completed")
    life.track("201d", "Order Refunded")
    life.run("250d")
    assert life.stages == [
        ("-1s", "prospect", "event"),
        ("1h", "new_customer", "event"),
        ("2d", "loyal", "event"),
        ("92d", "inactive", "time"),
        ("200d", "loyal", "event"),
    ]
    assert life.state.stage_since == instant("200d")


def test_a_stage_over_a_window_changes_at_the_instant_the_event_leaves_it() -> None:
    lifecycle = """
lifecycle: windows
facts:
  orders_10d: {count: Order Completed, within: 10d}
stages:
  - {stage: busy, if: customer.orders_10d >= 2}
  - {stage: fresh, if: "performed('Order Completed', within='30d')"}
  - {stage: due, if: customer.trial_ends_at <= now}
  - {stage: other, if: true}
"""
    life = Life(read_program(lifecycle=lifecycle))
    life.identify("0s", trial_ends_at="2026-02-20T00:00:00Z")
    life.track("1h", "Order Completed")
    life.track("2h", "Order Completed")
    life.run("100d")
    assert life.stages == [
        ("-1s", "other", "event"),
        ("1h", "fresh", "event"),
        ("2h", "busy", "event"),
        ("10d 1h", "fresh", "time"),
        ("30d 2h", "other", "time"),
        ("45d 14h", "due", "time"),
    ]


HELLO_AT_A_STAGE = "journey: %s\ntrigger: {stage: %s}\nreentry: always\nsteps:\n  - email: %s\n"


def test_imported_history_triggers_nothing_also_not_by_time_changes_before_the_import() -> None:
    program = read_program(
        *(
            HELLO_AT_A_STAGE % (name, stage, name)
            for name, stage in (("new", "new_customer"), ("win", "inactive"))
        )
    )
    life = Life(program, traits=None)
    life.import_event("0h", "Order Completed")
    life.run("100d", history_until="100d")
    assert life.stages == [("0s", "new_customer", "import"), ("90d", "inactive", "import")]
    assert life.sends == []


def test_time_changes_after_the_import_do_trigger() -> None:
    life = Life(read_program(HELLO_AT_A_STAGE % ("win", "inactive", "win")), traits=None)
    life.tell("0h", Kind.IDENTIFY, "", {"email": "a@example.com"}, starts=False)
    life.import_event("0h", "Order Completed")
    life.run("50d", history_until="50d")
    life.run("100d")
    assert life.stages[-1] == ("90d", "inactive", "time")
    assert life.sends == [("90d", "win")]


EDITED = LIFECYCLE.replace(">= 90", ">= 30")


def edit(life: Life, lifecycle: str, *journeys: str) -> None:
    """What happens when a project is started with other rules: facts counted anew from the whole
    past.
    """
    life.program = read_program(*journeys, lifecycle=lifecycle)
    life.state.lifecycle = life.program.lifecycle
    recount(life.program, life.state, life.heard)
    life.rules_edited = True


def test_an_edited_rule_changes_stages_for_that_cause_and_triggers_nothing() -> None:
    journey = HELLO_AT_A_STAGE % ("win", "inactive", "win")
    life = Life(read_program(journey))
    life.track("0h", "Order Completed")
    life.run("50d")
    edit(life, EDITED, journey)
    life.run("50d 1h")
    assert life.stages[-1][1:] == ("inactive", "rule")
    assert life.sends == []


def test_time_that_passed_before_an_edit_is_the_edits_doing_too() -> None:
    """Nobody looked at this customer since their order: the new rule held weeks before the edit."""
    journey = HELLO_AT_A_STAGE % ("win", "inactive", "win")
    life = Life(read_program(journey))
    life.track("0h", "Order Completed")
    life.run("1h")
    edit(life, EDITED, journey)
    life.run("50d")
    assert life.stages[-1][1:] == ("inactive", "rule")
    assert life.sends == []


def test_after_an_edit_life_goes_on_as_before() -> None:
    journey = HELLO_AT_A_STAGE % ("win", "inactive", "win")
    life = Life(read_program(journey))
    life.track("0h", "Order Completed")
    life.run("1h")
    edit(life, EDITED, journey)
    life.run("2h")
    life.run("40d")
    assert life.sends == [("30d", "win")]


def test_an_edited_fact_is_counted_anew_from_the_whole_past() -> None:
    life = Life(read_program())
    for at in ("0h", "1h", "2h"):
        life.track(at, "Order Completed", total=60)
    life.run("3h")
    edit(life, LIFECYCLE.replace("minus: Order Refunded}", "if: event.total >= 100}"))
    life.run("4h")
    assert life.state.get("orders", instant("4h")) == 0
    assert life.stages[-1][1:] == ("prospect", "rule")


@given(
    st.lists(
        st.tuples(
            st.integers(0, 400_000_000),  # milliseconds: some days
            st.sampled_from(["Order Completed", "Order Refunded", "Other"]),
            st.integers(0, 3),
        ),
        max_size=12,
    ),
    st.integers(0, 800_000_000),
)
def test_facts_are_what_one_would_count_by_hand(
    history: list[tuple[int, str, int]], asked_ms: int
) -> None:
    program = PROGRAM
    life = Life(program)
    for at_ms, name, total in history:
        life.track(instant("0s") + timedelta(milliseconds=at_ms), name, total=total)
    life.run("5d")
    now = max(instant("5d"), instant("0s") + timedelta(milliseconds=asked_ms))
    orders = [(at, total) for at, name, total in history if name == "Order Completed"]
    refunds = [(at, total) for at, name, total in history if name == "Order Refunded"]
    since = (now - instant("0s")) / timedelta(milliseconds=1) - 10 * 86_400_000
    recent = [(at, total) for at, total in orders if at > since]
    assert life.state.get("orders", now) == len(orders) - len(refunds)
    assert life.state.get("revenue", now) == sum(t for _, t in orders) - sum(t for _, t in refunds)
    assert life.state.get("orders_10d", now) == len(recent) - len(
        [at for at, _ in refunds if at > since]
    )
    assert life.state.get("spent_10d", now) == sum(total for _, total in recent)


PROGRAM = read_program(lifecycle=FACTS, toml=CONSENTING)
