"""Exact meaning, 3 to 5: what is asked before a message, what holds it, and for how long."""

from __future__ import annotations

import pytest

from orchestrator.domain.consent import AddressRecord
from orchestrator.domain.effects import DecisionKind
from tests.support.life import Life
from tests.support.project import CONSENTING, read_program

ASKED = '[project]\ntimezone = "UTC"\n[consent]\ndefault = "denied"\n'
TWO_MAILS = """
journey: hello
trigger: {event: Joined}
reentry: always
topic: news
%s
steps:
  - delay: 1h
  - email: hello
  - delay: 1h
  - email: more
"""


def not_sent(life: Life) -> list[tuple[str, str]]:
    return life.decisions(DecisionKind.NOT_SENT)


def deferred(life: Life) -> list[tuple[str, str]]:
    return life.decisions(DecisionKind.DEFERRED)


# ---------------------------------------------------------------- 3 · asked before every message


def test_only_if_is_asked_again_before_every_message_and_who_fails_it_leaves_filtered() -> None:
    life = Life(read_program(TWO_MAILS % "only_if: not customer.open_ticket"))
    life.track("0h", "Joined")
    life.identify("90m", open_ticket=True)
    life.run()
    assert life.sends == [("1h", "hello")]
    assert life.left == [("2h", "filtered", "not customer.open_ticket")]


def test_without_consent_this_message_is_not_sent_and_the_enrollment_goes_on() -> None:
    life = Life(read_program(TWO_MAILS % "", toml=ASKED))
    life.track("0h", "Joined")
    life.identify("90m", consent={"email": True})
    life.run()
    assert life.sends == [("2h", "more")]
    assert not_sent(life) == [("1h", "no_consent")]


def test_a_refused_topic_is_no_consent() -> None:
    life = Life(read_program(TWO_MAILS % "", toml=ASKED))
    life.identify("-1s", consent={"email": True, "topics": {"news": False}})
    life.track("0h", "Joined")
    life.run()
    assert [reason for _, reason in not_sent(life)] == ["no_consent", "no_consent"]


def test_who_has_no_address_is_not_written_to_and_goes_on() -> None:
    life = Life(read_program(TWO_MAILS % ""), traits=None)
    life.track("0h", "Joined")
    life.identify("90m", email="late@example.com")
    life.run()
    assert not_sent(life) == [("1h", "no_address")]
    assert life.sends == [("2h", "more")]


def test_a_suppressed_address_is_not_written_to_whatever_the_purpose() -> None:
    life = Life(read_program(TWO_MAILS % "purpose: transactional"))
    life.state.address_book = lambda medium, to: AddressRecord(dead="bounced")
    life.track("0h", "Joined")
    life.run()
    assert not_sent(life) == [("1h", "suppressed: bounced"), ("2h", "suppressed: bounced")]


def test_mute_holds_marketing_back_for_a_while() -> None:
    text = "journey: hush\ntrigger: {event: Complained}\nsteps:\n  - mute: {for: 1h}\n"
    life = Life(read_program(TWO_MAILS % "", text))
    life.track("0h", "Joined")
    life.track("1h", "Complained")
    life.run()
    assert not_sent(life) == []  # at one instant the older of two due steps goes first
    life = Life(read_program(TWO_MAILS % "", text))
    life.track("0h", "Joined")
    life.track("30m", "Complained")
    life.run()
    assert not_sent(life) == [("1h", "muted")]
    assert life.sends == [("2h", "more")]


def test_suppress_means_no_more_marketing_at_all_but_what_is_owed_still_goes() -> None:
    text = "journey: hush\ntrigger: {event: Complained}\nsteps:\n  - suppress\n"
    owed = (
        "journey: owed\npurpose: transactional\ntrigger: {event: Paid}\nsteps:\n  - email: "
        "invoice\n"
    )
    life = Life(read_program(TWO_MAILS % "", text, owed))
    life.track("0h", "Joined")
    life.track("30m", "Complained")
    life.track("300d", "Paid")
    life.run()
    assert life.sends == [("300d", "invoice")]


