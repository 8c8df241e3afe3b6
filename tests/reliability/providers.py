"""Two providers with bad days: an SMTP server, and Twilio over HTTP. They keep what they took,
by message.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.channels.http_double import Conduct, Mishap, Reply, Request
from tests.channels.misbehaviour import Cut, Late
from tests.channels.smtp_double import Plain, ScriptedSmtp
from tests.channels.twilio_double import ACCOUNT, NUMBER, TOKEN, TwilioDouble, form_of

_TAKEN, _LATE_S = "250 2.0.0 taken", 0.2
_ID = re.compile(rb"^X-Parcours-Message-Id: *(\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass(slots=True)
class Providers:
    """Both of them. `resets` counts the connections that were cut after a message's last byte
    had left us.
    """

    random: Random
    smtp: ScriptedSmtp = field(init=False)
    twilio: TwilioDouble = field(init=False)
    resets: int = 0

    def __post_init__(self) -> None:
        self.smtp = ScriptedSmtp(MAIL=self._mail, body=self._body, dot=self._dot)
        self.twilio = TwilioDouble()
        self.twilio.conduct = self._conduct

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serves until the block ends."""
        with self.smtp.running(), self.twilio.running():
            yield

    @property
    def environment(self) -> dict[str, str]:
        """What a project needs to send through them."""
        return {
            "PARCOURS_SMTP_URL": f"smtp://127.0.0.1:{self.smtp.port}",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": NUMBER,
            "PARCOURS_TWILIO_BASE_URL": self.twilio.url,
        }

    @property
    def arrived(self) -> int:
        """How many messages were taken so far."""
        return len(self.smtp.taken) + len(self.twilio.taken)

    def mails(self) -> Counter[str]:
        """How often each mail was taken, by its id."""
        found = (_ID.search(mail) for mail in list(self.smtp.taken))
        return Counter(match[1].decode() for match in found if match)

    def texts(self) -> Counter[tuple[str, str]]:
        """How often each SMS was taken, by number and text."""
        forms = map(form_of, list(self.twilio.taken))
        return Counter((form["To"], form["Body"].strip()) for form in forms)

    def _mail(self) -> Plain:
        return self._draw([("421 too many", 1), ("451 4.3.0 later", 2)], "250 ok")

    def _body(self) -> Plain:
        """Cut while the mail comes in: it is small, so its last byte has left us by then."""
        answer: Plain = self._draw([("cut", 1)], "taken in")
        self.resets += answer == "cut"
        return answer

    def _dot(self) -> Plain:
        """The answer to a whole message: also one that is lost on its way, be the message taken
        or not.
        """
        answers: list[tuple[Plain, int]] = [
            (None, 1), (Cut(_TAKEN, at=0, reset=True), 1), (Late(_TAKEN, _LATE_S), 2),
            ("451 4.3.0 later", 3),
        ]  # fmt: skip
        answer = self._draw(answers, _TAKEN)
        self.resets += answer is None or isinstance(answer, Cut)
        return answer

    def _conduct(self, request: Request) -> Conduct | None:
        good = self.twilio.reply(request)
        answers: list[tuple[Conduct, int]] = [
            (Mishap.RESET, 1), (Cut(good, at=0, reset=True), 1), (Late(good, _LATE_S), 2),
            (Reply(500), 3), (Reply(429), 3),
        ]  # fmt: skip
        answer = self._draw(answers, good)
        self.resets += answer is Mishap.RESET or isinstance(answer, Cut)
        return answer

    def _draw(self, answers: list[tuple[Any, int]], good: Any) -> Any:
        """One of the answers, each with its share in percent, else the good one."""
        at = self.random.uniform(0, 100)
        for answer, percent in answers:
            at -= percent
            if at < 0:
                return answer
        return good
