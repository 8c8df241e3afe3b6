"""What a journey's `tests:` may say, and how they are run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from textwrap import indent

import pytest

from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.medium import Medium
from orchestrator.domain.pace import place_of
from orchestrator.language.journey_test_forms import ExpectForm, SentForm
from orchestrator.language.program_building import build_program
from orchestrator.language.project import load_project
from orchestrator.trial.rehearsal import Rehearsal, rehearse
from tests.support.project import CONSENTING, write_project

HELD_OUT_HELLO = """
journey: hello
trigger: {event: Joined}
reentry: always
holdout: 100%
steps:
  - email: hello
  - delay: 1d
  - sms: nudge
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path


def verdict(
    project: Path, test: str, journey: str = HELD_OUT_HELLO, toml: str = CONSENTING
) -> Rehearsal:
    """The outcome of one test, written as in a file."""
    text = f"{journey.strip()}\ntests:\n  - {indent(test.strip(), '    ').strip()}\n"
    found = load_project(write_project(project, text, toml=toml), {})
    ((name, tests),) = [(name, tests) for name, tests in found.tests.items() if tests]
    return rehearse(build_program(found), found.journeys[name], tests[0])


def problems(project: Path, test: str, journey: str = HELD_OUT_HELLO) -> list[str]:
    with pytest.raises(ProjectInvalid) as invalid:
        verdict(project, test, journey)
    return [problem.message for problem in invalid.value.problems]


def happened(found: Rehearsal) -> list[str]:
    return [str(one) for one in found.happened]


ADA = "customer: {email: ada@example.com, phone: '+33612345678'}"


def test_a_test_begins_on_a_monday_morning_and_its_times_are_durations_or_instants(
    project: Path,
) -> None:
    found = verdict(
        project,
        f"""
test: hello
{ADA}
events:
  - {{at: 2026-01-05 12:00, event: Joined}}
expect:
  - {{at: 2h, email: hello}}
  - {{at: 2026-01-06T13:00+01:00, sms: nudge}}
""",
    )
    assert found.passed, found


def test_the_control_group_of_the_journey_and_of_the_project_is_left_out(project: Path) -> None:
    toml = CONSENTING + '[holdout]\nglobal = "100%"\n'
    found = verdict(
        project, f"test: x\n{ADA}\nevents: [{{at: 0h, event: Joined}}]\nexpect: []\n", toml=toml
    )
    assert happened(found)[0] == "at 0s: email hello"


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        ('[project]\ntimezone = "UTC"\n', "no_consent"),
        (CONSENTING, "no_address"),
    ],
)
def test_a_message_that_is_not_sent_is_expected_with_its_reason(
    project: Path, toml: str, reason: str
) -> None:
    customer = (
        "customer: {email: ada@example.com}" if reason == "no_consent" else "customer: {plan: pro}"
    )
    journey = HELD_OUT_HELLO.replace("  - delay: 1d\n  - sms: nudge\n", "")
    test = (
        f"test: x\n{customer}\nevents: [{{at: 0h, event: Joined}}]\nexpect: "
        f"[{{at: AT, not_sent: {reason}}}]\n"
    )
    right = [verdict(project, test.replace("AT", at), journey, toml).passed for at in ("0h", "5m")]
    assert any(right)  # a message without an address may be given its first five minutes
    wrong = verdict(project, test.replace("AT", "0h").replace(reason, "suppressed"), journey, toml)
    assert not wrong.passed
    assert wrong.missing[0].which == "suppressed"


def test_a_schedule_fires_all_the_while_until_the_end_that_is_written(project: Path) -> None:
    journey = (
        "journey: weekly\ntrigger: {schedule: '0 9 * * mon'}\nreentry: always\nsteps: "
        "[email: hello]\n"
    )
    test = f"test: x\n{ADA}\nuntil: 22d\nexpect: []\n"
    found = verdict(project, test, journey)
    mails = [one for one in happened(found) if "email" in one]
    assert mails == ["at 6d 23h: email hello", "at 13d 23h: email hello", "at 20d 23h: email hello"]


def test_without_an_end_a_schedule_fires_for_four_hundred_days(project: Path) -> None:
    journey = (
        "journey: weekly\ntrigger: {schedule: '0 9 * * mon'}\nreentry: always\nsteps: "
        "[email: hello]\n"
    )
    found = verdict(project, f"test: x\n{ADA}\nexpect: []\n", journey)
    assert len([one for one in happened(found) if "email" in one]) == 57


