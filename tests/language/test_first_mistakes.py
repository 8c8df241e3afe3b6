"""The first mistakes that somebody makes who comes from another tool: each is told what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checked import check, journey, mail


def the_error(tmp_path: Path, *files: dict[str, str]) -> str:
    (problem,) = [one for one in check(tmp_path, *files) if one.severity == "error"]
    return problem.message


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("trigger.price > 3", "a property of the event is written `event.price`"),
        ("properties.price > 3", "a property of the event is written `event.price`"),
        ("segment == 'vip'", 'write `in_segment("vip")`'),
        ("age(customer.birthday) > 18", "write `days_since(customer.birthday) >= 6574`"),
        ("ordered('Coffee')", 'write `performed("Order Completed")`'),
    ],
)
def test_a_condition_as_other_tools_write_it(tmp_path: Path, condition: str, told: str) -> None:
    body = f"trigger:\n  event: Product Added\n  if: {condition}"
    assert told in the_error(tmp_path, journey(body))


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("unsubscribe", "there is no step 'unsubscribe': write `unsubscribe: offers`"),
        ("mute", "there is no step 'mute': write `mute: {for: 30d}`"),
        ("emit: Became Loyal", "`emit` is written as `emit: {event: Became Loyal}`"),
        ("audience: vip", "`audience` is written as `audience: {add: vip}`"),
        ("call: +33612345678", "there is no step 'call'; did you mean 'task'?"),
        ("add_tag: vip", "there is no step 'add_tag'; did you mean 'update'?"),
        ("slack: hello", "there is no step 'slack'; did you mean 'webhook'?"),
    ],
)
def test_a_step_as_other_tools_write_it(tmp_path: Path, step: str, told: str) -> None:
    assert told in the_error(tmp_path, journey("trigger: manual", step))


@pytest.mark.parametrize(
    ("trigger", "told"),
    [
        ("birthday", "write `{date: customer.birthday, every: year}`"),
        ("daily", "write `{schedule: '0 9 * * *'}`"),
        ("api", "write `manual`"),
        ("Signed Up", "write `{event: Signed Up}` for an event"),
    ],
)
def test_a_trigger_as_other_tools_write_it(tmp_path: Path, trigger: str, told: str) -> None:
    assert told in the_error(tmp_path, journey(f"trigger: {trigger}"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ customer.first_name || 'friend' }}", "`||` means nothing here: write `or`"),
        ("{{ customer.first_name | default 'friend' }}", "stand in brackets"),
        ("{{ customer.first_name | default: 'friend' }}", "stand in brackets"),
        ("{{ entry.total | currency }}", "there is no filter `currency`; write `money`"),
        ("{{ customer.first_name | upcase }}", "there is no filter `upcase`; write `upper`"),
        ("{% customer.first_name %}", "a value is printed by two braces: `{{ customer }}`"),
    ],
)
def test_a_template_as_other_tools_write_it(tmp_path: Path, text: str, told: str) -> None:
    assert told in the_error(tmp_path, journey("trigger: manual"), mail(text))


def test_a_template_that_is_missing_is_told_at_its_step_and_not_again_at_each_test(
    tmp_path: Path,
) -> None:
    tests = "tests:\n  - {test: a, expect: [{at: 0h, email: nowhere}, {at: 1h, email: elsewhere}]}"
    found = check(tmp_path, journey(f"trigger: {{event: Signed Up}}\n{tests}", "email: nowhere"))
    at_step, at_test = sorted(one.message for one in found if one.severity == "error")
    assert at_step.startswith("step 'nowhere': template 'email/nowhere' not found")
    assert at_test.startswith("there is no email template 'elsewhere'")


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("send_email: hello", "there is no step 'send_email'; did you mean 'email'?"),
        ("wait_until: 9am", "`wait_until` is written as `wait_until: {time: 09:00}`"),
        ("wait_until: {weekday: Monday}", "unknown key 'weekday'; it is called 'days' here"),
        ("repeat: 3", "`repeat: {times: 3, every: 1d, steps: [{email: cart-reminder}]}`"),
        ("onsite: hello", "`onsite: {slot: home, content: 'Free postage today'}`"),
        ("audience: {list: vip}", "unknown key 'list'; it is called 'add' here"),
        ("update: {traits: {vip: yes}}", "names traits at once: write `update: {vip: …}`"),
        (
            "first_of: [hello, sms]\n    template: hello",
            "each entry of `first_of` is one of whatsapp, sms, email",
        ),
    ],
)
def test_a_step_whose_inside_is_written_as_one_would_guess(
    tmp_path: Path, step: str, told: str
) -> None:
    assert told in the_error(tmp_path, journey("trigger: manual", step))


def test_a_journey_that_is_switched_off_is_a_draft(tmp_path: Path) -> None:
    body = "trigger: {event: Product Added}\nenabled: false"
    assert "`draft: true` or a pause" in the_error(tmp_path, journey(body))


def test_the_first_segment_and_the_first_stage_are_told_their_file(tmp_path: Path) -> None:
    assert the_error(tmp_path, journey("trigger: {segment: vip}")) == (
        "there is no segment 'vip': write it into journeys/segments.yaml"
    )
    assert the_error(tmp_path, journey("trigger: {stage: churned}")) == (
        "there is no stage 'churned': write it into journeys/lifecycle.yaml"
    )


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("customer.revenue > 1,000", "thousands are written together: 1000"),
        ("customer.revenue > 1,5", "a number is written with a point: 1.5"),
        (
            "customer.created_at < now - 30d",
            "write `days_since(customer.created_at) > 30`, a number of days",
        ),
        (
            "customer.created_at > 4 weeks",
            "write `days_since(customer.created_at) > 30`, a number of days",
        ),
        (
            'performed("Order Completed", 30d)',
            'a duration stands between quotes, with its name: within="30d"',
        ),
        ('performed("Order Completed", within="30 days")', "is not a duration: write 30d"),
        ('performed("Order Completed", within="2 jours")', "is not a duration: write 2d"),
        ('performed("Order Completed", within="3 Heures")', "is not a duration: write 3h"),
        ('performed("Order Completed", within="1 semaine")', "is not a duration: write 1w"),
        ("customer.country is France", 'a text is compared by `== "France"`'),
        ("count('Order Completed') > 3", 'write `performed("Order Completed", at_least=3)`'),
        ('now.weekday == "monday"', "`now` is an instant without parts"),
    ],
)
def test_a_time_or_a_number_as_one_would_write_it(
    tmp_path: Path, condition: str, told: str
) -> None:
    body = f"trigger:\n  event: Product Added\n  if: {condition}"
    assert told in the_error(tmp_path, journey(body))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{{ customer.first_name }}}", "a value is printed by two braces"),
        ("{{ now() }}", "`now` is a value: write it without `()`"),
    ],
)
def test_a_value_in_a_mail_as_one_would_write_it(tmp_path: Path, text: str, told: str) -> None:
    assert told in the_error(tmp_path, journey("trigger: manual"), mail(text))


@pytest.mark.parametrize(
    ("step", "key"),
    [
        ("email: {id: a, template: hello, subject: Hello, Ada}", "Ada"),
        ("email: {id: a, template: hello, subject: Bought, and silent}", "and silent"),
    ],
)
def test_a_comma_in_a_text_without_quotes_is_told_to_begin_a_new_key(
    tmp_path: Path, step: str, key: str
) -> None:
    told = the_error(tmp_path, journey("trigger: manual", step))
    assert f"unknown key '{key}', without a value" in told
    assert "put all of that text between quotes" in told


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (
            "  - email: hello\n    subject: Hi",
            "`subject` stands inside of `email`: write `email: {template: hello, subject: …}`",
        ),
        (
            "  - coupon: {percent: 10}\n    expires: 3d",
            "`expires` stands inside of `coupon`: write `coupon: {…, expires: …}`",
        ),
        (
            "  - set: {a: '{{ secrets.KEY }}'}",
            "a secret stands in the url, headers and body of a `webhook` only",
        ),
        (
            "  - subscribe: {channel: mail}",
            "`channel` must be email or sms or whatsapp; did you mean 'email'?",
        ),
        ("  - email: hello\n  - goto: hello", "(backwards is `repeat`)"),
    ],
)
def test_a_step_that_is_nearly_right_is_told_what_is_missing_and_nothing_else(
    tmp_path: Path, steps: str, told: str
) -> None:
    assert told in the_error(tmp_path, journey("trigger: manual", steps))


def test_a_segment_s_rule_is_called_if(tmp_path: Path) -> None:
    segments = {"journeys/segments.yaml": "segments:\n  vip: {rule: customer.orders >= 2}\n"}
    told = the_error(tmp_path, journey("trigger: manual"), segments)
    assert told == "unknown key 'rule'; it is called 'if' here"


def test_a_stage_that_is_entered_from_itself_is_told(tmp_path: Path) -> None:
    lifecycle = {"journeys/lifecycle.yaml": "lifecycle: x\nstages: [{stage: a, if: true}]\n"}
    files = journey("trigger: {stage: a, from: a}")
    told = [one.message for one in check(tmp_path, files, lifecycle) if one.rule == "never-holds"]
    assert told == ["nobody enters a stage from itself"]


@pytest.mark.parametrize("step", ["subscribe: email", "unsubscribe: email"])
def test_a_channel_is_no_topic(tmp_path: Path, step: str) -> None:
    told = "`email` is no topic: write `{channel: email}`"
    assert told in [
        one.message.partition(": ")[2] for one in check(tmp_path, journey(STARTED, step))
    ]
    settings = {"parcours.toml": '[topics]\noffers = "Offers"\n'}
    assert told in the_error(tmp_path, journey(STARTED, step), settings)


STARTED = "trigger: manual\ntopic: offers"


def test_a_trait_with_the_name_of_a_fact_is_never_read(tmp_path: Path) -> None:
    facts = "lifecycle: x\nfacts: {orders: {count: Order Completed}}\n"
    files = journey(STARTED, "update: {orders: 3}"), {"journeys/lifecycle.yaml": facts}
    told = [one.message for one in check(tmp_path, *files) if "'orders' is a fact" in one.message]
    assert len(told) == 1


def test_a_control_group_of_everybody_is_told(tmp_path: Path) -> None:
    files = journey(f"{STARTED}\nholdout: 100%")
    told = [one.message for one in check(tmp_path, files) if one.rule == "no-message"]
    assert told == ["the control group is everybody, so nothing is ever sent or done"]


def test_a_file_in_a_folder_of_journeys_is_told_not_to_be_read(tmp_path: Path) -> None:
    files = journey(STARTED), {"journeys/old/y.yaml": "journey: y\n"}
    (told,) = [one for one in check(tmp_path, *files) if one.file == "journeys/old/y.yaml"]
    assert "is not read" in told.message


def test_what_a_condition_does_not_know_of_its_journey_is_told(tmp_path: Path) -> None:
    step = "task: {type: letter, assignee: ada, note: '{{ journey.title }} {{ journey.id }}'}"
    told = [one.message for one in check(tmp_path, journey(STARTED, step)) if one.rule == "advice"]
    assert told == ["step 'task-at-end': `journey` has no 'title' here (known: id, number)"]
