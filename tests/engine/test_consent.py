"""What people agreed to, from the call that says it to the message that leaves."""

from __future__ import annotations

import re
from typing import Any

import pytest

from channels.recording import RecordingChannel
from orchestrator.domain.medium import Medium
from tests.engine.conftest import OpenShop
from tests.support.journeys import NEWS
from tests.support.project import CONSENTING
from tests.support.shop import Shop

OWED = (
    "journey: owed\npurpose: transactional\ntrigger: {event: Joined}\nreentry: "
    "always\nsteps:\n  - email: invoice\n"
)


def measured(shop: Shop) -> list[tuple[bool, bool]]:
    """Of each mail that left, whether its opens and clicks may be measured."""
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    return [(message.tracks_opens, message.tracks_clicks) for message in channel.messages]


@pytest.mark.parametrize(
    ("said", "default", "expected"),
    [
        ({}, "", (False, False)),
        ({}, '[tracking]\ndefault = "denied"\n', (False, False)),
        ({}, '[tracking]\ndefault = "granted"\n', (True, True)),
        ({"opens": True}, "", (True, False)),
        ({"opens": "yes", "clicks": 1}, "", (True, True)),
        ({"clicks": "perhaps"}, '[tracking]\ndefault = "granted"\n', (True, False)),
        ({"opens": False, "clicks": None}, '[tracking]\ndefault = "granted"\n', (False, True)),
        ({"categoryPreferences": {"Opens": True}}, "", (True, False)),
    ],
)
def test_opens_and_clicks_are_measured_of_who_agreed_and_silence_is_a_no(
    open_shop: OpenShop, said: dict[str, Any], default: str, expected: tuple[bool, bool]
) -> None:
    shop = open_shop(NEWS, OWED, toml=CONSENTING + default)
    shop.identify("0s", email="ada@example.com", consent={"email": True, **said})
    shop.track("1m", "Joined")
    shop.tick("1m")
    assert measured(shop) == [expected] * 2
    assert shop.delivered() == ["hello", "invoice"]


def test_who_takes_a_yes_to_being_measured_back_is_not_measured_any_more(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(NEWS, toml=CONSENTING)
    for at, said in (("0s", True), ("1h", None), ("2h", True), ("3h", False)):
        shop.identify(at, email="ada@example.com", consent={"opens": said, "clicks": said})
        shop.track(at, "Joined")
        shop.tick(at)
    assert measured(shop) == [(True, True), (False, False), (True, True), (False, False)]


def test_a_welcome_waits_for_the_identify_that_a_page_sends_behind_it(open_shop: OpenShop) -> None:
    text = (
        "journey: welcome\ntrigger: {event: Signed Up}\nsteps:\n  - email: welcome\n  - "
        "delay: 1h\n  - email: tips\n"
    )
    shop = open_shop(text, live=True)
    for user, told in (("ada", "1s"), ("bob", "6m")):
        shop.track("0s", "Signed Up", user)
        shop.tick("0s")  # the calls come in one by one, and a tick falls between them
        shop.identify(told, user, email=f"{user}@example.com", consent={"email": True})
    for at in ("1s", "4m", "5m", "6m", "2h"):
        shop.tick(at)
    assert shop.sends() == [("1s", "ada", "welcome"), ("2h", "ada", "tips"), ("2h", "bob", "tips")]
    assert shop.decisions("not_sent") == [("not_sent", "welcome", "no_address")]


@pytest.mark.parametrize("known_before", [True, False])
def test_an_alias_may_carry_consent_too(open_shop: OpenShop, known_before: bool) -> None:
    shop = open_shop(NEWS, toml=CONSENTING)
    shop.identify("0s", "ada", email="ada@example.com")
    if known_before:
        shop.call("1m", "track", None, anonymousId="visitor", event="Looked")
    shop.call("2m", "alias", "ada", previousId="visitor", context={"consent": {"email": "no"}})
    shop.track("3m", "Joined")
    shop.tick("4m")
    assert shop.decisions("not_sent") == [("not_sent", "hello", "no_consent")]


@pytest.mark.parametrize("at", ["-1m", "0s", "1s", "2s"])
def test_an_address_that_comes_late_releases_what_waits_for_it_and_nothing_is_overtaken(
    open_shop: OpenShop, at: str
) -> None:
    text = (
        "journey: welcome\ntrigger: {event: Signed Up}\nsteps:\n  - email: welcome\n  - "
        "delay: 1h\n  - email: tips\n"
    )
    shop = open_shop(text, live=True)
    shop.track("0s", "Signed Up")
    shop.tick("0s")
    shop.track("3s", "Looked")
    shop.tick("3s")
    traits = {"email": "ada@example.com", "consent": {"email": True}}
    shop.call(at, "identify", traits=traits, received="5s")
    shop.tick("5s")
    shop.tick("1h")
    assert shop.delivered() == ["welcome", "tips"]
    assert shop.decisions("not_sent", "overtaken") == []


ASK = """\
journey: ask
purpose: transactional
trigger: {event: Consent Asked}
steps:
  - email: ask
"""


def test_a_yes_is_asked_and_confirmed_by_our_own_page_alone(open_shop: OpenShop) -> None:
    toml = '[project]\ntimezone = "UTC"\n[consent]\ndouble_opt_in = true\n'
    shop = open_shop(NEWS, ASK, toml=toml)
    page = {"page": {"url": "https://shop.example/join"}, "ip": "192.0.2.1"}
    said = {"email": "ada@example.com", "consent": {"email": True}}
    shop.call("0s", "identify", "ada", traits=said, context=page)
    shop.tick("0s")
    assert shop.delivered() == ["ask"]
    confirmed = {"event": "Consent Confirmed", "properties": {"channel": "email", "email_id": "m"}}
    for hours, source in ((1, "api"), (3, "page")):
        shop.call(f"{hours}h", "track", "ada", source=source, **confirmed)
        shop.track(f"{hours + 1}h", "Joined")
        shop.tick(f"{hours + 1}h")
    assert shop.delivered() == ["ask", "hello"]
    rows = shop.rows("SELECT key, granted, source, proof FROM consent_log ORDER BY id")
    told = [(row.key, bool(row.granted), row.source) for row in rows]
    assert told == [("asked:email", True, "identify"), ("email", True, "confirmed, message m")]
    assert "192.0.2.1" in str(rows[0].proof)
    assert "email_id" in str(rows[1].proof)


@pytest.mark.parametrize(
    ("said", "is_counted"), [({}, True), ({"opens": True}, True), ({"opens": False}, False)]
)
@pytest.mark.parametrize(
    ("toml", "asked"), [("", False), ('[tracking]\nopens = "aggregate"', True)]
)
def test_opens_are_counted_without_persons_where_asked_but_of_who_said_no(
    open_shop: OpenShop, said: dict[str, Any], is_counted: bool, toml: str, asked: bool
) -> None:
    shop = open_shop(NEWS, toml=CONSENTING + toml)
    shop.identify("0s", email="ada@example.com", consent={"email": True, **said})
    shop.identify("0s", "bob", email="bob@example.com", consent={"email": True, **said})
    for user in ("ada", "bob"):
        shop.track("1m", "Joined", user)
    shop.tick("1m")
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    pictures = [re.findall(r'<img src="([^"]*/o/[^"]+)"', one.html) for one in channel.messages]
    assert [len(found) for found in pictures] == [int(asked and is_counted)] * 2
    assert pictures[0] == pictures[1]  # the same for everybody
