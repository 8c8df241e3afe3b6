"""A project made ready to run: what every phase of the engine is given, and nothing that changes.

What changes stands elsewhere: `standing` holds what is on hold, `worker` what this process has in
hand, `turn` what belongs to one unit of work. So a reload of the project only makes new `Parts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from orchestrator.clock import Clock
from orchestrator.config import Config
from orchestrator.domain.channel import Channel
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.program import Program
from orchestrator.domain.webhook_port import WebhookCaller
from orchestrator.links import LinkSigner
from orchestrator.render import Templates
from orchestrator.store.database import Database


def public_id(secret: str, decided: tuple[int, str, int]) -> str:
    """The opaque id of what a step of an enrollment decided in one of its passes."""
    enrollment_id, step, pass_no = decided
    key = f"message:{enrollment_id}:{step}:{pass_no}".encode()
    return blake2b(key, key=secret.encode()[:64], digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Parts:
    """One project ready to run."""

    config: Config
    program: Program
    database: Database
    templates: Templates
    channels: Mapping[ChannelName, Channel]
    signer: LinkSigner
    clock: Clock
    secret: str
    webhooks: WebhookCaller

    def public_id(self, enrollment_id: int, step: str, pass_no: int) -> str:
        """The opaque id of a message: the same for the same (enrollment, step, pass), and not to be
        guessed.
        """
        return public_id(self.secret, (enrollment_id, step, pass_no))

    def template_version(self, medium: Medium, template: str) -> str:
        """The hash of a template of today; "" for one that is gone, whose messages fail."""
        try:
            return self.templates.version(medium, template)
        except KeyError:
            return ""

    def priority(self, journey: str) -> int:
        """A journey's priority, 0–100."""
        known = self.program.journey_of(journey, "")
        return known.priority if known else 0

    def moment(self, began_at: datetime) -> datetime:
        """Now, for work that began at an instant and lasts: quiet hours may begin meanwhile. A
        virtual clock stands.
        """
        return began_at if self.clock.is_virtual else max(began_at, self.clock.now())

    def wall_clock(self, now: datetime) -> datetime | None:
        """The machine's time for the time line: None on a virtual clock, where nothing is late."""
        return None if self.clock.is_virtual else now


# customers advanced in one transaction: a few dozen milliseconds, so that others may write between
CLAIM_MAX = 500
INBOX_MAX = 1000
LEASE_MAX = 200
LEASE = timedelta(minutes=2)  # of a lease without an owner, from before leases had one
