"""The order of what happens at one instant, and of what arrives out of order."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestrator.domain.effects import Decision, DecisionKind
from orchestrator.domain.walk import MOVES_MAX
from tests.support.life import Life, instant
from tests.support.project import CONSENTING, read_program


def test_identify_comes_before_the_events_of_its_instant_whatever_arrived_first() -> None:
    text = "journey: hi\ntrigger: {event: Joined, if: customer.vip}\nsteps:\n  - email: hi\n"
    life = Life(read_program(text))
    life.track("0h", "Joined")
    life.identify("0h", vip=True)
    life.run()
    assert life.sends == [("0s", "hi")]


def test_events_of_one_instant_are_taken_in_order_of_arrival() -> None:
    text = """
journey: hi
trigger: {event: Joined}
on_repeat: restart
steps:
  - delay: 1h
  - branch:
      - if: entry.number == 2
        then:
          - email: second
      - else:
          - email: first
"""
    life = Life(read_program(text))
    life.track("0h", "Joined", number=1)
    life.track("0h", "Joined", number=2)
    life.run()
    assert life.sends == [("1h", "second")]


def test_every_event_of_an_instant_is_counted_before_the_stage_is_asked() -> None:
    life = Life(read_program())
    life.track("1h", "Order Completed")
    life.track("1h", "Order Completed")
    life.run("2h")
    assert life.stages == [("-1s", "prospect", "event"), ("1h", "loyal", "event")]


def test_exits_come_before_entries_and_entries_before_due_steps() -> None:
    old = (
        "journey: old\ntrigger: {event: A}\nexit: [{event: B}]\nsteps:\n  - delay: 1h\n  - "
        "email: old\n"
    )
    new = "journey: new\ntrigger: {event: B}\nsteps:\n  - email: new\n"
    life = Life(read_program(old, new))
    life.track("0h", "A")
    life.track("1h", "B")
    life.run()
    kinds = [(e.kind, e.journey) for e in life.of(Decision) if e.at == instant("1h")]
    assert kinds == [
        (DecisionKind.LEFT, "old"),
        (DecisionKind.ENTERED, "new"),
        (DecisionKind.QUEUED, "new"),
        (DecisionKind.LEFT, "new"),
    ]


def test_due_steps_go_by_due_time_before_priority() -> None:
    text = "journey: %s\npriority: %d\ntrigger: {event: A}\nsteps:\n  - delay: %s\n  - email: %s\n"
    toml = CONSENTING + '[caps]\nemail = ["1/day"]\n'
    life = Life(
        read_program(text % ("a", 1, "59m", "early"), text % ("b", 99, "1h", "late"), toml=toml)
    )
    life.track("0h", "A")
    life.run()
    assert life.sends == [("59m", "early"), ("1d 59m", "late")]


def test_what_a_step_makes_due_at_once_runs_in_the_same_instant() -> None:
    text = """
journey: many
trigger: {event: A}
steps:
  - set: {x: 1}
  - branch:
      - if: vars.x == 1
        then:
          - update: {vip: true}
  - email: one
  - email: two
"""
    life = Life(read_program(text))
    life.track("0h", "A")
    life.run()
    assert life.sends == [("0s", "one"), ("0s", "two")]


def test_what_a_step_does_to_the_customer_is_seen_by_stages_and_entries_of_the_same_instant() -> (
    None
):
    lifecycle = """
lifecycle: vips
stages:
  - {stage: vip, if: customer.vip}
  - {stage: other, if: true}
"""
    mark = "journey: mark\ntrigger: {event: A}\nsteps:\n  - update: {vip: true}\n"
    hail = "journey: hail\ntrigger: {stage: vip}\nsteps:\n  - email: hail\n"
    life = Life(read_program(mark, hail, lifecycle=lifecycle))
    life.track("1h", "A")
    life.run()
    assert life.stages == [("-1s", "other", "event"), ("1h", "vip", "time")]
    assert life.sends == [("1h", "hail")]


def test_at_most_a_hundred_moves_are_made_at_once() -> None:
    steps = "".join(f"  - email: {{id: m{n}, template: hello}}\n" for n in range(MOVES_MAX + 20))
    life = Life(read_program(f"journey: flood\ntrigger: {{event: A}}\nsteps:\n{steps}"))
    life.track("0h", "A")
    life.run()
    assert len(life.sends) == MOVES_MAX == 100
    assert life.left == [("0s", "exited", "more than 100 steps in one instant")]


# ---------------------------------------------------------------- late events, live

CART_ONCE = """
journey: cart
trigger: {event: Product Added}
exit: [{event: Order Completed}]
steps:
  - delay: 1h
  - email: reminder
