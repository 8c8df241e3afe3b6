"""Exact meaning, 1: who may enter a journey, and when again."""

from __future__ import annotations

import pytest

from orchestrator.domain.effects import DecisionKind
from tests.support.life import Life
from tests.support.project import read_program

CART_WITH_REENTRY = """
journey: cart
trigger: {event: Product Added}
reentry: %s
steps:
  - email: reminder
"""
LONG = """
journey: cart
trigger: {event: Product Added}
reentry: %s
on_repeat: %s
steps:
  - delay: 1h
  - email: reminder
"""


def ignored(life: Life) -> list[tuple[str, str]]:
    return life.decisions(DecisionKind.IGNORED)


def test_a_new_entry_is_allowed_at_exactly_the_last_entry_plus_after() -> None:
    life = Life(read_program(CART_WITH_REENTRY % "{after: 7d}"))
    life.track("0h", "Product Added")
    life.track("6d 23h 59m 59s", "Product Added")
    life.track("7d", "Product Added")
    life.run()
    assert life.sends == [("0s", "reminder"), ("7d", "reminder")]
    assert ignored(life) == [("6d 23h 59m 59s", "entered too recently")]


def test_after_is_counted_from_entry_to_entry_and_ignored_triggers_do_not_count() -> None:
    life = Life(read_program(CART_WITH_REENTRY % "{after: 7d}"))
    for at in ("0h", "4d", "8d", "14d", "15d"):
        life.track(at, "Product Added")
    life.run()
    assert [at for at, _ in life.sends] == ["0s", "8d", "15d"]


def test_never_means_once_in_a_life() -> None:
    life = Life(read_program(CART_WITH_REENTRY % "never"))
    life.track("0h", "Product Added")
    life.track("300d", "Product Added")
    life.run()
    assert [at for at, _ in life.sends] == ["0s"]


def test_always_lets_in_again_as_soon_as_the_last_passage_is_over() -> None:
    life = Life(read_program(CART_WITH_REENTRY % "always"))
    for at in ("0h", "1s", "2s"):
        life.track(at, "Product Added")
    life.run()
    assert [at for at, _ in life.sends] == ["0s", "1s", "2s"]


def test_at_the_very_instant_an_enrollment_ends_it_still_counts_as_open() -> None:
    life = Life(read_program(LONG % ("always", "ignore")))
    life.track("0h", "Product Added")
    life.track("1h", "Product Added")  # the first ends at this instant
    life.track("1h 1s", "Product Added")
    life.run()
    assert [at for at, _ in life.sends] == ["1h", "2h 1s"]
    assert ignored(life) == [("1h", "already inside")]


def test_it_still_counts_as_open_when_the_trigger_comes_in_the_next_tick() -> None:
    life = Life(read_program(LONG % ("always", "ignore")))
    life.track("0h", "Product Added")
    life.run("1h")
    life.track("1h", "Product Added")
    life.run()
    assert [at for at, _ in life.sends] == ["1h"]


def test_an_exit_at_the_instant_of_a_trigger_leaves_the_trigger_ignored() -> None:
    text = (
        LONG % ("always", "ignore") + "exit:\n  - event: Product Added\n    if: event.price == 0\n"
    )
    life = Life(read_program(text))
    life.track("0h", "Product Added", price=1)
    life.track("30m", "Product Added", price=0)
    life.run()
    assert life.left == [("30m", "exited", "Product Added")]
    assert ignored(life) == [("30m", "already inside")]


def test_a_trigger_while_one_is_open_is_ignored_and_counted() -> None:
    life = Life(read_program(LONG % ("always", "ignore")))
    life.track("0h", "Product Added")
    life.track("10m", "Product Added")
    life.run()
    assert [at for at, _ in life.sends] == ["1h"]
    assert ignored(life) == [("10m", "already inside")]


def test_restart_begins_the_steps_anew_with_the_new_entry() -> None:
    text = """
journey: cart
trigger: {event: Product Added}
on_repeat: restart
steps:
  - delay: 1h
  - branch:
      - if: entry.price >= 20
        then:
          - email: dear
      - else:
          - email: cheap
"""
    life = Life(read_program(text))
    life.track("0h", "Product Added", price=10)
    life.track("50m", "Product Added", price=80)
    life.run()
    assert life.sends == [("1h 50m", "dear")]
    assert life.decisions(DecisionKind.RESTARTED) == [("50m", "again: 2")]


