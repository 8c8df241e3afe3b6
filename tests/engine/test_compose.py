"""What leaves is what the templates say, for each customer at the instant of the message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from channels.recording import RecordingChannel
from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.medium import Medium
from tests.support.journeys import BUYERS_AND_LEADS
from tests.support.life import ADA

ROOT = Path(__file__).parents[2]
SEGMENTS = """
segments:
  regulars: customer.orders >= 2
"""
JOURNEY = """
journey: offer
trigger: {event: Product Added}
reentry: always
steps:
  - delay: 2d
  - sms: nudge
"""


def write(root: Path, text: str, name: str = "nudge.txt") -> None:
    folder = root / "templates" / "sms"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def texts(shop: Any) -> list[str]:
    channel = shop.channels[Medium.SMS]
    assert isinstance(channel, RecordingChannel)
    return [message.text for message in channel.messages]


def test_the_functions_of_the_language_answer_in_a_message(open_shop: Any, tmp_path: Path) -> None:
    write(
        tmp_path,
        "{{ days_since(customer.member_since) }} {{ hours_since(entry.at) }} {{ now | date('d/M') }}"
        " {{ performed('Product Viewed', within='30d') }} {{ performed('Product Viewed', within='1h') }}"
        " {{ performed('Product Viewed', name=entry.name, at_least=2) }} {{ performed('Order Completed') }}"
        " {{ in_segment('regulars') }} {{ received('offer') }} {{ received('nudge', within='1d') }}",
    )
    shop = open_shop(JOURNEY, lifecycle=BUYERS_AND_LEADS, segments=SEGMENTS)
    shop.identify("0h", "ada", **ADA, member_since="2026-01-01T00:00:00Z")
    shop.track("1h", "Product Viewed", name="Lamp")
    shop.track("2h", "Product Viewed", name="Lamp")
    shop.track("3h", "Product Added", name="Lamp")
    shop.tick("4h")
    shop.tick("3d")
    assert texts(shop) == ["6 48 7/1 true false true false false false false"]
    shop.track("4d", "Order Completed")
    shop.track("5d", "Order Completed")
    shop.track("5d", "Product Added", name="Vase")
    shop.tick("8d")
    assert texts(shop)[1] == "11 48 12/1 true false false true true true false"


def test_a_cart_whose_prices_are_texts_is_told_of(open_shop: Any, tmp_path: Path) -> None:
    for file in (ROOT / "templates" / "email").glob("*.mjml"):
        folder = tmp_path / "templates" / "email"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file.name).write_bytes(file.read_bytes())
    shop = open_shop(
        "journey: cart\ntrigger: {event: Checkout Started}\nsteps:\n  - email:\n      "
        "template: cart-reminder\n"
    )
    shop.identify("0h")
    shop.track(
        "0h", "Checkout Started", products=[{"name": "Lamp", "price": "60.00", "quantity": "2"}]
    )
    shop.tick("1m")
    (message,) = shop.channels[Medium.EMAIL].messages
    assert "2\xa0×\xa0€60.00" in message.text
    assert shop.ledger() == [("accepted", "cart-reminder", "")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ '★' * entry.rating }}", "a text would be longer than 1 MB"),
        (
            (
                "stars {% for i in range(entry.rating / 1000) %}{% for j in range(99999) "
                "%}{% endfor %}{% endfor %}"
            ),
            "it takes too",
        ),
    ],
)
def test_a_visitor_s_bomb_fails_their_own_message_only(
    open_shop: Any, tmp_path: Path, text: str, reason: str
) -> None:
    write(tmp_path, text)
    shop = open_shop("journey: stars\ntrigger: {event: Rated}\nsteps:\n  - sms: nudge\n")
    for number, (user, rating) in enumerate((("ada", 10**8), ("bob", 3))):
        shop.identify("0h", user, phone=f"+3361234567{number}")
        shop.track("0h", "Rated", user, rating=rating)
    report = shop.tick("1m")
    states = {state: why for state, _, why in shop.ledger()}
    assert states.keys() == {"accepted", "failed"}
    assert states["failed"].startswith(f"templates/sms/nudge.txt:1: {reason}")
    assert report.channels["sms"].sent == 1


def test_a_template_that_asks_about_a_segment_that_is_not_there_stops_the_start(
    open_shop: Any, tmp_path: Path
) -> None:
    write(tmp_path, "{{ in_segment('regular') }}")
    with pytest.raises(
        ProjectInvalid,
        match=r"nudge\.txt:1:4: there is no segment 'regular'; did you mean 'regulars'",
    ):
        open_shop(JOURNEY, lifecycle=BUYERS_AND_LEADS, segments=SEGMENTS)


def test_a_subject_that_cannot_be_read_stops_the_start_with_its_file(open_shop: Any) -> None:
    steps = 'steps:\n  - email: {template: hello, subject: "Hi {{ person.name }}"}\n'
    with pytest.raises(
        ProjectInvalid,
        match=r"^journeys/hi\.yaml:1:7: the subject `Hi .*`: there is no `person` here",
    ):
        open_shop("journey: hi\ntrigger: {event: Signed Up}\n" + steps)


def test_the_subject_of_a_step_looks_back_too(open_shop: Any) -> None:
    subject = "{% if performed('Product Viewed', within='90d') %}You looked{% else %}New{% endif %}"
    steps = f'steps:\n  - email: {{template: hello, subject: "{subject}"}}\n'
    shop = open_shop("journey: hi\ntrigger: {event: Signed Up}\n" + steps)
    shop.identify("0h")
    shop.track("0h", "Product Viewed")
    shop.tick("1m")
    shop.track("2m", "Signed Up")
    shop.tick("3m")
    assert [message.subject for message in shop.channels[Medium.EMAIL].messages] == ["You looked"]


def test_a_mail_is_addressed_by_name_as_far_as_it_is_known(open_shop: Any) -> None:
    shop = open_shop(JOURNEY.replace("sms: nudge", "email: hello"), live=True)
    names = {"ada": {"first_name": "Ada", "last_name": "Lovelace"}, "bob": {"last_name": "Bob"}}
    for who in ("ada", "bob", "eve"):
        shop.identify("0h", who, email=f"{who}@example.com", **names.get(who, {}))
        shop.track("1h", "Product Added", who)
    shop.tick("1h")
    shop.tick("2d 1h")
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    addressed = {message.to.partition("@")[0]: message.to_name for message in channel.messages}
    assert addressed == {"ada": "Ada Lovelace", "bob": "Bob", "eve": ""}
