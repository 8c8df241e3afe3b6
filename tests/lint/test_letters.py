"""What readers get is looked at: length, first words, promises, links and pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checked import found, journey, mail

BY_HAND = journey("trigger: manual")


def test_a_subject_that_mailboxes_cut_is_told(tmp_path: Path) -> None:
    long = "Hello {{ customer.first_name }}, " + "x" * 59
    assert found(tmp_path, "long-subject", BY_HAND, mail("x", long)) == []
    (told,) = found(tmp_path, "long-subject", BY_HAND, mail("x", long + "x"))
    assert told.startswith("templates/email/hello.html:1: the subject has 71 characters")
    step = 'email: {template: hello, subject: "' + "y" * 71 + '"}'
    (told,) = found(tmp_path, "long-subject", journey("trigger: manual", step), mail("x"))
    assert told.startswith("journeys/x.yaml:4: the subject has 71 characters")


def test_a_mail_that_gmail_cuts_is_told(tmp_path: Path) -> None:
    assert found(tmp_path, "clipped-mail", BY_HAND, mail("x" * 90_000)) == []
    (told,) = found(tmp_path, "clipped-mail", BY_HAND, mail("x" * 110_000))
    assert "kB of HTML: Gmail cuts a mail at 102 kB" in told


@pytest.mark.parametrize(
    "words", ["View this email in your browser", "Voir dans votre navigateur", "Unsubscribe here"]
)
def test_a_mail_that_begins_with_boilerplate_is_told(tmp_path: Path, words: str) -> None:
    (told,) = found(tmp_path, "first-words", BY_HAND, mail(f"{words}. {'Your order. ' * 30}"))
    assert "the first words that a reader sees hold" in told
    late = mail(f"{'Your order is here. ' * 30} {words}.")
    assert found(tmp_path, "first-words", BY_HAND, late) == []


# ---------------------------------------------------------------- promises


def urgency(tmp_path: Path, subject: str, steps: str, body: str = "trigger: manual") -> list[str]:
    told = found(tmp_path, "urgent-subject", journey(body, steps), mail("x", subject))
    return [line.partition("'hello': ")[2] for line in told]


MAILED = "\n  - email: hello"


@pytest.mark.parametrize(
    ("subject", "coupon", "why"),
    [
        ("Today only: 10% off", "{percent: 10, expires: 3d}", "its coupon then holds for 3 d more"),
        (
            "Aujourd'hui seulement",
            "{percent: 10, expires: 3d}",
            "its coupon then holds for 3 d more",
        ),
        ("Your last chance", "{percent: 10}", "its coupon never expires: write `expires`"),
        ("Dernière chance", "{percent: 10}", "its coupon never expires: write `expires`"),
        ("Today only: 10% off", "{percent: 10, expires: 20h}", ""),
        ("Your last chance", "{percent: 10, expires: 3d}", ""),
        ("Your order", "{percent: 10}", ""),
    ],
)
def test_a_subject_that_tells_of_an_end_is_held_against_the_coupon(
    tmp_path: Path, subject: str, coupon: str, why: str
) -> None:
    told = urgency(tmp_path, subject, f"  - coupon: {coupon}{MAILED}")
    assert told == ([why] if why else [])


def test_an_end_that_nothing_in_the_journey_has_is_told(tmp_path: Path) -> None:
    (why,) = urgency(tmp_path, "Ends today", MAILED.strip("\n"))
    assert why.startswith("nothing in this journey ends")
    dated = "  - wait_until: {date: customer.trial_ends_at}" + MAILED
    assert urgency(tmp_path, "Ends today", dated) == []


def test_a_last_chance_that_comes_back_next_week_is_told(tmp_path: Path) -> None:
    steps = f"  - coupon: {{percent: 10, expires: 3d}}{MAILED}"
    body = "trigger: manual\nreentry: {after: 7d}"
    (why,) = urgency(tmp_path, "Your last chance", steps, body)
    assert why == "who enters again (`reentry`: 7 d) gets it again"
    assert urgency(tmp_path, "Your last chance", steps, body.replace("7d", "90d")) == []


def test_the_last_day_of_a_coupon_may_be_told_on_its_last_day(tmp_path: Path) -> None:
    steps = f"  - coupon: {{percent: 10, expires: 3d}}\n  - delay: 2d{MAILED}"
    assert urgency(tmp_path, "Last day", steps) == []
    (why,) = urgency(tmp_path, "Last day", steps.replace("2d", "1d"))
    assert why == "its coupon then holds for 2 d more"


def test_a_steps_own_subject_is_looked_at_too(tmp_path: Path) -> None:
    steps = '  - email: {template: hello, subject: "Only today"}'
    (told,) = found(tmp_path, "urgent-subject", journey("trigger: manual", steps))
    assert told.startswith("journeys/x.yaml:4: 'Only today' in the subject")


# ---------------------------------------------------------------- links and pictures


def test_an_address_without_https_is_told_where_it_stands(tmp_path: Path) -> None:
    body = mail('\n\n <a href="http://shop.example/x">x</a> <a href="http://localhost/">y</a>')
    assert found(tmp_path, "insecure-link", BY_HAND, body) == [
        "templates/email/hello.html:6: an address without https"
    ]
    text = {"templates/sms/hello.txt": "See http://shop.example"}
    assert len(found(tmp_path, "insecure-link", BY_HAND, mail("x"), text)) == 1
    safe = mail('<a href="https://shop.example/?to=http://other">x</a>')
    assert found(tmp_path, "insecure-link", BY_HAND, safe, {"templates/sms/hello.txt": "x"}) == []


@pytest.mark.parametrize(
    "link",
    [
        '<a href="shop.example/cart">x</a>',
        "<a href='/cart'>x</a>",
        "<a href=www.shop.example>x</a>",
        '<img src="logo.png" alt="">',
        '<a href="//shop.example">x</a>',
    ],
)
def test_an_address_without_a_beginning_is_told_since_a_mail_lies_in_no_website(
    tmp_path: Path, link: str
) -> None:
    assert len(found(tmp_path, "insecure-link", BY_HAND, mail(link))) == 1


@pytest.mark.parametrize(
    "link",
    [
        "<a href=\"{{ links.shop('/x') }}\">x</a>",
        '<a href="{{ project.website }}/sale.html">x</a>',
        '<a href="mailto:care@shop.example">x</a>',
        '<a href="tel:+33102030405">x</a>',
        '<img src="{{ entry.image_url }}" alt="">',
        '<img src="data:image/png;base64,AA.b/" alt="">',
    ],
)
def test_an_address_that_begins_otherwise_than_with_a_host_is_left_alone(
    tmp_path: Path, link: str
) -> None:
    assert found(tmp_path, "insecure-link", BY_HAND, mail(link)) == []


@pytest.mark.parametrize("written", ['href=""', "class='x' href=''", 'href="#"'])
def test_a_link_without_an_address_is_told(tmp_path: Path, written: str) -> None:
    told = found(tmp_path, "empty-link", BY_HAND, mail(f"<a {written}>x</a>"))
    assert told == [
        "templates/email/hello.html:4: this link leads nowhere: write its address into `href`"
    ]
    there = mail(
        '<a href="{{ links.unsubscribe }}">x</a> <a href="https://shop.example/#top">y</a>'
    )
    assert found(tmp_path, "empty-link", BY_HAND, there) == []


def test_a_picture_without_alt_is_told(tmp_path: Path) -> None:
    body = mail('<img src="a.png" title="{{ 1 > 2 }}"><img src="b.png" alt="">')
    assert found(tmp_path, "image-without-alt", BY_HAND, body) == [
        'templates/email/hello.html:4: a picture without `alt`: write what it shows, or `alt=""`'
    ]


def test_what_a_text_costs_has_a_rule_of_its_own(tmp_path: Path) -> None:
    text = {"templates/sms/hello.txt": "x" * 161}
    (told,) = found(tmp_path, "sms-size", BY_HAND, text)
    assert told.endswith("it has 161 characters and is paid 2 times")
    quiet = "{# parcours: ignore[sms-size] the law wants all of it #}" + "x" * 161
    assert found(tmp_path, "sms-size", BY_HAND, {"templates/sms/hello.txt": quiet}) == []


@pytest.mark.parametrize("text", ["*|FNAME|*", "[[first_name]]", "%%first_name%%", "%FIRSTNAME%"])
def test_a_placeholder_of_another_tool_is_told(tmp_path: Path, text: str) -> None:
    (told,) = found(tmp_path, "foreign-placeholder", BY_HAND, mail(f"Dear {text},"))
    assert told.startswith(f"templates/email/hello.html:4: '{text}' is printed as it stands")
    assert found(tmp_path, "foreign-placeholder", BY_HAND, mail("10 % off, 100%! a[0] 5%")) == []