"""


def test_a_late_event_enters_at_its_own_time_and_what_is_overdue_is_done_now() -> None:
    life = Life(read_program(CART_ONCE))
    life.run("3h", late=True)
    life.track("90m", "Product Added")
    life.run("4h", late=True)
    assert life.decisions(DecisionKind.ENTERED) == [("1h 30m", "")]
    assert life.sends == [("4h", "reminder")]


def test_of_two_late_events_each_counts_at_its_own_time() -> None:
    """The cart and the order that emptied it arrive together, later than both happened."""
    life = Life(read_program(CART_ONCE))
    life.run("3h", late=True)
    life.track("90m", "Product Added")
    life.track("95m", "Order Completed")
    life.run("4h", late=True)
    assert life.sends == []
    assert [reason for _, _, reason in life.left] == ["Order Completed"]


def test_late_events_are_taken_by_their_own_time_whatever_arrived_first() -> None:
    life = Life(read_program(CART_ONCE))
    life.run("3h", late=True)
    life.track("95m", "Order Completed")
    life.track("90m", "Product Added")
    life.run("4h", late=True)
    assert life.sends == []


def test_a_late_trigger_within_a_passage_that_is_known_is_ignored() -> None:
    life = Life(read_program(CART_ONCE + "reentry: always\n"))
    life.track("0h", "Product Added")
    life.run("30m", late=True)
    life.track("10m", "Product Added")
    life.run("1h", late=True)
    assert life.sends == [("1h", "reminder")]
    assert life.decisions(DecisionKind.IGNORED) == [("10m", "already inside")]


def test_a_late_trigger_before_the_last_entry_starts_nothing() -> None:
    life = Life(read_program(CART_ONCE + "reentry: always\n"))
    life.track("5h", "Product Added")
    life.run("6h", late=True)
    life.track("1h", "Product Added")
    life.run("8h", late=True)
    assert life.sends == [("6h", "reminder")]


def test_a_late_event_is_seen_by_a_wait_at_its_own_time() -> None:
    text = """
journey: nps
trigger: {event: Delivered}
steps:
  - wait_for: {event: Answered, within: 2h, then: [{email: thanks}], else: [{email: silent}]}
"""
    life = Life(read_program(text))
    life.track("0h", "Delivered")
    life.run("90m", late=True)
    life.track("1h", "Answered")
    life.run("95m", late=True)
    assert [template for _, template in life.sends] == ["thanks"]


def test_an_old_event_updates_facts_and_stages_only() -> None:
    """An event older than max_age: it neither enters, nor ends, nor answers a wait, nor reaches a
    goal.
    """
    text = """
journey: cart
trigger: {event: Product Added}
exit: [{event: Order Completed}]
goal: {event: Order Completed, within: 5d}
steps:
  - wait_for: {event: Order Completed, within: 30h, then: [{email: answered}], else: [{email: reminder}]}