def test_once_comes_on_the_clock_of_the_customer(project: Path) -> None:
    journey = (
        "journey: launch\ntrigger: {once: 2026-01-06 09:00, timezone: customer}\nsteps: "
        "[email: hello]\n"
    )
    test = f"test: x\n{ADA.replace('{', '{timezone: Asia/Tokyo, ')}\nexpect: [{{at: 14h, email: hello}}]\n"
    assert verdict(project, test, journey).passed


STAGED = """
journey: staged
trigger: {event: Joined}
only_if: customer.stage == "loyal"
reentry: always
steps:
  - email: hello
"""


def test_a_given_stage_is_the_customers_until_the_events_of_the_test_move_it(project: Path) -> None:
    test = f"""
test: x
{ADA}
given: {{stage: loyal}}
events:
  - {{at: 0h, event: Joined}}
  - {{at: 3d, event: Joined}}
  - {{at: 4d, event: Order Completed}}
  - {{at: 5d, event: Joined}}
expect:
  - {{at: 0h, email: hello}}
  - {{at: 3d, email: hello}}
"""
    found = verdict(project, test, STAGED)
    assert found.passed, (
        found
    )  # one order makes a new customer of somebody of whom nothing else is known
    assert not verdict(project, test.replace("given: {stage: loyal}\n", ""), STAGED).passed


def test_being_in_a_given_stage_is_not_entering_it(project: Path) -> None:
    journey = "journey: staged\ntrigger: {stage: loyal}\nsteps: [email: hello]\n"
    found = verdict(project, f"test: x\n{ADA}\ngiven: {{stage: loyal}}\nexpect: []\n", journey)
    assert found.passed, found


def test_messages_sent_before_count_for_the_caps_and_for_received(project: Path) -> None:
    toml = CONSENTING + '[caps]\nemail = ["1/day"]\n'
    journey = HELD_OUT_HELLO.replace("  - delay: 1d\n  - sms: nudge\n", "")
    test = f"""
test: x
{ADA}
given:
  sent:
    - {{email: promo, ago: 20h}}
    - {{sms: nudge, ago: 90d, journey: promo}}
events: [{{at: 0h, event: Joined}}]
expect: [{{at: 4h, email: hello}}]
"""
    assert verdict(project, test, journey, toml).passed
    knowing = journey.replace(
        "reentry", "only_if: not received('promo', within='21h')\nreentry"
    ).replace("journey: hello", "journey: hello2")
    (project / "journeys/hello.yaml").unlink()
    (project / "templates/email/promo.html").write_text("---\nsubject: p\n---\np", "utf-8")
    found = verdict(project, test, knowing, toml)
    assert not [one for one in happened(found) if "email" in one]


def test_a_start_by_hand_names_the_journey_itself(project: Path) -> None:
    journey = HELD_OUT_HELLO.replace("{event: Joined}", "manual")
    expected = "expect: [{at: 1h, email: hello}, {at: 25h, sms: nudge}]"
    test = f"test: x\n{ADA}\nevents: [{{at: 1h, start: hello}}]\n{expected}\n"
    assert verdict(project, test, journey).passed
    assert problems(project, test.replace("start: hello", "start: helo"), journey) == [
        "a test runs its journey alone: write `start: hello`"
    ]


def test_a_test_expects_a_message_to_the_referrer_when_its_step_is_due(project: Path) -> None:
    journey = """
journey: turns
trigger: {event: Joined}
steps:
  - delay: 1h
  - email: {template: thanks, to: referrer}
"""
    who = "customer: {referred_by: bob}\nevents: [{at: 0h, event: Joined}]"
    expected = "expect: [{at: 1h, email: thanks}]"
    assert verdict(project, f"test: x\n{who}\n{expected}\n", journey).passed
    nobody = who.replace("referred_by: bob", "plan: pro")
    told = "expect: [{at: 1h, not_sent: not referred by anybody}]"
    assert verdict(project, f"test: x\n{nobody}\n{told}\n", journey).passed


STARTS_ANOTHER = """
journey: turns
trigger: {event: Joined}
steps:
  - repeat: {times: 2, every: 1d, steps: [{emit: {event: Seen}}]}
  - start: turns-on
"""


