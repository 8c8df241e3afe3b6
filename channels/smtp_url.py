"""Where the SMTP server is and how to enter it, from one URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from channels.acceptance import ascii_host
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.phrase import say

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A server; `implicit_tls` is smtps, `starttls` an upgrade after the greeting."""

    host: str
    port: int
    implicit_tls: bool
    starttls: bool
    user: str = ""
    password: str = field(default="", repr=False)


def parse_smtp_url(url: str) -> SmtpServer:
    """Reads `smtp://user:password@host:587?starttls=1` or `smtps://user:password@host`.

    Ports default to 465 for smtps, 587 with starttls, else 25. Raises ChannelMisconfigured, without
    the URL in its text, for anything else, and for a password that would travel in clear to another
    machine.
    """
    try:
        parts = urlsplit(url)
        host, port = ascii_host(parts.hostname or ""), parts.port
        starttls = _flag(parse_qs(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise _malformed() from None
    implicit_tls = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme not in ("smtp", "smtps") or port == 0:
        raise _malformed()
    if not (f"{user}{password}".isascii() and f"{user}{password}".isprintable()):
        raise ChannelMisconfigured(
            say("PARCOURS_SMTP_URL: user and password can hold signs of ASCII only")
        )
    if parts.username and not (implicit_tls or starttls or host in _LOOPBACK):
        raise ChannelMisconfigured(
            say(
                "PARCOURS_SMTP_URL would send its password in clear: add ?starttls=1 "
                "or use smtps://"
            )
        )
    default_port = 465 if implicit_tls else 587 if starttls else 25
    return SmtpServer(
        host=host,
        port=port or default_port,
        implicit_tls=implicit_tls,
        starttls=starttls,
        user=user,
        password=password,
    )


def _flag(query: dict[str, list[str]]) -> bool:
    if set(query) - {"starttls"}:
        raise ValueError(say("an unknown parameter"))
    return query.get("starttls", ["0"])[-1].lower() in ("1", "true", "yes")


def _malformed() -> ChannelMisconfigured:
    return ChannelMisconfigured(
        say(
            "PARCOURS_SMTP_URL must look like "
            "smtp://user:password@host:587?starttls=1 or "
            "smtps://user:password@host (signs such as @ : / in the password "
            "written as %40 %3A %2F)"
        )
    )
