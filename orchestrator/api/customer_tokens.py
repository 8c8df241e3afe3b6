"""Who a visitor of the shop is, as the shop's own server says it: a token that it signs, and that a
page may carry.

`base64url(user id) . Unix time . hex(HMAC-SHA-256(secret, all before the last dot))`, the first
without padding. It is good up to that time.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import datetime

DIGITS_MAX = 12
TOKEN_CHARS_MAX = 1000


class TokenInvalid(Exception):
    """A token that says nothing; the text is for the shop's developers."""


def read_token(token: str, secret: str, now: datetime) -> str:
    """The user id of a token; raises TokenInvalid."""
    text, _, signature = token[:TOKEN_CHARS_MAX].rpartition(".")
    signed = hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()
    if not hmac.compare_digest(signature.encode(), signed.encode()):
        raise TokenInvalid("the customer's token is missing, or signed with another secret")
    who, _, until = text.partition(".")
    if not (until.isascii() and until.isdecimal() and len(until) <= DIGITS_MAX):
        raise TokenInvalid("the customer's token says no time up to which it is good")
    if now.timestamp() >= int(until):
        raise TokenInvalid("the customer's token is too old: have the server sign a new one")
    try:
        return base64.b64decode(who + "=" * (-len(who) % 4), b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise TokenInvalid("the customer's token holds no user id in base64url") from None