def test_unsubscribe_and_subscribe_are_steps_that_change_the_topic() -> None:
    text = """
journey: topics
trigger: {event: Changed}
reentry: always
steps:
  - branch:
      - if: entry.to == "yes"
        then:
          - subscribe: news
      - else:
          - unsubscribe: news
"""
    life = Life(read_program(TWO_MAILS % "", text))
    life.track("0h", "Changed", to="no")
    life.track("1h", "Joined")
    life.track("2h 30m", "Changed", to="yes")
    life.run()
    assert not_sent(life) == [("2h", "no_consent")]
    assert life.sends == [("3h", "more")]


def test_transactional_messages_need_no_consent_and_know_no_caps_nor_quiet_hours() -> None:
    toml = (
        ASKED + '[caps]\nemail = ["1/day"]\n[quiet_hours]\nemail = {from = "00:00", to = "23:59"}\n'
    )
    life = Life(read_program(TWO_MAILS % "purpose: transactional", toml=toml))
    life.track("0h", "Joined")
    life.run()
    assert life.sends == [("1h", "hello"), ("2h", "more")]


# ---------------------------------------------------------------- 4 · deferral

QUIET = (
    CONSENTING + '[quiet_hours]\nemail = {from = "20:00", to = "08:00", days_off = ["sunday"]}\n'
)


def test_quiet_hours_hold_the_message_until_they_end_and_later_delays_count_from_the_release() -> (
    None
):
    life = Life(read_program(TWO_MAILS % "", toml=QUIET))
    life.track("9h", "Joined")  # 19:00; the message falls due at 20:00
    life.run()
    assert deferred(life) == [("10h", "quiet_hours")]
    assert life.sends == [("22h", "hello"), ("23h", "more")]


@pytest.mark.parametrize(
    ("joined", "sent"), [("8h 59m 59s", "9h 59m 59s"), ("20h 59m 59s", "22h"), ("21h", "22h")]
)
def test_quiet_hours_begin_at_from_and_are_over_at_to(joined: str, sent: str) -> None:
    life = Life(read_program(TWO_MAILS % "", toml=QUIET))
    life.track(joined, "Joined")
    life.run()
    assert life.sends[0] == (sent, "hello")


def test_a_day_off_is_quiet_from_midnight_to_midnight_and_the_night_after_it_too() -> None:
    life = Life(read_program(TWO_MAILS % "", toml=QUIET))
    life.track("5d", "Joined")  # Saturday 10:00
    life.track("5d 8h 59m", "Joined")
    life.run()
    assert life.sends[:2] == [("5d 1h", "hello"), ("5d 2h", "more")]
    assert life.sends[2] == ("5d 9h 59m", "hello")  # 19:59; `more` would be 20:59, Sunday is off
    assert life.sends[3] == ("6d 22h", "more")


def test_quiet_hours_are_those_of_the_customers_clock() -> None:
    life = Life(read_program(TWO_MAILS % "", toml=QUIET))
    life.identify("-1s", timezone="America/New_York")  # five hours behind
    life.track("0h", "Joined")  # 05:00 there
    life.run()
    assert life.sends[0] == ("3h", "hello")  # 13:00 UTC


def test_quiet_hours_end_by_the_clock_on_the_day_it_jumps() -> None:
    life = Life(read_program(TWO_MAILS % "", toml=QUIET))
    life.identify("-1s", timezone="Europe/Paris")
    life.track(
        "81d 11h", "Joined"
    )  # Friday 27 March 2026, 22:00 in Paris: out on Saturday 08:00, still winter time
    life.track(
        "83d 9h", "Joined"
    )  # Sunday 29 March 2026, in summer time: out on Monday 08:00 = 06:00 UTC
    life.run("90d")
    assert [at for at, template in life.sends if template == "hello"] == ["81d 21h", "83d 20h"]


def test_after_expires_it_is_recorded_expired_and_the_enrollment_goes_on() -> None:
    toml = CONSENTING + '[caps]\nemail = ["1/week"]\n'
    life = Life(read_program(TWO_MAILS % "", toml=toml))
    life.track("0h", "Joined")
    life.run()
    assert life.sends == [("1h", "hello")]
    assert deferred(life) == [("2h", "frequency_cap")]
    assert life.decisions(DecisionKind.EXPIRED) == [("3d 2h", "frequency_cap")]
    assert life.left == [("3d 2h", "completed", "end of the journey")]


def test_a_message_of_the_very_instant_at_which_it_expires_still_goes() -> None:
    toml = CONSENTING + '[caps]\nemail = ["1/day"]\n'
    text = TWO_MAILS.replace("- email: more", "- email: {template: more, expires: 23h}") % ""
    life = Life(read_program(text, toml=toml))
    life.track("0h", "Joined")
    life.run()
    assert life.sends == [("1h", "hello"), ("1d 1h", "more")]


