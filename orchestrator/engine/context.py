"""What every phase of the engine is given: the project made ready, the database, the channels, the
clock.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from orchestrator.clock import Clock, SystemClock
from orchestrator.config import Config
from orchestrator.domain.channel import Channel
from orchestrator.domain.message import Medium
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState
from orchestrator.engine.handover import HandOver
from orchestrator.engine.report import Held
from orchestrator.links import LinkSigner
from orchestrator.render import Templates
from orchestrator.store import workers
from orchestrator.store.database import Database
from orchestrator.store.lock import this_process
from orchestrator.store.settings import Rest
from orchestrator.store.transaction import Transaction


@dataclass(slots=True)
class EngineContext:
    """One project ready to run. `held`, `rests` and what is handed over change while it runs."""

    config: Config
    program: Program
    database: Database
    templates: Templates
    channels: Mapping[Medium, Channel]
    signer: LinkSigner
    clock: Clock
    secret: str
    hand_over: HandOver
    held: Held = field(default_factory=Held)
    rests: dict[Medium, Rest] = field(
        default_factory=dict
    )  # channels that stand still by themselves; as the database
    decided_before: int = 0  # the newest message of the ticks before this one
    moments: dict[str, CustomerState] = field(
        default_factory=dict
    )  # by message, on a virtual clock: who it speaks to

    def public_id(self, enrollment_id: int, step: str, pass_no: int) -> str:
        """The opaque id of a message: the same for the same (enrollment, step, pass), and not to be
        guessed.
        """
        key = f"message:{enrollment_id}:{step}:{pass_no}".encode()
        return blake2b(key, key=self.secret.encode()[:64], digest_size=12).hexdigest()

    def template_version(self, medium: Medium, template: str) -> str:
        """The hash of a template of today; "" for one that is gone, whose messages fail."""
        return (
            self.templates.version(medium, template)
            if template in self.templates.names(medium)
            else ""
        )

    def priority(self, journey: str) -> int:
        """A journey's priority, 0–100."""
        known = self.program.journeys.get(journey)
        return known.priority if known else 0

    def moment(self, began_at: datetime) -> datetime:
        """Now, for work that began at an instant and lasts: quiet hours may begin meanwhile. A
        virtual clock stands.
        """
        return began_at if self.clock.is_virtual else max(began_at, self.clock.now())

    def beat(self, transaction: Transaction) -> None:
        """Notes that this process lives, for whoever finds its leases: by the machine's time."""
        token = self.hand_over.token
        workers.beat(transaction, token, this_process(), SystemClock().now())
        self.hand_over.beaten_at_s = time.monotonic()

    def beat_in_time(self) -> None:
        """The same, every ten seconds for as long as something is leased."""
        if self.hand_over.leased and time.monotonic() - self.hand_over.beaten_at_s > BEAT_S:
            with self.database.write() as transaction:
                self.beat(transaction)

    def actual(self, now: datetime) -> datetime | None:
        """The wall clock for the time line: None on a virtual clock, where nothing is late."""
        return None if self.clock.is_virtual else now


BEAT_S = 10.0
# customers advanced in one transaction: a few dozen milliseconds, so that others may write between
CLAIM_MAX = 500
INBOX_MAX = 1000
LEASE_MAX = 200
LEASE = timedelta(minutes=2)  # of a lease without an owner, from before leases had one
