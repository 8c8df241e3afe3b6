"""What `up` says: where everything is, then only what matters."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from orchestrator.domain.medium import Medium
from orchestrator.engine.report import ChannelTally, TickReport

QUIET_S = 10.0  # between two lines about the same channel's failures …
DEMO_QUIET_S = 60.0  # … and where a day's line counts them anyway
_LABEL_WIDTH = 11
_OTHERS = frozenset({"calls", "entered", "converted", "failed"})  # counted besides channels


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything is, for the text at the start."""

    project: str
    url: str
    database: str
    write_key: str  # where it is found, never the key itself
    prefect: str | None


@dataclass(slots=True)
class DayBook:
    """What happened since the last line of the demo."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, report: TickReport) -> None:
        """Adds what one tick did."""
        self.counts["calls"] += report.accepted
        for journey in report.journeys.values():
            self.counts["entered"] += journey.entered
            self.counts["converted"] += journey.converted
        for name, channel in report.channels.items():
            self.counts[name] += channel.sent
            self.counts["failed"] += channel.failed

    def line(self) -> str:
        """`64 calls · 9 entered · 12 e-mails · 1 SMS · 2 converted`; nothing that did not
        happen.
        """
        plurals = {str(medium): medium.spec.plural for medium in Medium}
        channels = dict.fromkeys([*plurals, *sorted(self.counts.keys() - _OTHERS)])
        order = ("calls", "entered", *channels, "converted", "failed")
        return " · ".join(
            f"{self.counts[key]} {plurals.get(key, key)}" for key in order if self.counts[key]
        )


class Terminal:
    """Prints for people: bold where there is a terminal, plain text where there is none. Safe
    between threads.
    """

    def __init__(self, *, demo: bool) -> None:
        # emoji: their names would be replaced in what people wrote, and are a table of half a MB
        self._console = Console(highlight=False, soft_wrap=True, emoji=False)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
        self._demo, self._days = demo, DayBook()
        self._quiet_s = DEMO_QUIET_S if demo else QUIET_S
        self._lock = threading.Lock()
        self._unsaid: dict[str, ChannelTally] = {}
        self._said_s: dict[str, float] = {}

    def greet(self, places: Places) -> None:
        """Where everything is and what to type next."""
        say = self._console.print
        say(f"\n[bold]Parcours[/bold] · {places.project}\n")
        self._row("Mailbox", f"{places.url}/mailbox", "every message, as its readers see it")
        if places.prefect:
            self._row(
                "Prefect",
                places.prefect,
                "journeys and deliveries; starting, it takes some seconds",
            )
        self._row(
            "Events in",
            f"{places.url}/v1/batch",
            f"Segment's API; the write key is in {places.write_key}",
        )
        self._row("Database", places.database, "")
        if self._demo:
            say(
                "\n  [bold]This is a demo[/bold]: a made-up shop in accelerated time. "
                "Every customer is invented and"
            )
            say(
                "  nothing leaves this machine; an earlier demo was removed. Commands "
                "see it with its database:"
            )
            say(
                "  [cyan]PARCOURS_DATABASE_URL=sqlite:///var/demo/parcours.db parcours "
                "status[/cyan]\n"
            )
        else:
            say(
                "\n  To begin: post events, or `parcours ingest FILE`. To look: "
                "`parcours status`. To stop: Ctrl-C.\n"
            )

    def say(self, text: str) -> None:
        """One line."""
        self._console.print(f"  {text}", markup=False)

    def warn(self, text: str) -> None:
        """Something a person should look at."""
        self._errors.print(text, style="yellow", markup=False)

    def watch(self, report: TickReport) -> None:
        """Told of every tick: says what failed, but not each one of many."""
        with self._lock:
            self._days.add(report)
            for name, tally in report.channels.items():
                if tally.failed or tally.unknown or tally.stopped:
                    self._unsaid.setdefault(name, ChannelTally()).add(tally)
            now_s = time.monotonic()
            due = [
                name
                for name in self._unsaid
                if now_s - self._said_s.get(name, -math.inf) >= self._quiet_s
            ]
            told = {name: self._unsaid.pop(name) for name in due}
            self._said_s.update(dict.fromkeys(told, now_s))
        for name, tally in told.items():
            self.warn(f"  {name}: {describe_trouble(tally)}")

    def end_day(self, title: str) -> None:
        """The demo's line about a day that is over."""
        with self._lock:
            line, self._days = self._days.line(), DayBook()
        self._console.print(f"  [bold]{title:<18}[/bold] {line or 'nothing'}")

    def _row(self, label: str, place: str | Path, note: str) -> None:
        self._console.print(
            f"  {label:<{_LABEL_WIDTH}}[cyan]{place}[/cyan]"
            + (f"   [dim]{note}[/dim]" if note else "")
        )


def describe_trouble(tally: ChannelTally) -> str:
    """`2 failed (rejected: no such mailbox); parcours messages list --state rejected`."""
    if tally.stopped:
        return f"the channel stands still: {tally.stopped}"
    counts = [
        f"{count} {word}"
        for count, word in ((tally.failed, "failed"), (tally.unknown, "unknown"))
        if count
    ]
    newest = tally.failures[-1] if tally.failures else None
    why = f" ({newest.outcome}: {newest.reason or newest.code}); {newest.help}" if newest else ""
    return ", ".join(counts) + why
