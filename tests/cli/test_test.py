"""`parcours test`: the tests in a project's own files."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.cli.conftest import ShopFolder

GREETING = """\
journey: greeting
trigger: {event: Joined, if: event.age >= 18}
topic: offers
steps:
  - delay: 1h
  - branch:
      - if: customer.plan == "pro"
        then:
          - sms: nudge
      - else:
          - email: reminder
  - wait_for: {event: Order Completed, within: 2d, else: [{email: reminder}]}
tests:
  - test: who joins is greeted
    customer: {email: ada@example.com, consent: {email: true}}
    events:
      - {at: 0h, event: Joined, properties: {age: 30}}
      - {at: 2h, event: Order Completed, properties: {total: 80}}
    expect:
      - {at: 1h, email: reminder}
"""


@pytest.fixture
def greeting(shop: ShopFolder) -> ShopFolder:
    shop.write("journeys/greeting.yaml", GREETING)
    return shop


def test_journeys_are_tested_without_their_templates_and_nothing_is_stored(
    greeting: ShopFolder,
) -> None:
    (greeting.folder / "templates/email/reminder.html").unlink()
    answer = greeting.run("test", "greeting")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[0] == "greeting  ."
    assert answer.out.endswith("\n1 passed, in 1 journey\n")
    assert not (greeting.folder / "var").exists()


def test_steps_and_ways_that_no_test_reaches_are_told_where_they_stand(
    greeting: ShopFolder,
) -> None:
    out = greeting.run("test", "greeting").out
    assert out.split("No test reaches\n")[1].splitlines()[:2] == [
        '  journeys/greeting.yaml:6:5: branch before nudge: if customer.plan == "pro"',
        "  journeys/greeting.yaml:12:5: wait for an event before reminder-2: no Order Completed comes in time",
    ]


def test_a_test_that_fails_shows_what_was_expected_what_happened_and_the_story(
    greeting: ShopFolder,
) -> None:
    greeting.write("journeys/greeting.yaml", GREETING.replace("{at: 1h, email", "{at: 2h, email"))
    answer = greeting.run("test")
    assert answer.code == 1
    assert "greeting   F\n" in answer.out
    assert "cart       has no tests\n" in answer.out
    assert (
        "journeys/greeting.yaml:14: who joins is greeted\n"
        "  expected:  email reminder at 2h (Mon 2026-01-05 13:00:00)\n"
        "  happened:  email reminder at 1h (Mon 2026-01-05 12:00:00)\n"
        "  The customer's story, in the time of Europe/Paris:\n"
        "    Mon 2026-01-05 10:59:59  agrees to email (identify)\n"
    ) in answer.out
    assert "11:00:00  enters (Joined)\n" in answer.out
    assert answer.out.endswith("\n1 failed, 0 passed, in 1 journey\n")


def test_what_did_not_happen_at_all_and_what_nobody_expected_are_told_apart(
    greeting: ShopFolder,
) -> None:
    wrong = GREETING.replace("- {at: 1h, email: reminder}\n", "- {at: 3h, coupon: 10}\n")
    greeting.write("journeys/greeting.yaml", wrong)
    out = greeting.run("test", "greeting").out
    assert (
        "  expected:  coupon 10 at 3h (Mon 2026-01-05 14:00:00)\n  happened:  not at all\n" in out
    )
    assert (
        "  expected:  nothing\n  happened:  email reminder at 1h (Mon 2026-01-05 12:00:00)\n" in out
    )


def test_build_servers_read_the_outcomes_as_junit(greeting: ShopFolder) -> None:
    two = GREETING + "  - test: nobody <joins> & leaves\n    expect: [{at: 1h, email: reminder}]\n"
    greeting.write("journeys/greeting.yaml", two)
    file = greeting.folder / "out.xml"
    assert greeting.run("test", "greeting", "--junit", file).code == 1
    (suite,) = ElementTree.parse(file).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    good, bad = suite
    assert good.find("failure") is None
    assert bad.get("name") == "nobody <joins> & leaves"
    failure = bad.find("failure")
    assert failure is not None
    assert failure.get("message") == "expected, did not happen: at 1h: email reminder"


def test_a_journey_that_is_not_there_is_refused_with_the_one_that_was_meant(
    greeting: ShopFolder,
) -> None:
    answer = greeting.run("test", "greting")
    assert answer.code == 2
    assert "did you mean 'greeting'?" in answer.err


def test_a_project_without_a_test_is_not_called_good(shop: ShopFolder) -> None:
    answer = shop.run("test")
    assert answer.code == 1
    assert "there are no tests" in answer.err


def test_a_wait_that_is_over_at_once_is_reached(shop: ShopFolder) -> None:
    """It decides nothing, and what is behind it is done."""
    waiting = GREETING.replace("- delay: 1h", "- wait_until: {time: 11:00}")
    at_once = waiting.replace("{at: 1h, email", "{at: 0h, email")
    shop.write("journeys/greeting.yaml", at_once)
    answer = shop.run("test", "greeting")
    assert answer.code == 0, answer.out
    assert "wait before" not in answer.out


def test_the_story_tells_of_segments_too(shop: ShopFolder) -> None:
    shop.write("journeys/segments.yaml", "segments:\n  pros: customer.plan == 'pro'\n")
    text = GREETING.replace(
        "trigger: {event: Joined, if: event.age >= 18}", "trigger: {segment: pros}"
    )
    text = text.split("tests:")[0] + (
        "tests:\n  - test: x\n    events: [{at: 1h, identify: {plan: pro}}]\n"
        "    expect: [{at: 0h, sms: nudge}]\n"
    )
    shop.write("journeys/greeting.yaml", text)
    out = shop.run("test", "greeting").out
    assert "enters the segment pros" in out
    assert "enters (entered pros)" in out


def test_the_story_of_a_test_names_what_happened_to_the_business(shop: ShopFolder) -> None:
    shop.write(
        "journeys/back.yaml",
        "journey: back\n"
        "trigger: {business_event: Back In Stock, to: customer.size == event.size}\n"
        "steps:\n  - delay: 1h\n  - email: reminder\n"
        "tests:\n  - test: it comes back\n    customer: {email: ada@example.com, size: 7}\n"
        "    events: [{at: 0h, business: Back In Stock, properties: {name: Oak stool, size: 7}}]\n"
        "    expect: [{at: 9h, email: reminder}]\n",
    )
    assert "enters (Back In Stock: Oak stool)\n" in shop.run("test", "back").out
