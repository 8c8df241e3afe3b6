"""What an SMTP server's answers mean (RFC 5321, RFC 3463): taken, later, never, or a task for a
person.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass

from channels.acceptance import anonymous
from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.message import RenderedMessage

#: RFC 3463: mailbox unknown, domain unknown, moved, domain takes no mail (RFC 7505), mailbox
#: disabled. Nothing else is the address's fault: 5.2.2 is a full mailbox, 5.7.x a policy that
#: speaks about us.
DEAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1"})

#: The server wants credentials or encryption that we do not offer, or refuses ours (RFC 4954 §6).
_NOT_LET_IN = frozenset({530, 534, 535, 538})

#: 550 5.7.1 at RCPT is a policy about this reader, unless it says that the server does not pass our
#: mail on at all.
_NO_RELAY = re.compile(r"\brelay|\bclient host rejected|\bhelo command rejected", re.IGNORECASE)

#: Postfix tells at RCPT what it holds against the sender (smtpd_delay_reject); RFC 3463: bad
#: sender's address.
_BAD_SENDER = re.compile(
    r"^5\.1\.[78]\b|\bsender address rejected|\bsender verify failed", re.IGNORECASE
)
OUT_OF_ORDER = 503
_TOO_LARGE = 552  # at MAIL the one refusal that is about the message and not about who sends it
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b\s*")
_QUEUED_AS = re.compile(r"queued as ([\w.-]{1,100})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that was refused, with the answer."""

    command: str
    code: int
    text: str


def reply_outcome(code: int, text: str, message: RenderedMessage) -> SendOutcome:
    """What a server's reply means: 2xx taken, 4xx later, 5xx never for this message."""
    if 200 <= code < 300:
        queued = _QUEUED_AS.search(text)
        return SendOutcome(
            OutcomeKind.ACCEPTED, provider_id=queued[1] if queued else "", code=str(code)
        )
    found = _ENHANCED.match(text)
    enhanced = found[1] if found else ""
    reason = anonymous(text[found.end() :] if found else text, message)
    full_code = f"{code} {enhanced}".strip()
    if code in _NOT_LET_IN:
        return SendOutcome(
            OutcomeKind.MISCONFIGURED,
            reason=f"the server does not let us in: {reason}",
            code=full_code,
        )
    if code == OUT_OF_ORDER:
        return lost(f"the server has lost the order of the conversation: {reason}")
    if 400 <= code < 500:
        return SendOutcome(OutcomeKind.THROTTLED, reason=reason, code=full_code)
    return SendOutcome(
        OutcomeKind.REJECTED, reason=reason, code=full_code, suppress=enhanced in DEAD_ADDRESS
    )


def is_about_us(refused: Refused) -> bool:
    """Whether a refusal is for good and holds for every message: our sender, or passing mail on for
    us at all.
    """
    command, code, text = refused.command, refused.code, refused.text
    if command.startswith("MAIL"):
        return code >= 500 and code != _TOO_LARGE and code not in _NOT_LET_IN
    held_against_us = _NO_RELAY.search(text) or _BAD_SENDER.search(text)
    return command.startswith("RCPT") and code >= 500 and held_against_us is not None


def about_us(refusal: SendOutcome, refused: Refused) -> SendOutcome:
    """The outcome of such a refusal: a person must act."""
    reason = f"the server takes no mail from this sender: {refusal.reason}"
    about_sender = refused.command.startswith("MAIL") or bool(_BAD_SENDER.search(refused.text))
    return SendOutcome(
        OutcomeKind.MISCONFIGURED, reason=reason, code=refusal.code, about_sender=about_sender
    )


def connect_outcome(error: Exception, message: RenderedMessage) -> SendOutcome:
    """Nothing was sent: a refusal for good is for a person to mend, anything else passes."""
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500:
        told = (
            error.smtp_error.decode("utf-8", "replace")
            if isinstance(error.smtp_error, bytes)
            else error.smtp_error
        )
        reason = f"the server does not let us in: {anonymous(told, message)}"
        return SendOutcome(OutcomeKind.MISCONFIGURED, reason=reason, code=str(error.smtp_code))
    if isinstance(error, (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError)):
        reason = "the server lacks what PARCOURS_SMTP_URL asks, or its certificate is not valid"
        return SendOutcome(OutcomeKind.MISCONFIGURED, reason=f"{reason} ({type(error).__name__})")
    return lost(f"no connection to the SMTP server ({type(error).__name__})")


def lost(reason: str) -> SendOutcome:
    """The connection broke while the server certainly had no message: another may take it."""
    return SendOutcome(OutcomeKind.UNAVAILABLE, reason=reason)
