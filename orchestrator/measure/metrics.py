"""The numbers that a monitor watches, in Prometheus' text format (version 0.0.4).

Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from orchestrator.engine.last_tick import LAST_TICK, own_time
from orchestrator.store import customers, figures, inbox, last_day, messages, settings, webhooks
from orchestrator.store.database import Database
from orchestrator.store.due import count_due_people
from orchestrator.store.transaction import Transaction

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[tuple[str, str], ...]
Sample = tuple[Labels, float]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: all are gauges, read from the database as it is now."""

    name: str
    help: str
    samples: tuple[Sample, ...]

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} gauge"
        for labels, value in self.samples:
            told = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels)
            yield f"{self.name}{{{told}}} {value}" if told else f"{self.name} {value}"


def write_metrics(metrics: Iterable[Metric]) -> str:
    """The text that a monitor reads."""
    return "".join(f"{line}\n" for metric in metrics for line in metric.lines())


def read_metrics(database: Database, now: datetime) -> list[Metric]:
    """The metrics of now; of what runs on a virtual clock (the demo), as of its own time. Nobody is
    named."""
    with database.read() as transaction:
        now = own_time(transaction, now)
        return [
            *_of_people(transaction, now),
            *_of_messages(transaction, now),
            *_of_work(transaction),
        ]


def _of_people(transaction: Transaction, now: datetime) -> Iterator[Metric]:
    inside = figures.count_inside(transaction)
    due = count_due_people(transaction, inside, now)
    yield _one("parcours_customers", "Customers.", customers.count_customers(transaction))
    yield _by("parcours_inside", "People inside, by journey.", "journey", inside)
    yield _by(
        "parcours_steps_due",
        "People with a step due, by journey; at most 1000 are counted.",
        "journey",
        {name: due.get(name, 0) for name in inside},
    )


def _of_messages(transaction: Transaction, now: datetime) -> Iterator[Metric]:
    states = messages.count_by_state(transaction)
    samples = (
        ((("channel", channel), ("state", state)), number)
        for channel, counts in sorted(states.items())
        for state, number in sorted(counts.items())
    )
    yield Metric("parcours_messages", "Messages, by channel and state.", tuple(samples))
    oldest = {name: last_day.due_of_channel(transaction, name, now).oldest for name in states}
    yield _by(
        "parcours_oldest_due_message_seconds",
        "Since when the oldest message that may leave has not, by channel.",
        "channel",
        {name: (now - at).total_seconds() if at else 0 for name, at in oldest.items()},
    )


def _of_work(transaction: Transaction) -> Iterator[Metric]:
    last_tick, gates = settings.read_time(transaction, LAST_TICK), settings.read_gates(transaction)
    yield _one("parcours_inbox_calls", "Calls that wait.", inbox.count_calls(transaction))
    refused = figures.count_rejections(transaction)
    yield _by("parcours_rejected_calls", "Calls that were refused, by code.", "code", refused)
    failed = webhooks.count_failed(transaction)
    yield _by(
        "parcours_failed_webhooks", "Webhooks that failed for good, by journey.", "journey", failed
    )
    held = (
        ((("kind", kind), ("name", name)), 1)
        for kind, names in sorted(gates.items())
        for name in sorted(names)
    )
    still = "1 for a journey, channel or shift that stands still."
    yield Metric("parcours_held", still, tuple(held))
    yield _one(
        "parcours_last_tick_timestamp_seconds",
        "When work was last done, in seconds since 1970; 0: never.",
        0 if last_tick is None else last_tick.timestamp(),
    )


def _one(name: str, told: str, value: float) -> Metric:
    return Metric(name, told, (((), value),))


def _by(name: str, told: str, label: str, counts: Mapping[str, float]) -> Metric:
    samples = tuple((((label, key),), value) for key, value in sorted(counts.items()))
    return Metric(name, told, samples)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
