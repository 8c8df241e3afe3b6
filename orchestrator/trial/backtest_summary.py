"""What a back-test is summed up to: for people, and as data for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.domain.answer import Part, Table
from orchestrator.domain.event import ACTIVITY
from orchestrator.domain.formatting import count
from orchestrator.domain.journey import Journey
from orchestrator.domain.phrase import say
from orchestrator.engine.never_happened import Heard, asked_events, tell_silence
from orchestrator.intake.history import History
from orchestrator.trial.backtest import BacktestResult, Send

STEP_HEAD = ("JOURNEY", "STEP", "CHANNEL", "TEMPLATE", "MESSAGES")
REASON_HEAD = ("JOURNEY", "WHY NOT SENT", "MESSAGES")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A back-test with what it was made of, and how long it took."""

    journeys: Mapping[str, Journey]
    history: History
    result: BacktestResult
    took_s: float


def summarize(replayed: Replayed) -> Iterator[Part]:
    """The summary for people."""
    result = replayed.result
    yield from _tell_calls(replayed)
    yield ""
    yield _journey_table(replayed)
    if silence := list(tell_never(replayed)):
        yield ""
        yield from silence
    if result.sends:
        yield ""
        yield _step_table(result.sends)
        yield ""
        yield _month_table(list(replayed.journeys), result.sends)
    if result.not_sent:
        yield ""
        yield Table(REASON_HEAD, [(*key, n) for key, n in sorted(result.not_sent.items())])
    if result.held_out:
        yield f"\n{count(result.held_out, 'message')} held out: the control group gets none"
    if result.mostly_refused_for_consent:
        yield (
            "\nMost messages were refused for want of consent: a history seldom carries it. "
            "With --assume-consent whoever has not said no has said yes."
        )


def _tell_calls(replayed: Replayed) -> Iterator[str]:
    result, history = replayed.result, replayed.history
    period = (
        f", {result.first:%Y-%m-%d} to {result.last:%Y-%m-%d}"
        if result.first and result.last
        else ""
    )
    speed = f"{replayed.took_s:.1f} s, {result.events / replayed.took_s:,.0f} calls a second"
    calls, customers = count(result.events, "call"), count(result.customers, "customer")
    yield f"{calls} of {customers}{period} ({speed})"
    if history.duplicates:
        yield f"  {history.duplicates:,} duplicates left out"
    if later := len(history.calls) - result.events:
        yield f"  {later:,} calls from --until on left out"
    for reason, number in result.rejected.most_common():
        yield f"  {number:,} rejected: {reason}"


def tell_never(replayed: Replayed) -> Iterator[str]:
    """What the journeys wait for and these calls never hold, and why nobody entered."""
    journeys, result = replayed.journeys, replayed.result
    calls = replayed.history.calls
    if result.last is not None:
        calls = [call for call in calls if call.at is not None and call.at <= result.last]
    heard = Heard(Counter(call.name for call in calls if call.kind in ACTIVITY))
    empty = [one for name, one in journeys.items() if not result.entered[name]]
    asked = asked_events(empty)
    events = (call.event(call.at, 0) for call in calls if call.name in asked and call.at)
    heard.listen(empty, events)
    if calls:
        number = count(len(calls), "call")
        what = say("these {number}", number=number) if len(calls) > 1 else say("this call")
        yield from tell_silence(journeys, result.entered, heard, what)


def _journey_table(replayed: Replayed) -> Table:
    result = replayed.result
    sent, silent = Counter(send.journey for send in result.sends), Counter[str]()
    for (journey, _), number in result.not_sent.items():
        silent[journey] += number
    rows = [(name, result.entered[name], sent[name], silent[name]) for name in replayed.journeys]
    return Table(("JOURNEY", "ENTERED", "MESSAGES", "NOT SENT"), rows)


def _step_table(sends: list[Send]) -> Table:
    steps = Counter((send.journey, send.step, send.channel, send.template) for send in sends)
    return Table(STEP_HEAD, [(*key, n) for key, n in sorted(steps.items())])


def _month_table(journeys: list[str], sends: list[Send]) -> Table:
    months = Counter((f"{send.at:%Y-%m}", send.journey) for send in sends)
    shown = [name for name in journeys if any(journey == name for _, journey in months)]
    rows: list[tuple[str | int, ...]] = []
    for month in sorted({month for month, _ in months}):
        numbers = [months[month, name] for name in shown]
        rows.append((month, *numbers, sum(numbers)))
    return Table(("MONTH", *shown, "MESSAGES"), rows)


def as_data(replayed: Replayed) -> dict[str, object]:
    """The summary for machines."""
    result = replayed.result
    return {
        "calls": result.events,
        "customers": result.customers,
        "first": result.first,
        "last": result.last,
        "duplicates": replayed.history.duplicates,
        "rejected": dict(result.rejected),
        "messages": len(result.sends),
        "held_out": result.held_out,
        "journeys": {name: _journey_data(result, name) for name in replayed.journeys},
        "never": list(tell_never(replayed)),
        "seconds": round(replayed.took_s, 3),
    }


def _journey_data(result: BacktestResult, name: str) -> dict[str, object]:
    sends = [send for send in result.sends if send.journey == name]
    return {
        "entered": result.entered[name],
        "messages": len(sends),
        "steps": dict(sorted(Counter(send.step for send in sends).items())),
        "months": dict(sorted(Counter(f"{send.at:%Y-%m}" for send in sends).items())),
        "not_sent": {
            reason: number
            for (journey, reason), number in result.not_sent.items()
            if journey == name
        },
    }
