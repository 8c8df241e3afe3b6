"""What runs say: names, messages, alarms, tables and descriptions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flows.description import DeploymentSpec, StepRow, markdown
from flows.engine_asked import EngineAsked
from flows.gate import Account, Ending, GateKey, GateKind, Ledger, Pace, Tally, new_tally
from flows.journey_table import rows_of
from flows.run_texts import alarm, artifact_key, failure_rows, headline, message
from orchestrator.engine.report import ChannelTally, Failure, JourneyTally, TickReport
from orchestrator.language.journeys import parse_journey
from tests.flows.conftest import CountingEngine

CART_GATE = GateKey(GateKind.JOURNEY, "cart-abandonment")
EMAIL = GateKey(GateKind.DELIVERIES, "email")


def _account(key: GateKey, tally: Tally, ending: Ending | None = None) -> Account:
    asked = EngineAsked(CountingEngine())
    return Account(key, Ledger(), Pace(), asked, opened_s=100.0, tally=tally, ending=ending)


@pytest.mark.parametrize(
    ("key", "tally", "ending", "name"),
    [
        (
            CART_GATE,
            JourneyTally(due=128, queued=120),
            None,
            "cart-abandonment · 128 due · 120 queued",
        ),
        (CART_GATE, JourneyTally(), None, "cart-abandonment · nothing due"),
        (CART_GATE, JourneyTally(), Ending.ON_HOLD, "cart-abandonment · on hold"),
        (
            CART_GATE,
            JourneyTally(entered=2, not_sent=1),
            None,
            "cart-abandonment · 2 entered · 1 not sent",
        ),
        (EMAIL, ChannelTally(due=120, sent=117, failed=3), None, "email · 117 sent · 3 failed"),
        (EMAIL, ChannelTally(due=9, stopped="key refused"), None, "email · 9 due · stopped"),
        (
            EMAIL,
            ChannelTally(sent=4, retried=2),
            Ending.SHUTDOWN,
            "email · 4 sent · 2 to be tried again",
        ),
        (EMAIL, ChannelTally(sent=4), Ending.CANCELLED, "email · 4 sent · cancelled in the UI"),
    ],
)
def test_a_runs_name_tells_its_story(
    key: GateKey, tally: Tally, ending: Ending | None, name: str
) -> None:
    assert headline(_account(key, tally, ending)) == name


def test_a_runs_message_has_every_number_and_why_it_ended() -> None:
    tally = JourneyTally(due=4, queued=3, exited=1, completed=2)
    assert message(_account(CART_GATE, tally)) == "4 due, 3 queued, 1 exited, 2 completed"
    assert (
        message(_account(CART_GATE, JourneyTally(), Ending.SHUTDOWN))
        == "nothing due, Parcours stops"
    )


@pytest.mark.parametrize(
    ("tally", "needed"),
    [
        (ChannelTally(sent=1, failed=4), False),  # few: wrong addresses are nobody's task
        (ChannelTally(sent=95, failed=5), False),  # just at the limit
        (ChannelTally(sent=94, failed=6), True),
        (ChannelTally(stopped="credentials refused"), True),
        (ChannelTally(sent=10, unknown=90), False),  # a receipt may still settle them
        (JourneyTally(due=100, not_sent=100), False),
    ],
)
def test_a_run_is_red_only_when_a_person_must_act(tally: Tally, needed: bool) -> None:
    assert bool(alarm(tally, Pace())) is needed


def test_a_table_of_failures_says_when_and_what_helps() -> None:
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    failure = Failure("m1", "cart", "day3", "rejected", "550", "no such mailbox", "settle it", at)
    [row] = failure_rows([failure])
    assert list(row)[:3] == ["reason", "help", "at"]
    assert row["at"] == "2026-03-02 09:30 UTC"


def test_artifact_keys_have_only_the_letters_that_prefect_allows() -> None:
    assert artifact_key("health", GateKey(GateKind.JOURNEY, "NPS_Été")) == "health-journey-nps--t-"


def test_numbers_wait_in_the_ledger_until_a_run_takes_them() -> None:
    ledger, report = Ledger(), TickReport()
    report.journey("cart-abandonment").due = 2
    report.channel("sms")  # a tally with nothing in it opens nothing
    ledger.post(report)
    ledger.post(report)
    assert ledger.waiting() == {CART_GATE}
    assert ledger.take(CART_GATE) == JourneyTally(due=4)
    assert ledger.take(CART_GATE) == new_tally(CART_GATE)


def test_numbers_that_a_run_could_not_tell_come_before_newer_ones() -> None:
    ledger, report = Ledger(), TickReport()
    newer = Failure("newer", "", "", "", "", "", "")
    report.channels["email"] = ChannelTally(failed=1, failures=[newer])
    ledger.post(report)
    older = Failure("older", "", "", "", "", "", "")
    ledger.put_back(EMAIL, ChannelTally(failed=1, failures=[older]))
    assert ledger.take(EMAIL) == ChannelTally(failed=2, failures=[older, newer])


@pytest.mark.parametrize(
    ("tally", "ending", "age_s", "over"),
    [
        (JourneyTally(due=1), None, 59.0, False),
        (JourneyTally(due=1), None, 60.0, True),
        (JourneyTally(), None, 2.9, False),
        (JourneyTally(), None, 3.0, True),
        (JourneyTally(due=1), Ending.CANCELLED, 0.1, True),
    ],
)
def test_a_run_lives_for_its_minute_and_an_idle_one_for_a_look(
    tally: Tally, ending: Ending | None, age_s: float, over: bool
) -> None:
    assert _account(CART_GATE, tally, ending).is_over(100.0 + age_s) is over


def test_a_description_survives_pipes_and_backticks() -> None:
    yaml = 'journey: x\nsteps:\n  - set: {note: "```"}\n'
    steps = (StepRow("pick", "branch", "a | b\nc"),)
    text = markdown(
        DeploymentSpec(GateKind.JOURNEY, "x", "X", "Why.", "abc", steps=steps, yaml=yaml),
        {"Health": "/h"},
    )
    assert "| pick | branch | a \\| b c |" in text
    assert f"````yaml\n{yaml}````" in text
    assert "[Health](/h)" in text


def test_a_journeys_table_tells_who_comes_in_under_which_condition_a_step_is_taken_and_the_goal() -> (
    None
):
    text = """