@pytest.mark.parametrize(
    ("expected", "passes"),
    [
        ("{at: 0h, emit: Seen}, {at: 1d, emit: Seen}, {at: 1d, start: turns-on}", True),
        ("{at: 0h, emit: Seen}, {at: 1d, start: turns-on}", True),
        ("{at: 1d, emit: Heard}", False),
        ("{at: 0h, start: turns-on}", False),
        ("{at: 1d, start: turns}", False),
    ],
)
def test_a_test_names_what_the_journey_emits_and_starts(
    project: Path, expected: str, passes: bool
) -> None:
    write_project(project, "journey: turns-on\ntrigger: manual\nsteps: []\n")
    test = f"test: x\n{ADA}\nevents: [{{at: 0h, event: Joined}}]\nexpect: [{expected}]\n"
    assert verdict(project, test, STARTS_ANOTHER).passed is passes


@pytest.mark.parametrize("medium", Medium)
def test_a_test_names_messages_of_every_medium_there_is(medium: Medium) -> None:
    """Its words follow the table of the media: a new one is not added to the forms by hand."""
    for form in (ExpectForm, SentForm):
        assert medium.value in form.model_fields
        assert medium.value not in form.not_built


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("events: [{event: Joined}]\nexpect: []", "`at` is missing here (when, such as 0h or 2d)"),
        (
            "events: [{at: 1 parsec, event: Joined}]\nexpect: []",
            "'1 parsec' is not a duration: write 45s, 30m, 1h",
        ),
        (
            "events: [{at: 3, event: Joined}]\nexpect: []",
            "'3' is no time of a test: write 0h, 2d or 2026-01-07 10:00",
        ),
        (
            "events: [{at: 0h}]\nexpect: []",
            "this needs exactly one of: event, identify, group, start",
        ),
        (
            "events: [{at: 0h, event: a, identify: {b: c}}]\nexpect: []",
            "this needs exactly one of: event, identify",
        ),
        (
            "events: [{at: 0h, evnt: Joined}]\nexpect: []",
            "unknown key 'evnt'; did you mean 'event'?",
        ),
        (
            "events: [{at: 0h, event: a, props: {b: c}}]\nexpect: []",
            "'props'; it is called 'properties' here",
        ),
        ("events: [{at: 0h, identify: ada}]\nexpect: []", "`identify` must be a map (key: value)"),
        (
            "events: [{at: -1h, event: Joined}]\nexpect: []",
            "this lies before the test begins: times count from `start`",
        ),
        (
            "events: [{at: 401d, event: Joined}]\nexpect: []",
            "this lies after the test's end: `until`, or 400 days",
        ),
        ("until: 2d\nexpect: [{at: 3d, email: hello}]", "this lies after the test's end"),
        ("start: 9999-12-31\nexpect: []", "a test begins between 1970 and 2199"),
        (
            "expect: [email]",
            "each entry of `expect` is written as `- {at: 1h, email: cart-reminder}`",
        ),
        (
            "expect: {at: 1h, email: hello}",
            "`expect` is written as `expect: [{at: 1h, email: cart-reminder}]`",
        ),
        (
            "expect: [{at: 1h}]",
            "this needs exactly one of: email, sms, whatsapp, coupon, reward, task, ",
        ),
        ("expect: [{at: 1h, mail: hello}]", "unknown key 'mail'; it is called 'email' here"),
        (
            'expect: [{at: 1h, "email": helo}]',
            "there is no email template 'helo'; did you mean 'hello'?",
        ),
        (
            "given: {variants: {subject: B}}\nexpect: []",
            "there is no split 'subject'",
        ),
        ("expect: [{at: 1h, task: mail}]", "`task` must be call or letter or visit"),
        ("given: {stage: loyl}\nexpect: []", "there is no stage 'loyl'; did you mean 'loyal'?"),
        (
            "given: {others: {bob: {}}}\nevents: [{at: 1h, by: bub, event: Joined}]\nexpect: []",
            "there is no customer 'bub' (known: bob)",
        ),
        (
            "events: [{at: 1h, group: {plan: pro}, properties: {x: 1}}]\nexpect: []",
            "`group` holds the traits itself: `group: {plan: pro}`",
        ),
        (
            "given: {sent: [{email: hello}]}\nexpect: []",
            "`ago` is missing here (how long before the start, such as 2d)",
        ),
        ("given: {sent: [{ago: 2d}]}\nexpect: []", "this needs exactly one of: email, sms"),
    ],
)
def test_a_fault_in_a_test_is_said_at_its_place(project: Path, test: str, message: str) -> None:
    found = problems(project, f"test: x\n{test}\n")
    assert any(message in one for one in found), found