def test_an_exit_reaches_who_is_held_on_a_message() -> None:
    life = Life(read_program(TWO_MAILS % "exit: [{event: Left}]", toml=QUIET))
    life.track("9h", "Joined")
    life.track("12h", "Left")
    life.run()
    assert life.sends == []


# ---------------------------------------------------------------- 5 · caps


def test_a_cap_is_a_rolling_window_and_the_free_moment_is_the_oldest_counted_plus_the_window() -> (
    None
):
    toml = CONSENTING + '[caps]\nemail = ["2/day"]\n'
    text = "journey: news\ntrigger: {event: News}\nreentry: always\nsteps:\n  - email: news\n"
    life = Life(read_program(text, toml=toml))
    for at in ("0h", "10h", "23h 59m 59s"):
        life.track(at, "News")
    life.run()
    assert [at for at, _ in life.sends] == ["0s", "10h", "1d"]


def test_every_cap_must_have_room() -> None:
    toml = CONSENTING + '[caps]\nemail = ["1/day", "2/week"]\n'
    text = (
        "journey: news\ntrigger: {event: News}\nreentry: always\nsteps:\n  - email: "
        "{template: news, expires: 30d}\n"
    )
    life = Life(read_program(text, toml=toml))
    for at in ("0h", "1h", "2d"):
        life.track(at, "News")
    life.run()
    assert [at for at, _ in life.sends] == ["0s", "1d", "7d"]


def test_a_cap_counts_its_own_medium_and_marketing_only() -> None:
    toml = CONSENTING + '[caps]\nemail = ["1/day"]\n'
    mixed = """
journey: %s
purpose: %s
trigger: {event: News}
steps:
  - sms: nudge-%s
  - email: mail-%s
"""
    program = read_program(
        mixed % ("a", "transactional", "a", "a"), mixed % ("b", "marketing", "b", "b"), toml=toml
    )
    life = Life(program)
    life.track("0h", "News")
    life.run()
    assert sorted(life.sends) == [
        ("0s", "mail-a"),
        ("0s", "mail-b"),
        ("0s", "nudge-a"),
        ("0s", "nudge-b"),
    ]


PRIORITY = """
journey: %s
priority: %d
trigger: {event: News}
steps:
  - delay: %s
  - email: %s
"""


def test_among_messages_due_at_one_instant_the_highest_priority_goes_first() -> None:
    toml = CONSENTING + '[caps]\nemail = ["1/day"]\n'
    texts = [
        PRIORITY % (name, priority, "1h", name)
        for name, priority in (("a", 10), ("b", 90), ("c", 50))
    ]
    life = Life(read_program(*texts, toml=toml))
    life.track("0h", "News")
    life.run()
    assert life.sends == [("1h", "b"), ("1d 1h", "c"), ("2d 1h", "a")]


def test_among_messages_already_deferred_the_highest_priority_goes_first() -> None:
    toml = CONSENTING + '[caps]\nemail = ["1/day"]\n'
    texts = [
        PRIORITY % ("first", 50, "1h", "first"),
        PRIORITY % ("low", 10, "2h", "low"),  # deferred before the high one
        PRIORITY % ("high", 90, "3h", "high"),
    ]
    life = Life(read_program(*texts, toml=toml))
    life.track("0h", "News")
    life.run()
    assert life.sends == [("1h", "first"), ("1d 1h", "high"), ("2d 1h", "low")]


def test_of_equal_priority_the_journeys_id_decides() -> None:
    toml = CONSENTING + '[caps]\nemail = ["1/day"]\n'
    texts = [PRIORITY % (name, 50, "1h", name) for name in ("z", "b")]
    life = Life(read_program(*texts, toml=toml))
    life.track("0h", "News")
    life.run()
    assert life.sends == [("1h", "b"), ("1d 1h", "z")]


def test_absent_caps_and_quiet_hours_mean_none() -> None:
    text = "journey: news\ntrigger: {event: News}\nreentry: always\nsteps:\n  - email: news\n"
    life = Life(read_program(text))
    for minute in range(50):
        life.track(f"{minute}m", "News")
    life.run()
    assert len(life.sends) == 50
