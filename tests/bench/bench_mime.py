"""Mails put into the form they travel in; against the standard library doing the same."""

from __future__ import annotations

from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage

from channels.mime import compose
from orchestrator.domain.message import Medium, RenderedMessage
from tests.bench.figure import Figure, rate, stopwatch

MAILS, BY_LIBRARY, RUNS = 2_000, 50, 3
LINE = "<p>Your cart waits: a fine product, 19,90 €, with a <b>link</b>.</p>\n"
MESSAGE = RenderedMessage(
    "m-1",
    Medium.EMAIL,
    "ann@example.com",
    LINE * 20,
    subject="Your cart",
    html=LINE * 120,
    sender="shop@shop.example",
)


def measure() -> list[Figure]:
    """8 kB of HTML and a text part: ours, and `email.message.EmailMessage`."""
    ours, theirs = [], []
    for _ in range(RUNS):
        with stopwatch() as watch:
            for _ in range(MAILS):
                compose(
                    MESSAGE, ("shop@shop.example", "The Shop"), datetime(2026, 1, 5, tzinfo=UTC)
                )
        ours.append(watch.seconds)
        with stopwatch() as watch:
            for _ in range(BY_LIBRARY):
                _by_library()
        theirs.append(watch.seconds)
    what, other = "mails put into MIME, 8 kB", "the standard library's `EmailMessage`"
    return [Figure(what, rate(MAILS, ours), other, rate(BY_LIBRARY, theirs))]


def _by_library() -> bytes:
    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"], mail["To"], mail["From"] = MESSAGE.subject, MESSAGE.to, MESSAGE.sender
    mail.set_content(MESSAGE.text)
    mail.add_alternative(MESSAGE.html, subtype="html")
    return mail.as_bytes()
