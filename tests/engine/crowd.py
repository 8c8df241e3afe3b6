"""What tests of sending share: a crowd whose messages are queued, and channels told what to answer."""

from __future__ import annotations

from channels.recording import RecordingChannel
from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.medium import Medium
from orchestrator.engine import standing
from orchestrator.engine.report import Held
from tests.support.journeys import HELLO
from tests.support.life import START
from tests.support.project import CONSENTING
from tests.support.shop import Shop

RESET = HELLO.replace("trigger", "purpose: transactional\ntrigger")
NUDGE = "journey: nudge\ntrigger: {event: Viewed}\nsteps:\n  - sms: nudge\n"
NO_CHANNELS = Held(channels=frozenset(Medium))
NIGHT = CONSENTING + (
    '[quiet_hours]\nemail = {from = "20:00", to = "08:00"}\nsms = {from = "20:00", to = "08:00"}\n'
)
EIGHT_PM = START.replace(hour=20)


def answer(
    shop: Shop, kind: OutcomeKind, medium: Medium = Medium.EMAIL, **more: object
) -> RecordingChannel:
    channel = shop.channels[medium]
    assert isinstance(channel, RecordingChannel)
    channel.answer = lambda message: SendOutcome(kind, **more)  # type: ignore[arg-type]
    return channel


def queue(shop: Shop, at: str = "1s") -> None:
    """Lets the shop decide while no channel sends."""
    standing.hold(shop.context, NO_CHANNELS, shop.clock.now())
    shop.tick(at)
    standing.hold(shop.context, Held(), shop.clock.now())


def crowd(shop: Shop, count: int, event: str = "Viewed", at: str = "0s") -> None:
    for number in range(count):
        shop.identify(at, f"c{number}", email=f"c{number}@example.com")
        shop.track(at, event, f"c{number}")


def states(shop: Shop) -> dict[str, int]:
    return {
        row[0]: row[1] for row in shop.rows("SELECT state, count(*) FROM messages GROUP BY state")
    }