def test_a_version_that_somebody_entered_long_ago_is_read_whatever_its_tests_say() -> None:
    from orchestrator.language.journeys import parse_journey

    text = f"{HELD_OUT_HELLO}tests:\n  - {{test: x, events: [{{evnt: Joined}}], expect: nothing}}\n"
    assert parse_journey(text, "hello.yaml of version 1").id == "hello"


def test_a_draft_is_tested_as_it_will_run(project: Path) -> None:
    test = f"test: hello\n{ADA}\nevents: [{{at: 0h, event: Joined}}]\nexpect: [{{at: 0h, email: hello}}, {{at: 1d, sms: nudge}}]"
    assert verdict(project, test, HELD_OUT_HELLO + "draft: true\n").passed


def test_a_business_event_happens_in_a_test(project: Path) -> None:
    journey = (
        "journey: back\ntrigger: {business_event: Back In Stock, to: customer.size == event.size}\n"
        "one_per: entry.size\nreentry: always\nsteps:\n  - email: back\n"
    )
    test = (
        "test: back\ncustomer: {email: ada@example.com, size: 7}\nevents:\n"
        "  - {at: 3h, business: Back In Stock, properties: {size: 8}}\n"
        "  - {at: 2h, business: Back In Stock, properties: {size: 7}}\n"
        "expect: [{at: 2h, email: back}]"
    )
    assert verdict(project, test, journey).passed


def test_the_variant_of_a_split_is_given_and_else_drawn(project: Path) -> None:
    journey = """
journey: hello
trigger: {event: Joined}
steps:
  - id: which
    split: [{variant: A, share: 50%, then: [{email: hello}]}, {variant: B, share: 50%, then: [{sms: nudge}]}]
"""
    joined = f"{ADA}\nevents: [{{at: 0h, event: Joined}}]\n"
    for variant, message in (("A", "email: hello"), ("B", "sms: nudge")):
        given = f"test: x\n{joined}given: {{variants: {{which: {variant}}}}}\nexpect: [{{at: 0h, {message}}}]"
        assert verdict(project, given, journey).passed
    wrong = f"test: x\n{joined}given: {{variants: {{which: C}}}}\nexpect: []"
    assert problems(project, wrong, journey) == ["there is no variant of which 'C' (known: A, B)"]


def test_a_webhook_calls_nobody_and_its_answer_does_not_come(project: Path) -> None:
    journey = """
journey: ask
trigger: {event: Joined}
steps:
  - webhook: {url: "http://127.0.0.1:9/", save_as: answer}
  - branch:
      - {if: vars.answer.status == 200, then: [{email: hello}]}
      - {else: [{email: sorry}]}
"""
    test = f"""
test: nobody answers
{ADA}
events: [{{at: 0h, event: Joined}}]
expect: [{{at: 1h, email: sorry}}]
"""
    assert verdict(project, test, journey).passed


TEAM = """
journey: trial
trigger: {event: Trial Started, if: not account.plan == "pro"}
one_per: account
exit: {event: Subscription Started, scope: account}
steps: [delay: 3d, email: hello, delay: 3d, email: hello]
"""


def test_others_of_the_account_act_in_a_test_and_its_traits_are_given(project: Path) -> None:
    test = f"""
test: who buys ends it for all
given:
  account: {{id: acme, plan: free}}
  others: {{bob: {{email: bob@example.com}}}}
{ADA}
events:
  - {{at: 1h, event: Trial Started}}
  - {{at: 4d, by: bob, event: Subscription Started}}
expect:
  - {{at: 3d 1h, email: hello}}
  - {{at: 4d, exit: Subscription Started}}
"""
    found = verdict(project, test, TEAM)
    assert found.passed, found


@pytest.mark.parametrize(
    "events",
    [
        "[{at: 0h, by: bob, event: Trial Started}, {at: 1h, event: Trial Started}]",
        "[{at: 0h, by: bob, group: {plan: pro}}, {at: 1h, event: Trial Started}]",
    ],
    ids=["another is inside", "another has said that it is paid"],
)
def test_what_others_of_the_account_did_keeps_the_customer_of_a_test_out(
    project: Path, events: str
) -> None:
    given = "given: {account: {id: acme}, others: {bob: {}}}"
    test = f"test: nothing\n{given}\n{ADA}\nevents: {events}\nexpect: []\n"
    assert verdict(project, test, TEAM).passed


def test_others_are_members_of_no_account_where_a_test_gives_none(project: Path) -> None:
    events = "[{at: 0h, by: bob, event: Trial Started}, {at: 1h, event: Trial Started}]"
    test = f"""
test: alone
given: {{others: {{bob: {{}}}}}}
{ADA}
events: {events}
expect: [{{at: 3d 1h, email: hello}}, {{at: 6d 1h, email: hello}}]
"""
    found = verdict(project, test, TEAM)
    assert found.passed, found


