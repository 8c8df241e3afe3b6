"""A journey written as in another tool: each fault is said once, at its place, with what to write
instead.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.language.journeys import read_journey
from orchestrator.language.place import Known
from orchestrator.language.step_forms import NOT_BUILT as NOT_BUILT_STEPS

TEMPLATES = frozenset(
    {(Medium.EMAIL, "welcome"), (Medium.EMAIL, "thank-you"), (Medium.SMS, "nudge")}
)
KNOWN = Known(
    facts=frozenset(),
    stages=frozenset({"lead", "loyal"}),
    templates=TEMPLATES,
    channels={
        ChannelName("email"): Medium.EMAIL,
        ChannelName("offers"): Medium.EMAIL,
        ChannelName("sms"): Medium.SMS,
    },
)
NOT_BUILT = "is part of the language but not built yet in this version"


def faults(text: str, known: Known = KNOWN) -> list[str]:
    document, problems = read_yaml(text, "x.yaml")
    if not problems:
        read_journey(document, known, problems)
    return [problem.message for problem in sorted(problems, key=lambda one: (one.line, one.column))]


def of_head(head: str) -> list[str]:
    trigger = "" if "rigger:" in head else "trigger: manual\n"
    return faults(f"journey: x\n{head}\n{trigger}steps: [email: welcome]\n")


def of_step(step: str) -> list[str]:
    found = faults(f"journey: x\ntrigger: manual\nsteps:\n  - {step}\n")
    return [
        message.partition("': ")[2] if message.startswith("step '") else message
        for message in found
    ]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("trigger: Product Added", "write `{event: Product Added}` for an event"),
        ("trigger: stage", "`stage` is written with its name, such as `{stage: loyal}`"),
        (
            "trigger: {events: Product Added}",
            "there is no trigger 'events'; it is called 'event' here",
        ),
        (
            "trigger: {metric: Placed Order}",
            "there is no trigger 'metric'; it is called 'event' here",
        ),
        (
            "trigger: {cron: '0 9 * * *'}",
            "there is no trigger 'cron'; it is called 'schedule' here",
        ),
        (
            "trigger: {event: [a, b]}",
            "`event` takes one text (several events: one trigger, exit or step each)",
        ),
        ("trigger: {event: }", "`event` has no value: write `event: Order Completed`"),
        ("trigger: {event: a, filter: event.b}", "unknown key 'filter'; it is called 'if' here"),
        ("trigger: {event: a, fro: b}", "unknown key 'fro' (known: if, event, for_each)"),
        (
            "trigger: {date: customer.birthday, at: 9am}",
            "'9am' is not a time of day: write 09:00",
        ),
        (
            "trigger: {date: days_since(customer.a)}",
            "'days_since(customer.a)' is no date of the customer's: write a trait or a fact, such as "
            "customer.birthday",
        ),
        (
            "trigger: {date: now}",
            "'now' is no date of the customer's: write a trait or a fact, such as customer.birthday",
        ),
        (
            "trigger: {business_event: Price Dropped}",
            '`to` is missing here (whom it means: `to: performed("Product Viewed", within="30d")`)',
        ),
        ("trigger: {date: customer.a, every: week}", "`every` must be year or month"),
        ("triggers: {event: a}", "unknown key 'triggers'; it is called 'trigger' here"),
        ("reentry: 7d", "`reentry` must be never, always or {after: 7d}"),
        ("reentry: 30d", "`reentry` must be never, always or {after: 30d}"),
        ("reentry: once", "`reentry` must be never, always or {after: 7d}"),
        ("goal: Order Completed", "`goal` is written as `goal: {event: Order Completed}`"),
        ("goal: {event: a, window: 5d}", "unknown key 'window'; it is called 'within' here"),
        (
            "goal: {event: a, target: 5}",
            "unknown key 'target' (known: event, stage, segment, if, within, value, exit, scope)",
        ),
        ("exit: Order Completed", "`exit` is written as `exit: [{event: Order Completed}]`"),
        (
            "exit: [Order Completed]",
            "each entry of `exit` is written as `- event: Order Completed`",
        ),
        (
            "trigger: {schedule: '0 * * * *', timezone: customer}",
            "a schedule on each customer's clock has fixed times: write an hour and a minute, "
            "such as 0 9 * * mon",
        ),
        ("ends: soon", "'soon' is no day: write the last one, such as 2026-12-31"),
        ("ends: 2026-02-30", "'2026-02-30' is no day: write the last one, such as 2026-12-31"),
        ("conditions: customer.a", "unknown key 'conditions'; it is called 'only_if' here"),
        (
            "quiet_hours: night",
            (
                "a journey has no `quiet_hours`: it stands in parcours.toml and holds for "
                "the whole project"
            ),
        ),
        (
            "status: live",
            (
                "a journey has no `status`: it runs as long as its file is there; "
                "`draft: true` or a pause in Prefect holds it"
            ),
        ),
        ("segment: vip", 'a journey has no `segment`: write `only_if: in_segment("vip")`'),
        (
            "tests: nothing",
            "`tests` is written as `tests: [{test: what happens, events: […], expect: […]}]`",
        ),
    ],
)
def test_a_fault_in_the_head_says_what_to_write(head: str, message: str) -> None:
    assert of_head(head) == [message]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            "split: {A: 50%, B: 50%}",
            (
                "`split` is written as `split: [{variant: A, share: 50%, then: […]}, "
                "{variant: B, share: 50%}]`"
            ),
        ),
        (
            "delay: {id: x, for: 14d}",
            (
                "a duration is one text, such as 1h or 3d (an `id` goes beside it: `{id: "
                "pause, delay: 3d}`)"
            ),
        ),
        (
            "{first_of: [email, push], template: nudge}",
            "each entry of `first_of` is one of whatsapp, sms, email",
        ),
        ("delay: {between: [1h]}", "`between` needs at least 2 entries"),
        ("coupon: {percent: 10, expire: 3d}", "unknown key 'expire'; did you mean 'expires'?"),
        ("coupon: {percent: 10%}", "`percent` is a number: write 10"),
        ("coupon: {amount: 5 €}", "`amount` is a number: write 5"),
        ("coupon: 10%", "`coupon` is written as `coupon: {percent: 10, expires: 3d}`"),
        ("mute: 14d", "`mute` is written as `mute: {for: 14d}`"),
        ("task: Call them", "`task` is written as `task: {type: call, note: Call them}`"),
        (
            "wait_for: Order Paid",
            "`wait_for` is written as `wait_for: {event: Order Paid, within: 2d}`",
        ),
        ("wait_for: {event: a, timeout: 2d}", "unknown key 'timeout'; it is called 'within' here"),
        ("wait_until: 07:30", "`wait_until` is written as `wait_until: {time: 07:30}`"),
        (
            "webhook: a.example",
            "a webhook's url begins with https:// (or http://) and the host's name",
        ),
        ("webhook: {}", "`url` is missing here"),
        ("whatsapp: {template: x, subjct: y}", "unknown key 'subjct'; did you mean 'subject'?"),
        ("wait: 1h", "there is no step 'wait'; did you mean 'delay'?"),
        ("if: customer.a", "there is no step 'if'; did you mean 'branch'?"),
        ("text: nudge", "there is no step 'text'; did you mean 'sms'?"),
        (
            "email:welcome",
            "there is no step 'email:welcome': a blank follows the colon, `email: welcome`",
        ),
        ("welcome", "there is no step 'welcome': write `email: welcome` to send this template"),
        (
            "email: [a, b]",
            "a step sends one message: write a step for each, `- email: cart-reminder`",
        ),
        ("email: ", "`email` has no value: write `email: cart-reminder`"),
        (
            "{email: welcome, if: customer.a}",
            "a step has no `if`: put it into a branch, `- branch: [{if: …, then: [{email: …}]}]`",
        ),
        (
            "branch: [{if: customer.a, then: [email: welcome], else: [exit]}]",
            "`else` is an entry of its own: write `- else: […]` after this one",
        ),
        (
            "split: [{variant: A, share: 0.5}, {variant: B, share: 0.5}]",
            "the shares add up to 1%, not to 100%: a half is written 50%",
        ),
        (
            "email: {template: welcome, provider: ofers}",
            "there is no channel for email 'ofers'; did you mean 'offers'?",
        ),
        (
            "sms: {template: nudge, provider: email}",
            "there is no channel for sms 'email' (known: sms)",
        ),
    ],
)
def test_a_fault_in_a_step_says_what_to_write(step: str, message: str) -> None:
    assert of_step(step) == [message]


@pytest.mark.parametrize(
    ("topic", "advice"),
    [
        ("Nouveautés", "nouveautes"),
        ("New arrivals", "new-arrivals"),
        ('"a\\r\\nBcc: x"', "a-bcc-x"),
        ("新着", "one such as offers"),
        ("Offers", "offers"),
    ],
)
def test_a_topic_that_no_header_could_carry_is_advised_to_be_written_plainly(
    topic: str, advice: str
) -> None:
    message = f"a topic's id is made of a-z, 0-9, - and _: write {advice}"
    assert (
        of_head(f"topic: {topic}")
        == of_step(f"subscribe: {topic}")
        == of_step(f"unsubscribe: {topic}")
        == [message]
    )
    assert of_head("topic: summer_sale-2026") == []


@pytest.mark.parametrize(
    "step",
    [
        "branch: [{if: customer.a, then: [{coupon: {percent: 10, expire: 3d}}]}]",
        "branch: [{if: customer.a, then: [exit]}, {else: [{coupon: {percent: 10, expire: 3d}}]}]",
        "split: [{variant: A, share: 100%, then: [{coupon: {percent: 10, expire: 3d}}]}]",
        (
            "wait_for: {event: a, within: 2d, else: [{branch: [{if: true, then: [{coupon: "
            "{percent: 10, expire: 3d}}]}]}]}"
        ),
    ],
)
def test_a_step_inside_others_is_told_the_same(step: str) -> None:
    assert of_step(step) == ["unknown key 'expire'; did you mean 'expires'?"]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("email: trial-over", "not found: write templates/email/trial-over.mjml (or .html)"),
        ("email: vip-thank-you", "not found: write templates/email/vip-thank-you.mjml (or .html)"),
        (
            "email: thank-yu",
            (
                "not found; did you mean 'email/thank-you'? Else write "
                "templates/email/thank-yu.mjml (or .html)"
            ),
        ),
        ("email: welcome.html", "not found: write `email: welcome`, without folder and ending"),
        (
            "email: templates/email/welcome.mjml",
            "not found: write `email: welcome`, without folder and ending",
        ),
        (
            "sms: Hello there!",
            (
                "not found: `sms` names a template; put the text into "
                "templates/sms/hello.txt and write `hello` here"
            ),
        ),
    ],
)
def test_a_template_that_is_missing_says_what_to_write(step: str, message: str) -> None:
    (fault,) = of_step(step)
    assert fault.endswith(message)


def test_a_version_of_the_past_that_names_a_provider_is_still_read() -> None:
    step = "email: {template: welcome, provider: sendgrid}"
    assert faults(f"journey: x\ntrigger: manual\nsteps:\n  - {step}\n", Known()) == []


def test_what_is_not_built_is_never_offered() -> None:
    (keys,), (steps,) = of_head("colour: red"), of_step("push: hello")
    assert not any(word in keys for word in ("for_each",))
    assert not any(word in steps for word in NOT_BUILT_STEPS)


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("locale", ["goal", "journey"]),
        ("channel", ["on_change", "exit"]),
        ("text", ["exit", "email"]),
        ("trial-over", ["thank-you"]),
        ("vip-thank-you", ["thank-you"]),
        ("Form Submitted", ["Form Started"]),
        ("Subscription Paused", ["Subscription Resumed"]),
        ("Product Added to Wishlist", ["Product Removed from Wishlist"]),
    ],
)
def test_a_word_that_is_only_remotely_alike_is_not_suggested(word: str, known: list[str]) -> None:
    assert did_you_mean(word, known) == ""


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("emial", "email"),
        ("expire", "expires"),
        ("VIP", "vip"),
        ("mail", "email"),
        ("wiat", "wait"),
        ("vpi", "vip"),
        ("Form Submited", "Form Submitted"),
        ("Order Complete", "Order Completed"),
        ("Products Added", "Product Added"),
    ],
)
def test_a_slip_of_the_fingers_is(word: str, known: str) -> None:
    assert did_you_mean(word, [known, "something-else"]) == f"; did you mean '{known}'?"


def test_of_many_names_that_there_are_a_dozen_are_told() -> None:
    stages = frozenset(f"s{number}" for number in range(40))
    text = "journey: x\ntrigger: {stage: nowhere}\nsteps:\n  - exit\n"
    (told,) = faults(text, replace(KNOWN, stages=stages))
    assert told.startswith("there is no stage 'nowhere' (known: s0, s1, s10,")
    assert told.endswith("s18, s19, …)")
    assert told.count(", s") == 11
