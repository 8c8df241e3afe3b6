"""What every phase of the engine is given: the project made ready, the database, the channels, the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from orchestrator.clock import Clock
from orchestrator.config import Config
from orchestrator.domain.channel import Channel
from orchestrator.domain.message import Medium
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState
from orchestrator.engine.report import Held
from orchestrator.links import LinkSigner
from orchestrator.render import Templates
from orchestrator.store.database import Database


@dataclass(frozen=True, slots=True)
class Stop:
    """A channel stands still by itself: its provider refuses our account, or turns everything away."""

    until: datetime
    reason: str


@dataclass(slots=True)
class EngineContext:
    """One project ready to run. `held` and `stopped` change while it runs."""

    config: Config
    program: Program
    database: Database
    templates: Templates
    channels: Mapping[Medium, Channel]
    signer: LinkSigner
    clock: Clock
    secret: str
    held: Held = field(default_factory=Held)
    stopped: dict[Medium, Stop] = field(default_factory=dict)  # kept until the channel takes a batch again
    in_vain: dict[Medium, set[int]] = field(default_factory=dict)  # the messages that did not get through, in a row
    stopped_told: Mapping[str, str] | None = None  # what the database says of it, for `status`
    decided_before: int = 0  # the newest message of the ticks before this one
    moments: dict[str, CustomerState] = field(default_factory=dict)  # by message, on a virtual clock: who it speaks to

    def public_id(self, enrollment_id: int, step: str, pass_no: int) -> str:
        """The opaque id of a message: the same for the same (enrollment, step, pass), and not to be guessed."""
        key = f"message:{enrollment_id}:{step}:{pass_no}".encode()
        return blake2b(key, key=self.secret.encode()[:64], digest_size=12).hexdigest()

    def template_version(self, medium: Medium, template: str) -> str:
        """The hash of a template of today; "" for one that is gone, whose messages fail."""
        return self.templates.version(medium, template) if template in self.templates.names(medium) else ""

    def priority(self, journey: str) -> int:
        """A journey's priority, 0–100."""
        known = self.program.journeys.get(journey)
        return known.priority if known else 0

    def moment(self, began_at: datetime) -> datetime:
        """Now, for work that began at an instant and lasts: quiet hours may begin meanwhile. A virtual clock stands."""
        return began_at if self.clock.is_virtual else max(began_at, self.clock.now())

    def actual(self, now: datetime) -> datetime | None:
        """The wall clock for the time line: None on a virtual clock, where nothing is late."""
        return None if self.clock.is_virtual else now


CLAIM_MAX = 500  # customers advanced in one transaction: a few dozen milliseconds, so that others may write between
INBOX_MAX = 1000
LEASE_MAX = 200  # messages in flight at a crash, at most
LEASE = timedelta(minutes=2)
