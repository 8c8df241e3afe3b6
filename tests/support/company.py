"""The members of some accounts as a script: what each does when, and what becomes of them when
their calls are replayed together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orchestrator.domain.call import Call, read_call
from orchestrator.domain.effects import Decision, DecisionKind, Effect
from orchestrator.domain.program import Program
from orchestrator.domain.run_options import LIFE
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.trial.replay import Replay, sort_into_lives
from tests.support.life import START, after_start, instant
from tests.support.shop import Shop


@dataclass(slots=True)
class Company:
    """Calls of several users, replayed in the order of time."""

    program: Program
    calls: list[Call] = field(default_factory=list)
    told: list[tuple[str | datetime, str, str, dict[str, Any]]] = field(default_factory=list)
    effects: dict[str, list[Effect]] = field(default_factory=dict)

    def call(self, at: str | datetime, type_: str, user: str, **fields: Any) -> None:
        """One call of the Segment specification."""
        self.told.append((at, type_, user, fields))
        timestamp = instant(at).isoformat()
        self.calls.append(
            read_call({"type": type_, "userId": user, "timestamp": timestamp} | fields)
        )

    def join(self, at: str | datetime, user: str, account: str, /, **traits: Any) -> None:
        """A `group` call, of somebody who is reached by e-mail."""
        self.call(at, "identify", user, traits={"email": f"{user}@example.com"})
        self.group(at, user, account, **traits)

    def group(self, at: str | datetime, user: str, account: str, /, **traits: Any) -> None:
        self.call(at, "group", user, groupId=account, traits=traits)

    def track(self, at: str | datetime, user: str, event: str, /, **properties: Any) -> None:
        self.call(at, "track", user, event=event, properties=properties)

    def run(self, until: str | datetime = "100d") -> None:
        """Replays everything."""
        replay = Replay(self.program, sort_into_lives(self.calls), instant(until), LIFE)
        self.effects = {person.id: effects for person, effects in replay.run_all()}

    def tell(self, shop: Shop) -> None:
        """Files the same calls in a shop, in the order in which they happen."""
        for at, type_, user, fields in sorted(self.told, key=lambda one: instant(one[0])):
            shop.call(at, type_, user, **fields)

    # ------------------------------------------------------------ what happened

    def all_sends(self) -> list[tuple[str, str, str]]:
        """The messages of all, as a shop tells them."""
        found = [
            (effect.at, user, effect.step.template)
            for user, done in self.effects.items()
            for effect in done
            if isinstance(effect, QueueMessage)
        ]
        return [(after_start(at), user, template) for at, user, template in sorted(found)]

    def all_sends_by_hour(self) -> list[tuple[int, str, str]]:
        """The same, with the whole hours after START."""
        return [
            ((effect.at - START) // timedelta(hours=1), user, effect.step.template)
            for user, done in self.effects.items()
            for effect in done
            if isinstance(effect, QueueMessage)
        ]

    def sends(self, user: str) -> list[tuple[str, str]]:
        """The messages of one user, as (time after START, template)."""
        done = self.effects[user]
        return [(after_start(e.at), e.step.template) for e in done if isinstance(e, QueueMessage)]

    def decisions(self, user: str, *kinds: DecisionKind) -> list[tuple[str, str]]:
        """Their decisions of some kinds, as (time after START, reason)."""
        done = self.effects[user]
        found = [one for one in done if isinstance(one, Decision) and one.kind in kinds]
        return [(after_start(one.at), one.brief) for one in found]

    def left(self, user: str) -> list[tuple[str, str]]:
        """How they left journeys."""
        return self.decisions(user, DecisionKind.LEFT)

    def ignored(self, user: str) -> list[tuple[str, str]]:
        """Why they were not let in."""
        return self.decisions(user, DecisionKind.IGNORED)
