"""Names that nothing knows are told of, with what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.agreeing import ASKED, CONFIRMED
from orchestrator.domain.own_events import OWN_EVENTS
from orchestrator.domain.steps.offers import REWARD_GRANTED
from orchestrator.domain.steps.task import TASK_DONE
from tests.support.checked import check, found, journey, mail

LIFECYCLE = {
    "journeys/lifecycle.yaml": "lifecycle: x\nfacts:\n  orders: {count: Order Completed}\n"
    "  carts: {count: Product Added}\n"
}
PLAN = {
    "journeys/events.yaml": """
events:
  Order Completed:
    properties:
      total: {type: number, examples: [80]}
      currency: string
      products: {type: array, items: {properties: {name: string}}}
  Product Added: {properties: {price: number}}
  Signed Up:
traits:
  first_name: string
  newsletter: boolean
"""
}


def test_an_event_that_no_other_file_names_is_told_with_the_one_that_was_meant(
    tmp_path: Path,
) -> None:
    files = journey("trigger: {event: Product Aded}")
    assert found(tmp_path, "unknown-event", LIFECYCLE, files) == [
        "journeys/x.yaml:2: no other file, no test and no plan names the event 'Product Aded'; "
        "did you mean 'Product Added'?"
    ]


def test_an_event_that_another_file_or_a_test_names_is_known(tmp_path: Path) -> None:
    files = journey("trigger: {event: Product Added}")
    assert found(tmp_path, "unknown-event", LIFECYCLE, files) == []
    tested = journey(
        "trigger: {event: Gift Bought}\ntests:\n  - test: a\n    expect: []\n"
        "    events: [{at: 0h, event: Gift Bought}]"
    )
    assert found(tmp_path, "unknown-event", LIFECYCLE, tested) == []


@pytest.mark.parametrize(
    "body",
    [
        "trigger: {event: Signed Up}\nexit: {event: Order Complete}",
        "trigger: {event: Signed Up}\ngoal: {event: Order Complete}",
        "trigger: {event: Signed Up}\nonly_if: performed('Order Complete')",
        "trigger: {event: Order Complete}",
    ],
)
def test_where_a_plan_stands_it_decides_wherever_an_event_is_named(
    tmp_path: Path, body: str
) -> None:
    (told,) = found(tmp_path, "unknown-event", PLAN, journey(body))
    assert told.endswith("has no event 'Order Complete'; did you mean 'Order Completed'?")


def test_an_event_in_a_template_or_a_fact_is_looked_at_too(tmp_path: Path) -> None:
    files = journey("trigger: {event: Signed Up}")
    body = "{% if performed('Order Complet') %}Thank you{% endif %}"
    assert len(found(tmp_path, "unknown-event", PLAN, files, mail(body))) == 1
    facts = {"journeys/lifecycle.yaml": "lifecycle: x\nfacts:\n  a: {count: Odrer Completed}\n"}
    (told,) = found(tmp_path, "unknown-event", PLAN, files, facts, mail("x"))
    assert told.startswith("journeys/lifecycle.yaml:3:")


def test_what_parcours_itself_makes_and_what_steps_emit_is_known(tmp_path: Path) -> None:
    files = journey(
        "trigger: {event: Survey Answered, if: event.score <= 6}",
        "  - emit: {event: Became Unhappy}\n  - email: hello",
    )
    other = journey("trigger: {event: Became Unhappy}", name="y")
    assert found(tmp_path, "unknown-event", PLAN, files, other) == []


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("Survey Answered", "score"),
        ("Referral Accepted", "referred_by"),
        ("Unsubscribed", "scope"),
        ("Consent Asked", "channel"),
        ("Consent Confirmed", "channel"),
        ("Reward Granted", "code"),
        ("Task Done", "result"),
    ],
)
def test_each_event_that_the_page_of_events_says_parcours_writes_is_known_with_its_properties(
    tmp_path: Path, event: str, name: str
) -> None:
    assert f"`{event}`" in Path("docs/events.md").read_text(encoding="utf-8")
    files = journey(f"trigger: {{event: {event}, if: event.{name} is defined}}")
    assert found(tmp_path, "unknown-event", PLAN, files) == []
    assert found(tmp_path, "unknown-property", PLAN, files) == []


def test_the_events_that_the_source_makes_are_among_them() -> None:
    assert {ASKED, CONFIRMED, REWARD_GRANTED, TASK_DONE} <= OWN_EVENTS.keys()


def test_an_event_that_nobody_makes_is_told_though_it_sounds_like_one_of_ours(
    tmp_path: Path,
) -> None:
    files = journey("trigger: {event: Coupon Redeemed}")
    assert len(found(tmp_path, "unknown-event", PLAN, files)) == 1


def test_a_comment_keeps_an_event_that_begins_in_may(tmp_path: Path) -> None:
    body = "trigger:\n  event: Gift Bought  # parcours: ignore[unknown-event] begins in May"
    rules = {one.rule for one in check(tmp_path, PLAN, journey(body))}
    assert not rules & {"unknown-event", "ignore-without-effect", "ignore-without-reason"}


def test_an_event_of_a_test_must_be_one_that_the_plan_has(tmp_path: Path) -> None:
    tested = (
        "trigger: {event: Signed Up}\ntests:\n  - test: a\n    expect: []\n"
        "    events: [{at: 0h, event: Signd Up}, {at: 1h, event: Webhook Answered}]"
    )
    (told,) = found(tmp_path, "unknown-event", PLAN, journey(tested))
    assert told.endswith("has no event 'Signd Up'; did you mean 'Signed Up'?")


NEVER = '[project]\npostal_address = "1 rue"\n[never]\nrules = ["true == false", "{rule}"]\n'


@pytest.mark.parametrize(
    ("rule", "name", "meant"),
    [
        ("customer.newsleter", "unknown-trait", "newsletter"),
        ("performed('Order Complet')", "unknown-event", "Order Completed"),
    ],
)
def test_a_name_in_a_rule_of_never_is_told_as_anywhere(
    tmp_path: Path, rule: str, name: str, meant: str
) -> None:
    settings = {"parcours.toml": NEVER.format(rule=rule)}
    files = journey("trigger: {event: Signed Up}")
    (told,) = found(tmp_path, name, PLAN, files, settings)
    assert told.startswith("parcours.toml:4:")
    assert f"did you mean '{meant}'?" in told


@pytest.mark.parametrize(
    ("subject", "rule"),
    [
        ("Hi {{ customer.frist_name }}", "unknown-trait"),
        ("{{ vars.scroe }}", "unknown-variable"),
        ("{{ coupon.code }}", "coupon-without-step"),
        ("{{ entry.pirce }}", "unknown-property"),
        ("{{ performed('Order Complet') }}", "unknown-event"),
    ],
)
def test_a_name_in_the_subject_of_a_step_is_told_as_in_a_template(
    tmp_path: Path, subject: str, rule: str
) -> None:
    step = f'email: {{template: hello, subject: "{subject}"}}'
    files = journey("trigger: {event: Product Added}", step)
    (told,) = found(tmp_path, rule, PLAN, files)
    assert told.startswith("journeys/x.yaml:4:")


# ---------------------------------------------------------------- properties


@pytest.mark.parametrize(
    ("body", "name", "meant"),
    [
        ("trigger: {event: Product Added, if: event.pirce >= 20}", "pirce", "price"),
        ("trigger: {event: Signed Up}\nexit: {event: Product Added, if: event.prise > 3}",
         "prise", "price"),
        ("trigger: {event: Product Added}\nonly_if: entry.prices > 3", "prices", "price"),
        ("trigger: {event: Signed Up}\ngoal: {event: Order Completed, value: event.totl}",
         "totl", "total"),
        ("trigger: {event: Signed Up}\nonly_if: performed('Order Completed', curency='EUR')",
         "curency", "currency"),
    ],
)  # fmt: skip
def test_a_property_that_the_event_does_not_have_is_told(
    tmp_path: Path, body: str, name: str, meant: str
) -> None:
    (told,) = found(tmp_path, "unknown-property", PLAN, journey(body))
    assert told.endswith(f"has no property '{name}'; did you mean '{meant}'?")


@pytest.mark.parametrize(
    "trigger",
    ["{event: Product Added}", "[{event: Product Added}, {event: Signed Up}]"],
)
def test_a_property_that_no_trigger_has_is_told_of_what_there_is_one_passage_for(
    tmp_path: Path, trigger: str
) -> None:
    plan = {
        "journeys/events.yaml": PLAN["journeys/events.yaml"].replace(
            "Up:", "Up: {properties: {plan: string}}"
        )
    }
    files = journey(f"trigger: {trigger}\none_per: event.pirce")
    assert len(found(tmp_path, "unknown-property", plan, files)) == 1
    files = journey(f"trigger: {trigger}\none_per: event.price")
    assert found(tmp_path, "unknown-property", plan, files) == []


def test_a_property_of_an_event_of_which_nothing_is_told_may_be_anything(tmp_path: Path) -> None:
    body = "trigger: {event: Signed Up, if: event.whatever == 1}"
    assert found(tmp_path, "unknown-property", PLAN, journey(body)) == []
    assert found(tmp_path, "unknown-property", LIFECYCLE, journey(body)) == []


def test_the_entry_in_a_template_is_what_starts_the_journeys_that_send_it(tmp_path: Path) -> None:
    text = mail("{{ entry.totl }} {{ entry.at | date }}")
    (told,) = found(
        tmp_path, "unknown-property", PLAN, text, journey("trigger: {event: Order Completed}")
    )
    assert told.startswith("templates/email/hello.html:4:")
    by_hand = journey("trigger: [{event: Order Completed}, manual]")
    assert found(tmp_path, "unknown-property", PLAN, text, by_hand) == []


def test_a_fact_of_a_property_that_its_event_does_not_have_is_told(tmp_path: Path) -> None:
    facts = {
        "journeys/lifecycle.yaml": "lifecycle: x\nfacts:\n"
        '  a: {unique: Order Completed, of: "product[].name"}\n'
    }
    (told,) = found(
        tmp_path, "unknown-property", PLAN, facts, journey("trigger: {event: Signed Up}")
    )
    assert "has no property 'product'; did you mean 'products'?" in told


def test_an_option_of_another_tool_is_not_taken_for_a_property_in_silence(tmp_path: Path) -> None:
    body = "trigger: {event: Signed Up}\nonly_if: performed('Order Completed', last='30d')"
    (told,) = found(tmp_path, "performed-option", PLAN, journey(body))
    assert told.endswith('takes `last` for a property of the event; write within="30d"')
    assert found(tmp_path, "unknown-property", PLAN, journey(body)) == []


NO_NAME = "nothing in `event.products` has a 'nmae'; did you mean 'name'?"


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("any(event.products, nmae='x')", NO_NAME),
        ("'x' in event.products[].nmae", NO_NAME),
        ("sum(event.products, 'nmae * 2') > 3", NO_NAME),
        ("event.products[0].nmae == 'x'", NO_NAME.replace("products`", "products[0]`")),
        ("(event.products | first).nmae == 'x'", NO_NAME),
        ("event.products.name == 'x'", "`event.products` is a list: write `event.products[].name`"),
        ("any(event.products, name='x') and event.products[0].name == 'x'", ""),
    ],
)
def test_a_name_that_no_element_of_a_list_has_is_told(
    tmp_path: Path, condition: str, told: str
) -> None:
    files = journey(f'trigger:\n  event: Order Completed\n  if: "{condition}"')
    messages = found(tmp_path, "unknown-property", PLAN, files)
    assert len(messages) == bool(told)
    assert told in "".join(messages)


@pytest.mark.parametrize("of", ["products[].nmae", "products.name"])
def test_a_fact_of_what_no_element_has_is_told(tmp_path: Path, of: str) -> None:
    facts = f"lifecycle: x\nfacts:\n  a: {{most_frequent: Order Completed, of: '{of}'}}\n"
    files = journey("trigger: manual"), {"journeys/lifecycle.yaml": facts}
    assert len(found(tmp_path, "unknown-property", PLAN, *files)) == 1


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("{% for one in entry.products %}{{ one.nmae }}{% endfor %}", True),
        ("{{ entry.products.name }}", True),
        ("{{ item.nmae }}", True),
        ("{% for one in entry.products %}{{ one.name }} {{ loop.index }}{% endfor %}", False),
        ("{{ entry.products | length }} {{ entry.total }} {{ item.name }}", False),
        ("{% for one in [1, 2] %}{{ one.nmae }}{% endfor %}", False),
    ],
)
def test_a_name_that_no_element_has_is_told_in_a_template(
    tmp_path: Path, text: str, is_told: bool
) -> None:
    files = journey("trigger: {event: Order Completed, for_each: event.products}")
    assert bool(found(tmp_path, "unknown-property", PLAN, files, mail(text))) is is_told


def test_the_element_of_a_trigger_is_known_in_all_of_its_journey(tmp_path: Path) -> None:
    trigger = "trigger: {event: Order Completed, for_each: event.products, if: item.nmae == 'x'}"
    files = journey(f"{trigger}\nonly_if: item.nmae == 'x'")
    assert len(found(tmp_path, "unknown-property", PLAN, files)) == 2


def test_without_a_plan_products_are_a_list_and_their_elements_may_say_anything(
    tmp_path: Path,
) -> None:
    body = "trigger:\n  event: Order Completed\n  if: {}"
    files = journey(body.format("event.products.name == 'x'"))
    assert len(found(tmp_path, "unknown-property", files)) == 1
    files = journey(body.format("any(event.products, anything='x') and event.a.b == 3"))
    assert found(tmp_path, "unknown-property", files) == []


def test_a_message_asked_about_in_the_subject_of_a_step_must_be_one_that_is_sent(
    tmp_path: Path,
) -> None:
    step = "email: {template: hello, subject: \"{{ 'x' if received('other') }}\"}"
    files = journey("trigger: manual", step), mail("x", name="other")
    assert len(found(tmp_path, "received-nothing", *files)) == 1


# ---------------------------------------------------------------- traits, facts, variables


def test_a_trait_that_is_nearly_a_known_one_is_told_in_templates_too(tmp_path: Path) -> None:
    files = journey("trigger: manual\nonly_if: customer.frist_name is defined")
    told = found(tmp_path, "unknown-trait", files, mail("Hi {{ customer.frist_name }}"))
    assert told == [
        "journeys/x.yaml:3: nothing gives customers a trait 'frist_name'; did you mean "
        "'first_name'?",
        "templates/email/hello.html:4: nothing gives customers a trait 'frist_name'; did you mean "
        "'first_name'?",
    ]


def test_where_a_plan_tells_the_traits_any_other_is_unknown(tmp_path: Path) -> None:
    files = journey("trigger: manual\nonly_if: customer.vip_level == 'gold'")
    assert found(tmp_path, "unknown-trait", files) == []
    (told,) = found(tmp_path, "unknown-trait", files, PLAN)
    assert told.endswith("a trait 'vip_level'; write it into journeys/events.yaml")
    updated = journey(
        "trigger: manual\nonly_if: customer.vip_level == 'gold'",
        "  - update: {vip_level: gold}\n  - email: hello",
    )
    assert found(tmp_path, "unknown-trait", updated, PLAN) == []


def test_a_trait_of_an_account_that_nothing_gives_is_told(tmp_path: Path) -> None:
    files = journey("trigger: manual\nonly_if: account.employes > 5 and account.seats > 3")
    told = found(tmp_path, "unknown-trait", files, mail("{{ account.idustry }}"))
    assert told == [
        "journeys/x.yaml:3: nothing gives accounts a trait 'employes'; did you mean 'employees'?",
        "templates/email/hello.html:4: nothing gives accounts a trait 'idustry'; did you mean "
        "'industry'?",
    ]
    planned = {"journeys/events.yaml": "events:\n  Seen:\naccount:\n  plan: string\n"}
    (_, told_of_seats) = found(tmp_path, "unknown-trait", files, planned)
    assert told_of_seats.endswith("a trait 'seats'; write it into journeys/events.yaml")


def test_a_trait_of_an_account_is_known_that_a_test_gives(tmp_path: Path) -> None:
    plan = {"journeys/events.yaml": "events:\n  Seen:\naccount:\n  plan: string\n"}
    tests = "tests: [{test: a, given: {account: {seats: 3}}, expect: []}]"
    files = journey(f"trigger: manual\nonly_if: account.seats > 3\n{tests}")
    assert found(tmp_path, "unknown-trait", files, plan) == []


def test_a_number_of_a_customer_that_nothing_counts_is_told(tmp_path: Path) -> None:
    files = journey("trigger: manual\nonly_if: customer.revenue >= 500 and customer.age > 18")
    (told,) = found(tmp_path, "unknown-fact", files)
    assert "'revenue' is compared with a number, and no fact and no step gives it" in told
    assert told.endswith("facts stand in journeys/lifecycle.yaml: this project has none")
    (told,) = found(tmp_path, "unknown-fact", files, LIFECYCLE)
    assert told.endswith("lifecycle.yaml")


def test_nearly_a_fact_in_a_template_is_told(tmp_path: Path) -> None:
    files = (LIFECYCLE, journey("trigger: manual"), mail("{{ customer.order }} orders"))
    (told,) = found(tmp_path, "unknown-fact", *files)
    assert told.endswith("there is no fact 'order'; did you mean 'orders'?")


def test_a_variable_that_no_step_sets_is_told(tmp_path: Path) -> None:
    files = journey(
        "trigger: manual\nonly_if: vars.scroe > 3", "  - set: {score: 3}\n  - email: hello"
    )
    told = found(tmp_path, "unknown-variable", files, mail("{{ vars.scor }} {{ vars.score }}"))
    assert told == [
        "journeys/x.yaml:3: no step sets vars.scroe; did you mean 'score'?",
        "templates/email/hello.html:4: no step of a journey that sends this sets vars.scor; did "
        "you mean 'score'?",
    ]


def test_what_a_wait_saves_is_set(tmp_path: Path) -> None:
    files = journey(
        "trigger: manual",
        "  - wait_for: {event: Survey Answered, within: 3d, save_as: answer}\n  - email: hello",
    )
    text = mail("{{ vars.answer.score }}")
    assert found(tmp_path, "unknown-variable", files, text) == []


def test_a_coupon_that_no_step_gives_is_told(tmp_path: Path) -> None:
    text = mail("{{ coupon.code }}")
    (told,) = found(tmp_path, "coupon-without-step", journey("trigger: manual"), text)
    assert told.endswith("hello.html:4: x sends this, and gives no coupon: put `coupon` before it")
    given = journey("trigger: manual", "  - coupon: {percent: 10}\n  - email: hello")
    assert found(tmp_path, "coupon-without-step", given, text) == []
    asked = journey("trigger: manual\nonly_if: coupon.redeemed")
    assert len(found(tmp_path, "coupon-without-step", asked, mail("x"))) == 1


# ---------------------------------------------------------------- the plan itself


def test_a_plan_with_a_type_that_does_not_exist_is_an_error_in_its_place(tmp_path: Path) -> None:
    plan = {"journeys/events.yaml": "events:\n  A: {properties: {total: {type: nubmer}}}\n"}
    problems = check(tmp_path, plan, journey("trigger: manual"))
    assert [(one.line, one.column, one.message) for one in problems] == [
        (2, 34, "there is no type 'nubmer'; did you mean 'number'?")
    ]
    plan = {"journeys/events.yaml": "events:\n  A: {properties: {total: 80}}\n"}
    (problem,) = check(tmp_path, plan, journey("trigger: manual"))
    assert "a JSON Schema such as {type: number, examples: [80]}" in problem.message


@pytest.mark.parametrize(
    ("rule", "condition", "told"),
    [
        ("unknown-property", "event.properties.price > 3", "`event.price`, without `properties`"),
        ("unknown-trait", "customer.traits.vip", "`customer.vip`, without `traits`"),
        ("unknown-trait", "customer.segment == 'vip'", 'write `in_segment("vip")`'),
    ],
)
def test_a_word_too_many_is_told(tmp_path: Path, rule: str, condition: str, told: str) -> None:
    body = f"trigger:\n  event: Product Added\n  if: {condition}"
    (said,) = found(tmp_path, rule, journey(body))
    assert told in said


def test_a_journey_that_another_one_starts_may_have_any_entry(tmp_path: Path) -> None:
    body = "trigger: {event: Product Added}\nonly_if: entry.totl is not defined"
    assert len(found(tmp_path, "unknown-property", PLAN, journey(body))) == 1
    starter = journey("trigger: {event: Order Completed}", "start: x", name="y")
    assert found(tmp_path, "unknown-property", PLAN, journey(body), starter) == []