def test_if_and_only_if_see_the_customer_after_the_event_is_applied() -> None:
    text = """
journey: first-order
trigger: {event: Order Completed, if: customer.orders == 1}
only_if: customer.orders == 1 and customer.stage == "new_customer"
reentry: always
steps:
  - email: thanks
"""
    life = Life(read_program(text))
    life.track("0h", "Order Completed")
    life.track("1d", "Order Completed")
    life.run()
    assert [at for at, _ in life.sends] == ["0s"]


def test_only_if_at_entry_keeps_out_with_its_reason() -> None:
    life = Life(read_program(CART_WITH_REENTRY % "always" + "only_if: customer.vip\n"))
    life.track("0h", "Product Added")
    life.run()
    assert life.sends == []
    assert ignored(life) == [("0s", "only_if: customer.vip")]


def test_an_entry_that_only_if_refused_does_not_count_as_one() -> None:
    life = Life(read_program(CART_WITH_REENTRY % "{after: 7d}" + "only_if: customer.vip\n"))
    life.track("0h", "Product Added")
    life.identify("1h", vip=True)
    life.track("1d", "Product Added")
    life.run()
    assert [at for at, _ in life.sends] == ["1d"]


def test_two_triggers_that_match_one_event_let_in_once() -> None:
    text = """
journey: cart
trigger:
  - {event: Product Added}
  - {event: Product Added, if: event.price > 10}
reentry: always
steps:
  - email: reminder
"""
    life = Life(read_program(text))
    life.track("0h", "Product Added", price=20)
    life.run()
    assert life.sends == [("0s", "reminder")]


def test_a_stage_triggers_on_entering_it_also_the_first_and_only_from_where_it_says() -> None:
    text = "journey: %s\ntrigger: {stage: %s}\nsteps:\n  - email: %s\n"
    life = Life(
        read_program(
            text % ("hello", "prospect", "hello"),
            text % ("back", "new_customer, from: inactive", "back"),
            text % ("first", "new_customer, from: prospect", "first"),
        )
    )
    life.track("1h", "Order Completed")
    life.run("10d")
    assert life.sends == [("-1s", "hello"), ("1h", "first")]


def test_a_stage_that_time_brings_triggers_at_its_exact_instant() -> None:
    life = Life(read_program("journey: win\ntrigger: {stage: inactive}\nsteps:\n  - email: back\n"))
    life.track("3h", "Order Completed")
    life.run("100d")
    assert life.sends == [("90d 3h", "back")]


def test_a_schedule_lets_in_its_segment_at_every_instant_of_the_cron() -> None:
    text = """
journey: letter
trigger: {schedule: "0 9 * * mon", timezone: Europe/Paris, segment: buyers}
reentry: always
steps:
  - email: letter
"""
    program = read_program(text, segments="segments:\n  buyers: customer.orders >= 1\n")
    life = Life(program)
    life.track("8d", "Order Completed")  # Tuesday
    life.run("22d")
    assert [at for at, _ in life.sends] == ["13d 22h", "20d 22h"]


def test_a_start_by_hand_lets_in_with_its_properties() -> None:
    text = """
journey: gift
trigger: manual
steps:
  - branch:
      - if: entry.size == "big"
        then:
          - email: big
"""
    life = Life(read_program(text))
    life.start("1h", "gift", size="big")
    life.run("1d")
    assert life.sends == [("1h", "big")]


@pytest.mark.parametrize("reentry", ["never", "{after: 30d}"])
def test_holdout_entries_count(reentry: str) -> None:
    life = Life(read_program(CART_WITH_REENTRY % reentry + "holdout: 100%\n"))
    life.track("0h", "Product Added")
    life.track("20d", "Product Added")
    life.run()
    assert [at for at, _ in life.decisions(DecisionKind.ENTERED)] == ["0s"]
    assert len(ignored(life)) == 1
