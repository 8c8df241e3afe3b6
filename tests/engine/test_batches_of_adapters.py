"""An hour of a provider that fails: nothing is unknown, nothing is given up, and everything leaves
when it is back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from channels import open_channel
from orchestrator.domain.channel import Channel
from orchestrator.domain.medium import Medium
from orchestrator.engine.batches import FAILURES_IN_A_ROW_MAX, PROBE_MAX
from orchestrator.measure.status import read_status
from tests.channels import samples, sendgrid_double, twilio_double
from tests.channels.http_double import Mishap, Reply
from tests.channels.smtp_double import ScriptedSmtp
from tests.engine.conftest import OpenShop
from tests.support.life import instant
from tests.support.shop import Shop

CROWD = 150
BATCH_OVERSHOOT = 3  # what the other connections have in hand when the twentieth fails


@dataclass(frozen=True, slots=True)
class Provider:
    """A double: how it fails and heals, and how many messages it has seen and taken."""

    channel: Channel
    fail: Callable[[], None]
    heal: Callable[[], None]
    tried: Callable[[], int]
    taken: Callable[[], int]


@contextmanager
def sendgrid(folder: Path, status: int | Mishap) -> Iterator[Provider]:
    double = sendgrid_double.SendGridDouble()
    settings = samples.settings(
        folder, SENDGRID_API_KEY=sendgrid_double.KEY, PARCOURS_SENDGRID_BASE_URL=double.url
    )
    with double.running():
        yield http(double, open_channel(Medium.EMAIL, "sendgrid", settings), status)


@contextmanager
def twilio(folder: Path, status: int | Mishap) -> Iterator[Provider]:
    double = twilio_double.TwilioDouble()
    settings = samples.settings(
        folder,
        TWILIO_ACCOUNT_SID=twilio_double.ACCOUNT,
        TWILIO_AUTH_TOKEN=twilio_double.TOKEN,
        TWILIO_FROM=twilio_double.NUMBER,
        PARCOURS_TWILIO_BASE_URL=double.url,
    )
    with double.running():
        yield http(double, open_channel(Medium.SMS, "twilio", settings), status)


def http(double: Any, channel: Channel, answer: int | Mishap) -> Provider:
    bad = answer if isinstance(answer, Mishap) else Reply(answer)

    def conduct(what: Any) -> Callable[[], None]:
        return lambda: setattr(double, "conduct", lambda request: what)

    return Provider(
        channel,
        conduct(bad),
        conduct(None),
        lambda: len(double.requests),
        lambda: len(double.taken),
    )


@contextmanager
def smtp(folder: Path, bad: dict[str, Any]) -> Iterator[Provider]:
    double = ScriptedSmtp()
    good = {name: double.script[name] for name in bad}
    with double.running() as port:
        channel = open_channel(
            Medium.EMAIL,
            "smtp",
            samples.settings(folder, PARCOURS_SMTP_URL=f"smtp://127.0.0.1:{port}"),
        )
        yield Provider(
            channel,
            lambda: double.script.update(bad),
            lambda: double.script.update(good),
            lambda: sum(command.startswith("MAIL") for command in double.commands),
            lambda: len(double.taken),
        )


FAILURES: dict[str, tuple[Any, Any]] = {
    "sendgrid 500": (sendgrid, 500),
    "sendgrid 502": (sendgrid, 502),
    "sendgrid 503": (sendgrid, 503),
    "twilio 500": (twilio, 500),
    "twilio 504": (twilio, 504),
    "smtp 451 to the mail": (smtp, {"dot": "451 4.3.0 later"}),
    "smtp 451 to the sender": (smtp, {"MAIL": "451 4.3.0 later"}),
    "smtp 421 at once": (smtp, {"greeting": "421 4.3.2 closing"}),
    "smtp 421 to the recipient": (smtp, {"RCPT": "421 4.3.2 closing"}),
    "smtp cut before the message": (smtp, {"DATA": None}),
}


@pytest.fixture
def crowded(
    open_shop: OpenShop, tmp_path: Path
) -> Iterator[Callable[[Any], tuple[Shop, Provider]]]:
    """A shop whose crowd waits for a message, and the provider that fails."""
    with contexts() as enter:

        def open_one(failure: tuple[Any, Any], purpose: str = "marketing") -> tuple[Shop, Provider]:
            make, how = failure
            provider = enter(make(tmp_path, how))
            medium = provider.channel.medium
            shop = open_shop(
                (
                    f"journey: hello\npurpose: {purpose}\ntrigger: "
                    f"{{event: Viewed}}\nsteps:\n  - {medium}: hello\n"
                ),
                live=True,
            )
            shop.use(channels={medium: provider.channel})
            for number in range(CROWD):
                address = {"email": f"c{number}@example.com", "phone": f"+3361{number:07d}"}
                shop.identify("0s", f"c{number}", **address)
                shop.track("0s", "Viewed", f"c{number}")
            return shop, provider

        yield open_one


@contextmanager
def contexts() -> Iterator[Callable[[Any], Provider]]:
    """Providers, each ended with its channel."""
    with ExitStack() as stack:

        def enter(context: Any) -> Provider:
            provider: Provider = stack.enter_context(context)
            stack.callback(provider.channel.close)
            return provider

        yield enter


def states(shop: Shop) -> dict[str, int]:
    return {
        row[0]: row[1] for row in shop.rows("SELECT state, count(*) FROM messages GROUP BY state")
    }


def restart(shop: Shop) -> None:
    """What cron does, every other minute: another process for every tick."""
    channels = shop.context.channels
    shop.open()
    shop.use(channels=channels)


ONE_OF_EACH_ADAPTER = ("sendgrid 500", "twilio 500", "smtp 421 to the recipient")
#: What an adapter makes of an answer has nothing to do with the database, nor with the purpose, nor
#: with whether cron starts a process for each tick or `up` goes on in one.
CASES = [
    *((failure, "marketing", "sqlite") for failure in FAILURES),
    *((failure, "transactional", "sqlite") for failure in ONE_OF_EACH_ADAPTER),
    *((failure, "marketing", "postgresql") for failure in ONE_OF_EACH_ADAPTER),
]


@pytest.mark.parametrize(
    ("failure", "purpose", "database_server"), CASES, indirect=["database_server"]
)
def test_an_hour_of_a_provider_that_fails_costs_no_message(
    crowded: Callable[..., tuple[Shop, Provider]], failure: str, purpose: str
) -> None:
    shop, provider = crowded(FAILURES[failure], purpose)
    provider.fail()
    shop.tick("1s")
    assert states(shop) == {"queued": CROWD}
    tried = provider.tried()
    assert tried <= FAILURES_IN_A_ROW_MAX + BATCH_OVERSHOOT
    for minute in range(2, 60, 2):
        shop.tick(f"{minute}m")
        if failure in ONE_OF_EACH_ADAPTER:
            restart(shop)
    assert states(shop) == {"queued": CROWD}
    assert provider.tried() - tried <= 12 * (
        PROBE_MAX + BATCH_OVERSHOOT
    )  # rests: 30 s, 1, 2, 4, 8, 10, 10 … minutes
    provider.heal()
    shop.tick_every(timedelta(minutes=10), "3h")
    assert states(shop) == {"accepted": CROWD}
    assert provider.taken() == CROWD
    assert read_status(shop.context.database, {}, shop.clock.now()).held_channels == {}


RESETS: dict[str, tuple[Any, Any]] = {
    "sendgrid": (sendgrid, Mishap.RESET),
    "smtp": (smtp, {"dot": None}),
}


@pytest.mark.parametrize(
    ("failure", "database_server"),
    [("sendgrid", "sqlite"), ("smtp", "postgresql")],
    indirect=["database_server"],
)
def test_a_provider_that_resets_after_the_last_byte_costs_few_messages(
    crowded: Callable[..., tuple[Shop, Provider]], failure: str
) -> None:
    shop, provider = crowded(RESETS[failure])
    provider.fail()
    for minute in range(0, 60, 2):
        shop.tick(f"{minute}m 1s")
        restart(shop)
    rests = 8  # in an hour: half a minute, and twice as long each time, up to ten
    assert states(shop)["unknown"] <= FAILURES_IN_A_ROW_MAX + BATCH_OVERSHOOT + rests * (
        PROBE_MAX + BATCH_OVERSHOOT
    )
    unknown = states(shop)["unknown"]
    provider.heal()
    shop.tick_every(timedelta(minutes=10), "3h")
    assert states(shop) == {"accepted": CROWD - unknown, "unknown": unknown}


def test_a_slow_provider_holds_neither_the_other_channel_nor_the_time_lines(
    open_shop: OpenShop, tmp_path: Path
) -> None:
    both = "journey: both\ntrigger: {event: Viewed}\nsteps:\n  - email: hello\n  - sms: hi\n"
    with contexts() as enter:
        provider = enter(
            smtp(tmp_path, {"dot": ""})
        )  # says nothing, for as long as the double lives
        provider.fail()
        shop = open_shop(both, live=True)
        shop.use(
            channels={
                Medium.EMAIL: provider.channel,
                Medium.SMS: shop.channels[Medium.SMS],
            }
        )
        for number in range(10):
            shop.identify(
                "0s", f"c{number}", email=f"c{number}@example.com", phone=f"+3361{number:07d}"
            )
            shop.track("0s", "Viewed", f"c{number}")
        shop.clock.move_to(instant("1s"))
        tick_shortly(shop)
        assert shop.delivered(Medium.SMS) == ["hi"] * 10
        shop.identify("2s", "new", email="new@example.com", phone="+33612345678")
        shop.track("2s", "Viewed", "new")
        shop.clock.move_to(instant("3s"))
        tick_shortly(shop)
        assert shop.delivered(Medium.SMS) == ["hi"] * 11


def tick_shortly(shop: Shop) -> None:
    """As `up` does, which goes on while a provider keeps silent."""
    shop.work(budget_s=1.0)