"""
    life = Life(read_program(text))
    life.track("0h", "Product Added")
    life.run("29h", late=True)
    life.import_event("1h", "Order Completed")
    life.run("30h", late=True)
    assert life.state.get("orders", life.state.cursor) == 1  # type: ignore[arg-type]
    assert life.stages[-1][1:] == ("new_customer", "import")
    assert life.decisions(DecisionKind.CONVERTED) == []
    assert life.sends == [("1d 6h", "reminder")]


# ---------------------------------------------------------------- delays and outages


def test_delays_count_from_the_nominal_due_instant() -> None:
    text = (
        "journey: a\ntrigger: {event: A}\nsteps:\n  - delay: 1h\n  - email: one\n  - delay: "
        "1h\n  - email: two\n"
    )
    life = Life(read_program(text))
    life.track("0h", "A")
    life.run("1h 5m", late=True)  # five minutes late, not more
    life.run("3h", late=True)
    assert life.sends[0] == ("1h", "one")
    life = Life(read_program(text))
    life.track("0h", "A")
    life.run("59m", late=True)
    life.run("1h 5m", late=True)
    life.run("2h", late=True)
    assert life.sends == [("1h", "one"), ("2h", "two")]


def test_a_step_that_ran_more_than_five_minutes_late_counts_from_when_it_ran() -> None:
    text = (
        "journey: a\ntrigger: {event: A}\nsteps:\n  - delay: 1h\n  - email: one\n  - delay: "
        "1h\n  - email: two\n"
    )
    life = Life(read_program(text))
    life.track("0h", "A")
    life.run("59m", late=True)
    life.run("1h 5m 1s", late=True)
    life.run("2h 5m", late=True)
    life.run("2h 5m 1s", late=True)
    assert life.sends == [("1h 5m 1s", "one"), ("2h 5m 1s", "two")]


def test_overdue_messages_never_bunch() -> None:
    text = "journey: a\ntrigger: {event: A}\nsteps:\n" + "".join(
        f"  - delay: 1h\n  - email: {name}\n" for name in ("one", "two", "three")
    )
    life = Life(read_program(text))
    life.track("0h", "A")
    life.run("1m", late=True)
    for at in ("10h", "10h 59m", "11h", "12h"):
        life.run(at, late=True)
    assert life.sends == [("10h", "one"), ("11h", "two"), ("12h", "three")]


def test_an_event_during_an_outage_comes_before_the_step_it_overtook() -> None:
    life = Life(read_program(CART_ONCE))
    life.track("0h", "Product Added")
    life.run("1m", late=True)
    life.track("3h", "Order Completed")
    life.run("10h", late=True)
    assert life.sends == []


# ---------------------------------------------------------------- zones


def test_without_a_valid_zone_the_projects_holds() -> None:
    text = (
        "journey: a\ntrigger: {event: A}\nreentry: always\nsteps:\n  - wait_until: {time: "
        "'09:00'}\n  - email: a\n"
    )
    toml = CONSENTING.replace("UTC", "Europe/Paris")
    life = Life(read_program(text, toml=toml))
    life.track("0h", "A")
    life.identify("1d", timezone="America/New_York")
    life.track("2d", "A")
    life.identify("4d", timezone="Mars/Olympus")
    life.track("5d", "A")
    life.run()
    assert [at for at, _ in life.sends] == ["22h", "2d 4h", "5d 22h"]


def test_a_zone_that_is_taken_back_is_the_projects_again() -> None:
    text = (
        "journey: a\ntrigger: {event: A}\nsteps:\n  - wait_until: {time: '09:00'}\n  - email: a\n"
    )
    life = Life(
        read_program(text), traits={"email": "a@example.com", "timezone": "America/New_York"}
    )
    life.identify("0h", timezone=None)
    life.track("1h", "A")
    life.run()
    assert [at for at, _ in life.sends] == ["23h"]


def test_durations_are_elapsed_time_across_the_clocks_jump() -> None:
    text = "journey: a\ntrigger: {event: A}\nsteps:\n  - delay: 1d\n  - email: a\n"
    life = Life(read_program(text))
    life.identify("-1s", timezone="Europe/Paris")
    life.track("82d 12h", "A")  # the clocks of Paris jump that night
    life.run()
    assert [at for at, _ in life.sends] == ["83d 12h"]


def test_a_local_time_that_does_not_exist_is_the_first_instant_after_the_gap() -> None:
    text = (
        "journey: a\ntrigger: {event: A}\nsteps:\n  - wait_until: {time: '02:30'}\n  - email: a\n"
    )
    life = Life(read_program(text))
    life.identify("-1s", timezone="Europe/Paris")
    life.track("82d 12h", "A")  # Saturday 28 March 2026, 22:00 UTC
    life.run()
    assert [at for at, _ in life.sends] == ["82d 15h"]  # 01:00 UTC is 03:00 in Paris


def test_already_inside_the_minute_is_now() -> None:
    text = (
        "journey: a\ntrigger: {event: A}\nsteps:\n  - wait_until: {time: '10:00'}\n  - email: a\n"
    )
    life = Life(read_program(text))
    life.track("30s", "A")
    life.run()
    assert [at for at, _ in life.sends] == ["30s"]


DATE = """
journey: trial
trigger: {event: A}
steps:
  - wait_until: {date: customer.trial_ends_at, offset: -1d, at: "09:00", if_past: %s}
  - email: soon
  - email: later
"""


def test_a_date_that_is_past_goes_on_or_skips_or_leaves_as_written() -> None:
    for if_past, templates in (("continue", ["soon", "later"]), ("skip", ["later"]), ("exit", [])):
        life = Life(read_program(DATE % if_past))
        life.identify("-1s", trial_ends_at="2026-01-04")
        life.track("0h", "A")
        life.run()
        assert [template for _, template in life.sends] == templates, if_past


def test_a_date_to_come_is_waited_for_on_the_customers_clock() -> None:
    life = Life(read_program(DATE % "exit"))
    life.identify("-1s", trial_ends_at="2026-01-10", timezone="America/New_York")
    life.track("0h", "A")
    life.run()
    assert [at for at, _ in life.sends] == ["4d 4h", "4d 4h"]  # 9 January, 09:00 there


@pytest.mark.parametrize("every", [None, timedelta(minutes=7), timedelta(hours=5)])
def test_an_hourly_schedule_lets_in_at_both_hours_that_autumn_doubles(
    every: timedelta | None,
) -> None:
    text = (
        "journey: hourly\ntrigger: {schedule: '0 * * * *', timezone: Europe/Paris}\nreentry: "
        "always\nsteps: [exit]\n"
    )
    start = "2026-10-24T23:30Z"  # 01:30 in Paris, an hour and a half before the change
    life = Life(read_program(text), traits=None)
    begin = datetime.fromisoformat(start)
    life.identify(begin, plan="free")
    end = begin + timedelta(hours=4)
    now = begin
    while now < end:
        now = min(now + every, end) if every else end
        life.run(now)
    entered = [
        decision.at - begin
        for decision in life.of(Decision)
        if decision.kind is DecisionKind.ENTERED
    ]
    assert entered == [timedelta(minutes=minutes) for minutes in (30, 90, 150, 210)]
