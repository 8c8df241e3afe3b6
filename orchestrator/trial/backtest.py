"""Replays real history through the journeys on a virtual clock: who would have had which message,
and when.

Nothing is sent and nothing is stored.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from orchestrator.domain.effects import Decision, DecisionKind, Effect
from orchestrator.domain.formatting import format_in_utc
from orchestrator.domain.identity import Person
from orchestrator.domain.journey import Journey
from orchestrator.domain.mattering import names_that_matter
from orchestrator.domain.phrase import say
from orchestrator.domain.policy import Policy
from orchestrator.domain.program import Program, without_idle_facts
from orchestrator.domain.run_options import RunOptions
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.value_class import value_class
from orchestrator.domain.values import INSTANT
from orchestrator.engine.collecting import collecting_afterwards
from orchestrator.intake.history import History
from orchestrator.trial.replay import Replay, sort_into_lives

AFTER_THE_END = timedelta(days=400)  # people inside at the end of the data run on at most this long
#: The decisions that it counts: who entered, and why a message would not have gone out.
COUNTED = frozenset(
    {
        DecisionKind.ENTERED,
        DecisionKind.NOT_SENT,
        DecisionKind.EXPIRED,
        DecisionKind.HELD_OUT,
    }
)
HEADER = ("at", "user_id", "journey", "step", "channel", "template")


@value_class
class Send:
    """One message that would have gone out. `at` is the instant it would leave, after deferrals."""

    at: datetime
    user_id: str
    journey: str
    step: str
    channel: str
    template: str

    @property
    def row(self) -> tuple[str, ...]:
        """The row of the CSV file."""
        return (
            format_in_utc(self.at),
            self.user_id,
            self.journey,
            self.step,
            self.channel,
            self.template,
        )


@dataclass(slots=True)
class BacktestResult:
    """`sends` in the order of the CSV; `not_sent` counts by journey and reason, `rejected` calls by
    reason; `held_out` messages are not among the sends."""

    sends: list[Send] = field(default_factory=list)
    not_sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    entered: Counter[str] = field(default_factory=Counter)
    held_out: int = 0
    customers: int = 0
    events: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def mostly_refused_for_consent(self) -> bool:
        """Whether consent refused more than half of the messages."""
        refused = sum(
            count for (_, reason), count in self.not_sent.items() if reason == "no_consent"
        )
        return refused > (len(self.sends) + sum(self.not_sent.values())) / 2


@collecting_afterwards
def backtest(program: Program, history: History, until: datetime | None = None) -> BacktestResult:
    """Replays a history. `until` is exclusive; without it nothing new begins after the last event,
    and people inside run to their end, at most 400 days."""
    calls = [
        call for call in history.calls if until is None or (call.at is not None and call.at < until)
    ]
    result = BacktestResult(events=len(calls), rejected=history.rejected.copy())
    if not calls:
        return result
    result.first, result.last = calls[0].at, calls[-1].at
    assert result.last is not None
    last = max([result.last, *(event.at for event in history.business)])
    end, no_entries_after = (until - INSTANT, None) if until else (last + AFTER_THE_END, last)
    ruled = without_idle_facts(program)
    lives = sort_into_lives(calls, names_that_matter(ruled))
    named = (one for one in history.business if one.name in ruled.index.by_business)
    business = [replace(one, arrival=number) for number, one in enumerate(named, 1)]
    options = RunOptions(no_entries_after=no_entries_after, told=COUNTED, business=business)
    replay = Replay(ruled, lives, end, options)
    for person, effects in replay.run_all():
        result.customers += 1
        _collect(result, person, effects)
    result.sends.sort(key=lambda send: send.row)
    return result


def _collect(result: BacktestResult, person: Person, effects: list[Effect]) -> None:
    for effect in effects:
        match effect:
            case QueueMessage(at, enrollment, step):
                send = Send(at, person.id, enrollment.journey, step.id, step.medium, step.template)
                result.sends.append(send)
            case Decision(kind=DecisionKind.ENTERED, journey=journey):
                result.entered[journey] += 1
            case Decision(detail=detail) if (
                "template" in detail
            ):  # about a message, not about a reward or a task
                _collect_silence(result, effect)


def _collect_silence(result: BacktestResult, decision: Decision) -> None:
    """Counts a message that would not have gone out."""
    match decision.kind:
        case DecisionKind.NOT_SENT:
            result.not_sent[decision.journey, decision.brief] += 1
        case DecisionKind.EXPIRED:
            result.not_sent[decision.journey, f"expired: {decision.brief}"] += 1
        case DecisionKind.HELD_OUT:
            result.held_out += 1


def write_sends(sends: Iterable[Send], file: IO[str]) -> None:
    """Writes the sends as CSV."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(send.row for send in sends)


class NotWritten(ValueError):
    """A file that cannot be written; the text says which, and why."""


def write_file(sends: Iterable[Send], path: Path) -> None:
    """Writes the sends as a CSV file; raises NotWritten."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            write_sends(sends, file)
    except OSError as error:
        raise NotWritten(f"{path} cannot be written: {error.strerror}") from error


# ---------------------------------------------------------------- what is asked for


class UnknownJourney(ValueError):
    """There is no journey of that name; the text says which are near."""


def choose(journeys: Mapping[str, Journey], wanted: Collection[str]) -> dict[str, Journey]:
    """The journeys asked for, as they will run when they are no drafts any more; all of them when
    none is named. Raises UnknownJourney.
    """
    for name in wanted:
        if name not in journeys:
            known = say(" (known: {listed})", listed=", ".join(journeys) or say("none"))
            hint = did_you_mean(name, journeys) or known
            raise UnknownJourney(say("there is no journey '{name}'{hint}", name=name, hint=hint))
    return {
        name: replace(one, draft=False)
        for name, one in journeys.items()
        if not wanted or name in wanted
    }


def relax(policy: Policy, *, consent: bool, caps: bool, hours: bool) -> Policy:
    """The policy with consent assumed of whoever has not said no, without caps, or without quiet
    hours.
    """
    return replace(
        policy,
        consent_default=policy.consent_default or consent,
        caps={} if caps else policy.caps,
        quiet_hours={} if hours else policy.quiet_hours,
    )