def test_a_group_call_in_a_test_may_name_another_account(project: Path) -> None:
    test = f"""
test: moved
given: {{account: {{id: acme, plan: pro}}}}
{ADA}
events: [{{at: 0h, group: {{id: globex}}}}, {{at: 1h, event: Trial Started}}]
expect: [{{at: 3d 1h, email: hello}}, {{at: 6d 1h, email: hello}}]
"""
    found = verdict(project, test, TEAM)
    assert found.passed, found


def test_what_a_webhooks_server_answers_is_an_event_of_the_test(project: Path) -> None:
    journey = """
journey: ask
trigger: {event: Joined}
steps:
  - id: stock
    webhook: {url: "https://shop.example/stock", save_as: answer}
  - branch:
      - {if: vars.answer.body.left > 3, then: [{email: hello}]}
      - {else: [{email: sorry}]}
"""
    for left, template in ((5, "hello"), (2, "sorry")):
        answer = f"{{step: stock, status: 200, body: {{left: {left}}}}}"
        test = f"""
test: the server answers
{ADA}
events:
  - {{at: 0h, event: Joined}}
  - {{at: 2m, event: Webhook Answered, properties: {{step: another, status: 500}}}}
  - {{at: 10m, event: Webhook Answered, properties: {answer}}}
expect: [{{at: 10m, email: {template}}}]
"""
        assert verdict(project, test, journey).passed


INVITE = """
journey: invite
trigger: {event: Order Completed}
steps:
  - email: {template: thanks, to: referrer}
  - email: welcome
"""
AT_NIGHT = CONSENTING + '[quiet_hours]\nemail = {from = "09:00", to = "18:00"}\n'


@pytest.mark.parametrize(
    ("bob", "at", "expected"),
    [
        ("email: bob@example.com", "0h", "email: thanks"),
        ("email: bob@example.com, consent: {email: false}", "0h", "not_sent: no_consent"),
        ("plan: pro", "5m", "not_sent: no_address"),
    ],
)
def test_a_message_to_a_referrer_whom_a_test_names_is_asked_of_them(
    project: Path, bob: str, at: str, expected: str
) -> None:
    test = f"""
test: thanks
given: {{others: {{bob: {{{bob}}}}}}}
customer: {{email: ada@example.com, referred_by: bob}}
events: [{{at: 0h, event: Order Completed}}]
expect: [{{at: 0h, email: welcome}}, {{at: {at}, {expected}}}]
"""
    found = verdict(project, test, INVITE)
    assert found.passed, found
    unnamed = test.replace("others: {bob", "others: {eve")
    assert "at 0s: email thanks" in happened(verdict(project, unnamed, INVITE))


def test_a_referrer_is_written_to_by_their_own_clock(project: Path) -> None:
    test = """
test: thanks
given: {others: {bob: {email: bob@example.com, timezone: America/New_York}}}
customer: {email: ada@example.com, referred_by: bob, timezone: Asia/Tokyo}
events: [{at: 0h, event: Order Completed}]
expect: [{at: 0h, email: welcome}, {at: 0h, email: thanks}]
"""
    found = verdict(project, test, INVITE, AT_NIGHT)
    assert found.passed, found
    in_paris = test.replace("America/New_York", "Europe/Paris")
    assert not verdict(project, in_paris, INVITE, AT_NIGHT).passed
    late = in_paris.replace("{at: 0h, email: thanks}", "{at: 7h, email: thanks}")
    assert verdict(project, late, INVITE, AT_NIGHT).passed


@pytest.mark.parametrize("pace", ["throttle: 2/h", "spread: 2h"])
def test_the_customer_of_a_test_stands_alone_in_a_queue_and_enters_as_in_life(
    project: Path, pace: str
) -> None:
    journey = (
        f"journey: news\ntrigger: {{once: 2026-01-05 10:00}}\n{pace}\nsteps:\n  - email: hello"
    )
    test = f"test: t\n{ADA}\nexpect: []\n"
    found = verdict(project, test, journey)
    in_turn = timedelta(hours=2) * place_of("news", "test")
    whole = timedelta(seconds=in_turn // timedelta(seconds=1))
    (one,) = (one for one in found.happened if one.what == "email")
    assert one.after == (whole if "spread" in pace else timedelta(0))
