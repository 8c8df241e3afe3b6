"""Several channels of one medium: a message leaves by the one that its step names and knows it;
each has its own rest, its own gate and its own account.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from channels.recording import RecordingChannel, accept
from flows.project_deployments import describe_project
from orchestrator.adapters import open_channels
from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.engine import standing
from orchestrator.engine.report import Held
from orchestrator.language.project import load_project
from orchestrator.measure.status import read_status
from tests.channels.smtp_double import ScriptedSmtp
from tests.engine.conftest import OpenShop
from tests.support.project import CONSENTING, write_project
from tests.support.shop import Shop

EMAIL, OFFERS, SMS = ChannelName("email"), ChannelName("offers"), ChannelName("sms")
PLAIN = "journey: plain\ntrigger: {event: Joined}\nsteps: [email: hello]\n"
SPECIAL = """
journey: special
trigger: {event: Joined}
steps:
  - email: {template: offer, provider: offers}
"""
ONE = CONSENTING + '[channels]\nemail = "smtp"\n'
TWO = (
    ONE + '[channels.offers]\nmedium = "email"\nadapter = "smtp"\nfrom_email = "o@offers.example"\n'
)


def refuse(message: RenderedMessage) -> SendOutcome:
    return SendOutcome(OutcomeKind.MISCONFIGURED, reason="the key is not valid")


@pytest.fixture
def shop(open_shop: OpenShop) -> Shop:
    """A shop with a second e-mail channel, whose provider refuses its account."""
    shop = open_shop(PLAIN, SPECIAL, live=True, toml=TWO)
    own = {name: RecordingChannel(Medium.EMAIL) for name in (EMAIL, OFFERS)}
    shop.channels = own | {SMS: RecordingChannel(Medium.SMS)}
    shop.use(channels=shop.channels)
    shop.identify("-1s")
    shop.track("0s", "Joined")
    return shop


def recorder(shop: Shop, name: ChannelName) -> RecordingChannel:
    channel = shop.channels[name]  # type: ignore[index]
    assert isinstance(channel, RecordingChannel)
    return channel


def templates(shop: Shop, name: ChannelName) -> list[str]:
    return [message.template for message in recorder(shop, name).messages]


def taken(shop: Shop) -> list[tuple[str, ...]]:
    """Every message as (template, channel, state)."""
    rows = shop.rows("SELECT template, channel, state FROM messages ORDER BY template")
    return [tuple(row) for row in rows]


def test_a_message_leaves_by_the_channel_that_its_step_names_and_knows_it(shop: Shop) -> None:
    report = shop.tick("1s")
    assert (templates(shop, EMAIL), templates(shop, OFFERS)) == (["hello"], ["offer"])
    assert taken(shop) == [("hello", "email", "accepted"), ("offer", "offers", "accepted")]
    assert {name: tally.sent for name, tally in report.channels.items() if tally.sent} == {
        "email": 1,
        "offers": 1,
    }
    senders = [recorder(shop, name).messages[0].sender for name in (EMAIL, OFFERS)]
    assert senders == ["hello@shop.example", "o@offers.example"]


def test_a_channel_rests_by_itself_while_the_other_of_its_medium_works(shop: Shop) -> None:
    recorder(shop, OFFERS).answer = refuse
    shop.tick("1s")
    assert taken(shop) == [("hello", "email", "accepted"), ("offer", "offers", "queued")]
    found = read_status(shop.context.database, {}, shop.clock.now())
    assert found.held_channels == {"offers": "the key is not valid"}
    assert (found.count_standings("email")["sent"], found.count_standings("offers")["queued"]) == (
        1,
        1,
    )
    recorder(shop, OFFERS).answer = accept
    shop.tick("5m")
    assert taken(shop) == [("hello", "email", "accepted"), ("offer", "offers", "accepted")]
    assert read_status(shop.context.database, {}, shop.clock.now()).held_channels == {}


def test_a_channel_is_held_by_its_own_name(shop: Shop) -> None:
    standing.hold(shop.context, Held(channels=frozenset({OFFERS})), shop.clock.now())
    shop.tick("1s")
    assert taken(shop) == [("hello", "email", "accepted"), ("offer", "offers", "queued")]
    standing.hold(shop.context, Held(), shop.clock.now())
    shop.tick("2s")
    assert templates(shop, OFFERS) == ["offer"]


def test_what_waits_for_a_channel_that_is_gone_leaves_by_the_first_of_its_medium(
    shop: Shop,
) -> None:
    standing.hold(shop.context, Held(channels=frozenset({OFFERS})), shop.clock.now())
    shop.tick("1s")
    shop.open(PLAIN, SPECIAL.replace(", provider: offers", ""), toml=ONE)
    shop.tick("2s")
    assert taken(shop) == [("hello", "email", "accepted"), ("offer", "email", "accepted")]


@pytest.fixture
def servers() -> Iterator[tuple[ScriptedSmtp, ScriptedSmtp]]:
    first, second = ScriptedSmtp(), ScriptedSmtp()
    with ExitStack() as stack:
        for server in (first, second):
            stack.enter_context(server.running())
        yield first, second


def test_two_servers_are_two_accounts(
    open_shop: OpenShop, servers: tuple[ScriptedSmtp, ScriptedSmtp]
) -> None:
    first, second = servers
    environment = {
        "PARCOURS_SMTP_URL": f"smtp://127.0.0.1:{first.port}",
        "PARCOURS_SMTP_URL_OFFERS": f"smtp://127.0.0.1:{second.port}",
    }
    shop = open_shop(PLAIN, SPECIAL, toml=TWO)
    project = load_project(shop.root, environment)
    own = open_channels(project.config, shop.clock)
    shop.use(channels=own, config=project.config)
    shop.identify("-1s")
    shop.track("0s", "Joined")
    shop.tick("1s")
    for channel in own.values():
        channel.close()
    assert taken(shop) == [("hello", "email", "accepted"), ("offer", "offers", "accepted")]
    assert [len(server.taken) for server in servers] == [1, 1]
    assert (b"o@offers.example" in first.taken[0], b"o@offers.example" in second.taken[0]) == (
        False,
        True,
    )


def test_each_channel_has_a_deployment_and_the_plain_one_keeps_its_name(tmp_path: Path) -> None:
    project = load_project(write_project(tmp_path, PLAIN, SPECIAL, toml=TWO), {})
    specs = {spec.name: spec.title for spec in describe_project(project)}
    assert list(specs.items())[2:] == [
        ("email", "Deliveries: e-mail"),
        ("offers", "Deliveries: offers (e-mail)"),
        ("sms", "Deliveries: SMS"),
    ]
