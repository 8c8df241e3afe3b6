"""What authors write who know other tools: each is refused where it stands, with what to write
instead.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.language.expressions import parse_condition
from orchestrator.language.where import EVENT_IN_JOURNEY, FACT, STEP, TRIGGER, Where
from tests.support.examples import examples


def refusal(source: str, where: Where = TRIGGER) -> ExpressionInvalid:
    with pytest.raises(ExpressionInvalid) as refused:
        parse_condition(source, where)
    return refused.value


@pytest.mark.parametrize(
    ("source", "sign", "message"),
    [
        ("event.price => 20", "=>", "`=>` does not compare: write `>=`"),
        ("event.price =< 20", "=<", "`=<` does not compare: write `<=`"),
        ("event.price === 20", "===", "`===` does not compare: write `==`"),
        ("event.price !== 20", "!==", "`!==` does not compare: write `!=`"),
        ("event.price ≥ 20", "≥", "`≥` means nothing here: write `>=`"),
        ("event.price ≠ 20", "≠", "`≠` means nothing here: write `!=`"),
        ("event.price − 3 > 2", "−", "`−` means nothing here: write `-`"),
        ("event->price > 3", "->", "`->` means nothing here: write a point, as in `event.price`"),
        ("event.a > 1 && event.b", "&&", "`&&` means nothing here: write `and`"),
        ("event.a ?? 3", "??", "`??` means nothing here: write `x | default(y)`"),
        ("event.a > 1;", ";", "`;` means nothing here: leave it out"),
        ("event.price > 20€", "20", "an amount is written without its currency: 20"),
        ("event.price > € 20", "€", "an amount is written without its currency: 20"),
        ("event.price > 20 EUR", "20", "an amount is written without its currency: 20"),
        ("${event.price} > 3", "${", "`$` means nothing here: write the name without `$`"),
        ("event.rate > 5%", "5", "a share is written without `%`: 5"),
        ("event.price > 20,50", ",", "a number is written with a point: 20.50"),
        ("event.price in 5..10", "..", "`..` means nothing here: write `5 <= x and x <= 10`"),
        ("event.price > 3)", ")", "`)` closes nothing: there is no open `(` before it"),
    ],
)
def test_a_sign_of_another_language_is_told_what_it_is_here(
    source: str, sign: str, message: str
) -> None:
    refused = refusal(source)
    assert (str(refused), refused.offset) == (message, source.index(sign))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("event.name == „Lampen“", '`„` is no quote here: write straight ones, "Lampen"'),
        ("event.name == « Lampes »", '`«` is no quote here: write straight ones, "Lampes"'),
        ("event.name == “Oak stool”", '`“` is no quote here: write straight ones, "Oak stool"'),
        ("event.name == ‘Lamps’", '`‘` is no quote here: write straight ones, "Lamps"'),
        (
            "event.name == 'It's'",
            "the quote ' is not closed; text that holds ' stands between \"…\"",
        ),
        (
            "performed(Order Completed)",
            'the name stands between quotes: performed("Order Completed")',
        ),
        ("in_segment(vip)", 'the name stands between quotes: in_segment("vip")'),
        ("event.at > 2026-01-31", 'a date stands between quotes, the year first: "2026-01-31"'),
        ("event.at > 31.12.2026", 'a date stands between quotes, the year first: "2026-12-31"'),
        ('performed("x", within=30d)', 'a duration stands between quotes: "30d"'),
        ('performed("x", within=30 days)', 'a duration stands between quotes: "30d"'),
        (
            "now - customer.last_order_at > 30d",
            (
                "`30d` cannot be compared: write `days_since(customer.last_order_at) > 30`, "
                "a number of days"
            ),
        ),
    ],
)
def test_quotes_are_said_where_they_belong(source: str, message: str) -> None:
    assert str(refusal(source)) == message


def test_typographic_signs_between_straight_quotes_are_text() -> None:
    assert parse_condition('event.name == "L’été « à 20 € » – 5 %"', TRIGGER)


@pytest.mark.parametrize(
    ("source", "instead"),
    [
        ('event.name contains "Lamp"', '"Lamp" in event.name'),
        ('event.name does not contain "Lamp"', '"Lamp" not in event.name'),
        ("event.name includes 'Lamp'", "'Lamp' in event.name"),
        ('event.name like "%Lamp%"', '"Lamp" in event.name'),
        ('event.name starts with "L"', '"L" in event.name'),
        ("event.price between 5 and 10", "5 <= event.price and event.price <= 10"),
        ('event.name equals "Lamp"', 'event.name == "Lamp"'),
        ('event.name is "Lamp"', 'event.name == "Lamp"'),
        ('event.name is not "Lamp"', 'event.name != "Lamp"'),
        ("event.price is greater than 20", "event.price > 20"),
        ("event.price at least 20", "event.price >= 20"),
        ("customer.email is set", "customer.email is defined"),
        ("customer.email is not set", "customer.email is not defined"),
        ("customer.email is not null", "customer.email is defined"),
        ("customer.email is empty", "customer.email is not defined"),
        ("customer.email exists", "customer.email is defined"),
    ],
)
def test_a_word_of_another_tool_is_shown_written_in_this_language(
    source: str, instead: str
) -> None:
    assert str(refusal(source)).endswith(f"is no word of the language: write `{instead}`")
    assert parse_condition(instead, TRIGGER)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("event.a AND event.b", "write `and` in small letters"),
        ("if event.a", "the condition begins without `if`: leave the word out"),
        (
            "event price > 3",
            'join names with a point (`event.price`), put text between quotes ("event price")',
        ),
        ("event.a >", "the expression ends too early: something is missing here"),
        ("event.a in [1, 2", "`]` is missing at the end"),
        (
            "lower(event.name) == 'x'",
            "there is no function lower(); it is a filter: write `event.name | lower`",
        ),
        (
            "today() > customer.birthday",
            "there is no function today(); write `now`, without brackets",
        ),
        ("len(event.products) > 2", "write `event.products | length`"),
        (
            "person.first_name == 'Ada'",
            "there is no `person` here; the person is called `customer`",
        ),
        ("event.name.startswith('L')", "values have no methods"),
    ],
)
def test_what_is_nearly_right_says_what_to_change(source: str, message: str) -> None:
    assert message in str(refusal(source))


@pytest.mark.parametrize(
    ("where", "places"),
    [
        (
            TRIGGER,
            "`event.price` for a property of the event, `customer.price` for a fact or trait",
        ),
        (
            STEP,
            (
                "`entry.price` for a property of what started the journey, `customer.price` "
                "for a fact or trait"
            ),
        ),
        (FACT, "`event.price` for a property of the event, or 'price' between quotes for text"),
    ],
)
def test_a_bare_name_is_offered_the_places_that_are_known_there(where: Where, places: str) -> None:
    assert f"there is no `price` here; write {places}" in str(refusal("price >= 20", where))


@pytest.mark.parametrize(
    "source",
    [
        "event.price > ٣.٥",
        "event.price > 1٣",
        "event.price > ٣",
        "event.price > ३e५",
        "event.price > 3²",
        "event.x == 1e999",
        "event.x == " + "9" * 3900,
        "event.x == 9223372036854775808",
        "event.x == 0xffffffffffffffffffff",
        "event.x == '\\ud83d' ~ '\\N{nothing}'",
        "event.x == '\\x'",
        "event.x == '\x00",
        "\ud83d == 1",
        "xjxtag99999xjx",
        "(" * 400 + "1" + ")" * 400,
        "[" * 400 + "]" * 400,
        "not " * 900 + "true",
        "-" * 3000 + "1",
        "event" + ".a" * 1500 + " == 1",
        "event.a" + "[0]" * 900 + " == 1",
        "event.a" + "|lower" * 600,
        "a if b else " * 300 + "c",
        "event.\u0301 == 1",
        "event.²  == 1",
        "event.a == 1__0",
    ],
)
def test_what_no_author_writes_is_refused_in_one_sentence(source: str) -> None:
    message = str(refusal(source))
    assert message
    assert "\n" not in message
    assert "Error" not in message


ALPHABET = st.sampled_from(
    [
        *"aevn.,()[]{}'\"%|<>=!&-+*/0159 \n\\_٣²€“»",
        " and ",
        " is ",
        "event.",
        "customer.",
    ]  # signs and words
)


@settings(deadline=None, max_examples=examples(300))
@given(st.lists(ALPHABET, max_size=30).map("".join))
def test_any_text_is_a_condition_or_is_refused_with_a_sentence(source: str) -> None:
    refused = None
    try:
        parse_condition(source, EVENT_IN_JOURNEY)
    except ExpressionInvalid as fault:
        refused = fault
    assert refused is None or (str(refused) and 0 <= refused.offset <= len(source))
