"""Mails put into the form they travel in; the limit to beat is the standard library doing the
same.
"""

from __future__ import annotations

from email import policy
from email.message import EmailMessage

from tests.bench.figure import Figure, Limit, stopwatch
from tests.bench.side import Driver

MAILS, BY_LIBRARY = 2_000, 50
LINE = "<p>Your cart waits: a fine product, 19,90 €, with a <b>link</b>.</p>\n"
TEXT, HTML = LINE * 20, LINE * 120
WHAT = "mails put into MIME, 8 kB"


def measure(driver: Driver, scale: float) -> list[Figure]:
    """8 kB of HTML and a text part."""
    mails = int(MAILS * scale)
    with stopwatch() as watch:
        for _ in range(mails):
            driver.compose_mime(HTML, TEXT)
    return [watch.rate(WHAT, mails)]


def limits() -> list[Limit]:
    """`email.message.EmailMessage`."""
    with stopwatch() as watch:
        for _ in range(BY_LIBRARY):
            _by_library()
    return [Limit(WHAT, "the standard library's `EmailMessage`", BY_LIBRARY / watch.seconds)]


def _by_library() -> bytes:
    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"], mail["To"], mail["From"] = "Your cart", "ann@example.com", "shop@shop.example"
    mail.set_content(TEXT)
    mail.add_alternative(HTML, subtype="html")
    return mail.as_bytes()
