"""Messages end to end: event → journey → rendered mail → channel → outcome written; against bare
loops.
"""

from __future__ import annotations

import smtplib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from orchestrator.render import Templates
from tests.bench.figure import Figure, rate, stopwatch
from tests.bench.sample import MAIL, PRODUCTS, ROOT, START, calls, engine, entries, put, tick

CUSTOMERS, RUNS = 2_000, 3


def measure() -> list[Figure]:
    """The mailbox beside a bare render loop; SMTP beside a bare SMTP loop on one kept
    connection.
    """
    renders = _render_bare()
    with _sink() as port:
        smtp = {"PARCOURS_SMTP_URL": f"smtp://127.0.0.1:{port}"}
        through_smtp = _end_to_end(smtp, 'email = "smtp"')
        bare_smtp = _send_bare(port)
    return [
        Figure(
            "messages, event to mailbox",
            _end_to_end({}, ""),
            "rendering the same mail only",
            renders,
        ),
        Figure(
            "messages, event to SMTP sink",
            through_smtp,
            "sending the same bytes only, smtplib",
            bare_smtp,
        ),
    ]


def _end_to_end(environment: Mapping[str, str], channel: str) -> float:
    seconds = []
    for _ in range(RUNS):
        with engine(MAIL, environment=environment, channel=channel) as context:
            rows = entries(calls(CUSTOMERS))
            with stopwatch() as watch:
                put(context, rows)
                report = tick(context, START + timedelta(minutes=30))
            sent = report.channels["email"].sent
            assert sent == CUSTOMERS, f"{sent} of {CUSTOMERS} were sent"
            seconds.append(watch.seconds)
    return rate(CUSTOMERS, seconds)


def _render_bare() -> float:
    templates = Templates.load(ROOT, "en")
    context = {
        "customer": {"first_name": "Ada"},
        "entry": {"products": PRODUCTS, "price": 80},
        "project": {"name": "Shop"},
    }
    seconds = []
    for _ in range(RUNS):
        with stopwatch() as watch:
            for _ in range(CUSTOMERS):
                templates.render_email("cart-reminder", "en", context)
        seconds.append(watch.seconds)
    return rate(CUSTOMERS, seconds)


def _send_bare(port: int) -> float:
    body = (
        b"Subject: x\r\n\r\n"
        + b"a line of the mail, about as long as they are in real life......\r\n" * 250
    )
    seconds = []
    for _ in range(RUNS):
        with smtplib.SMTP("127.0.0.1", port) as connection, stopwatch() as watch:
            for _ in range(CUSTOMERS):
                connection.sendmail("a@example.com", ["b@example.com"], body)
        seconds.append(watch.seconds)
    return rate(CUSTOMERS, seconds)


@contextmanager
def _sink() -> Iterator[int]:
    """A small asyncio SMTP sink in a process of its own; it prints its port."""
    sink = Path(__file__).with_name("smtp_sink.py")
    process = subprocess.Popen([sys.executable, str(sink)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
