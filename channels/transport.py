"""HTTP to a provider: one pool of kept connections, and what a broken one means for the message.

The providers' SDKs open a connection per call or hide the answer's headers, so they build the requests and this
sends them.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from channels.acceptance import ascii_host
from channels.settings import ChannelSettings
from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.errors import ChannelMisconfigured


def open_pool(settings: ChannelSettings) -> urllib3.PoolManager:
    """Kept connections, as many as the channel's threads; no retry and no redirect happens behind our back."""
    return urllib3.PoolManager(
        maxsize=settings.connections,
        block=True,
        retries=False,
        timeout=urllib3.Timeout(connect=settings.timeout_s, read=settings.timeout_s),
        ca_certs=settings.environment.get("SSL_CERT_FILE") or None,
    )


def base_url(settings: ChannelSettings, variable: str, default: str) -> str:
    """The provider's address, or the one that an environment variable puts in its place."""
    url = settings.optional(variable).rstrip("/") or default
    try:
        parts = urlsplit(url)
        ascii_host(parts.hostname or "")
        sound = parts.port != 0 and parts.scheme in ("https", "http") and " " not in url
    except ValueError:
        sound = False
    if not sound or parts.username is not None or parts.query or parts.fragment:
        raise ChannelMisconfigured(
            f"{variable} must be an address such as {default}, beginning with https:// or http://"
        )
    return url


def failure_outcome(error: HTTPError) -> SendOutcome:
    """What a failed request means: UNAVAILABLE while no byte of it had left, else UNCERTAIN.

    A failed TLS handshake comes before the request, so it counts as not sent.
    """
    name = type(error).__name__
    if isinstance(error, (NewConnectionError, ConnectTimeoutError, SSLError)):
        return SendOutcome(OutcomeKind.UNAVAILABLE, reason=f"no connection to the provider ({name})")
    return SendOutcome(OutcomeKind.UNCERTAIN, reason=f"the connection broke before an answer came ({name})")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from Retry-After (seconds or a date) or X-RateLimit-Reset (epoch seconds); None if not told.

    An instant is measured from the answer's own Date, so that no clock of ours is asked.
    """
    after, reset = headers.get("Retry-After", ""), headers.get("X-RateLimit-Reset", "")
    if after.isdecimal():
        return float(after)
    now = _epoch_s(headers.get("Date", ""))
    until = _epoch_s(after) or (float(reset) if reset.isdecimal() else None)
    return max(0.0, until - now) if until is not None and now is not None else None


def _epoch_s(http_date: str) -> float | None:
    try:
        return parsedate_to_datetime(http_date).timestamp()
    except ValueError:
        return None