journey: cart
trigger: {event: Product Added, if: event.price >= 20}
only_if: customer.orders == 0
exit:
  - {event: Order Completed}
  - {if: customer.stage == "loyal"}
goal: {event: Order Completed, within: 5d, value: event.total}
holdout: 10%
steps:
  - branch:
      - if: entry.price >= 100
        then:
          - delay: 1h
          - exit
      - else:
          - exit
"""
    journey = parse_journey(text, "cart.yaml")
    rows = [(row.kind, row.does, row.when) for row in rows_of(journey)]
    branch = next(journey.walk_steps()).id
    way = f"`{branch}`: `if entry.price >= 100`"
    assert rows == [
        (
            "trigger",
            "lets in `with Product Added`",
            "`event.price >= 20` and `customer.orders == 0`",
        ),
        ("branch", "2 ways", ""),
        ("delay", "1 h", way),
        ("exit", "the journey ends here", "then"),
        ("exit", "the journey ends here", f"`{branch}`: `else`"),
        ("exit", "leaves with `Order Completed`", ""),
        ("exit", "leaves as soon as the condition holds", '`customer.stage == "loyal"`'),
        ("goal", "reached with `Order Completed`, within 5 d, worth `event.total`", ""),
        ("holdout", "10 % of those who enter are a control group: nothing is sent", ""),
    ]


def test_a_description_says_what_its_schedule_of_one_run_a_day_is() -> None:
    text = markdown(DeploymentSpec(GateKind.JOURNEY, "x", "X", "Why.", "abc"), {})
    assert "no timetable" in text
    assert "06:00 UTC" in text
    nightly = DeploymentSpec(GateKind.PREDICTIONS, "nightly", "P", "Why.", "1", cron="30 2 * * *")
    assert "timetable" not in markdown(nightly, {})
