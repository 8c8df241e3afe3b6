"""Signed links: what a message's reader may do without logging in, and nothing more.

A token names a message (for a referral a customer, for a count of opens a step) by an opaque id and
is bound to one purpose; recipient, journey and topic are found in the database from there. Nothing
personal is in a link, and links do not expire: an unsubscribe link has to work as long as the mail
lies in somebody's inbox.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

from itsdangerous import BadSignature, Signer
from itsdangerous.signer import SigningAlgorithm

from orchestrator.domain.errors import LinkInvalid


class LinkPurpose(StrEnum):
    """What a link is for; the value is the first part of its path."""

    UNSUBSCRIBE = "u"  # payload: message id
    SURVEY = "s"  # payload: message id, survey id
    REFERRAL = "r"  # payload: the referrer's customer id
    BROWSER = "m"  # payload: message id
    CONFIRM = "c"  # payload: message id
    PREFERENCES = "p"  # payload: message id
    OPENS = "o"  # payload: journey, step, template


#: What templates may ask of `links`.
LINK_FUNCTIONS = frozenset({"survey", "shop"})  # the others are links as they stand
LINK_NAMES = LINK_FUNCTIONS | {"unsubscribe", "preferences", "browser", "referral", "confirm"}


class LinkSigner:
    """Makes links under `public_url` and reads their tokens back; a token of one purpose is invalid
    for another.
    """

    def __init__(self, secret: str, public_url: str) -> None:
        self.public_url = public_url.rstrip("/")
        self._signers = {purpose: _signer(secret, purpose) for purpose in LinkPurpose}
        self._bases = {purpose: f"{self.public_url}/{purpose}/".encode() for purpose in LinkPurpose}

    def unsubscribe(self, message_id: str) -> str:
        """The page that ends marketing about the message's topic; also the target of one-click (RFC
        8058).
        """
        return self._url(LinkPurpose.UNSUBSCRIBE, message_id)

    def survey(
        self, message_id: str, survey: str, score: int | None = None, answer: str | None = None
    ) -> str:
        """The page of a survey, with a score or an answer already chosen: one token serves every
        choice.
        """
        url = self._url(LinkPurpose.SURVEY, message_id, survey)
        if score is not None:
            return f"{url}?score={score}"
        return f"{url}?{urlencode({'answer': answer})}" if answer is not None else url

    def referral(self, customer_id: str) -> str:
        """The page a friend of this customer lands on; the id must be an internal one, never an
        address.
        """
        return self._url(LinkPurpose.REFERRAL, customer_id)

    def browser(self, message_id: str) -> str:
        """The web copy of a mail."""
        return self._url(LinkPurpose.BROWSER, message_id)

    def preferences(self, message_id: str) -> str:
        """The page on which the reader of a message chooses what to hear."""
        return self._url(LinkPurpose.PREFERENCES, message_id)

    def confirm(self, message_id: str) -> str:
        """The page on which the reader of a message confirms that they want more of its medium."""
        return self._url(LinkPurpose.CONFIRM, message_id)

    def opens(self, journey: str, step: str, template: str) -> str:
        """The picture by which the opens of a step's mails are counted: the same for everybody."""
        return self._url(LinkPurpose.OPENS, journey, step, template)

    def read(self, token: str, purpose: LinkPurpose) -> tuple[str, ...]:
        """The ids a token was made of, as listed at `LinkPurpose`; raises LinkInvalid."""
        try:
            payload = self._signers[purpose].unsign(token)
            return tuple(
                base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)).decode().split("\n")
            )
        except (BadSignature, binascii.Error, UnicodeError):
            raise LinkInvalid("this link was altered or is incomplete") from None

    def _url(self, purpose: LinkPurpose, *ids: str) -> str:
        payload = _base64("\n".join(ids).encode())
        return (self._bases[purpose] + self._signers[purpose].sign(payload)).decode()


class _Signer(Signer):
    """HMAC-SHA-256 under a key that is read once: itsdangerous would hash it anew for every
    signature, which costs as much as all the rest of a link.
    """

    def __init__(self, key: bytes) -> None:
        super().__init__(key, key_derivation="none", algorithm=_KeyedHmac(key))

    def sign(self, value: str | bytes) -> bytes:
        assert isinstance(value, bytes)
        return value + b"." + _base64(self.algorithm.get_signature(b"", value))


_BLOCK_BYTES = 64  # of SHA-256; a key is as long


class _KeyedHmac(SigningAlgorithm):
    """RFC 2104 by the two hashes that it is made of: an object of `hmac` takes twice as long to be
    copied.
    """

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(one ^ 0x36 for one in block))
        self._outer = hashlib.sha256(bytes(one ^ 0x5C for one in block))

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        return outer.digest()


_URL_SIGNS = bytes.maketrans(b"+/", b"-_")


def _base64(data: bytes) -> bytes:
    """Base64 as URLs hold it."""
    return binascii.b2a_base64(data, newline=False).translate(_URL_SIGNS).rstrip(b"=")


def _signer(secret: str, purpose: LinkPurpose) -> Signer:
    key = hashlib.blake2b(
        f"parcours.link.{purpose}".encode(), key=hashlib.sha256(secret.encode()).digest()
    ).digest()
    return _Signer(key)


@lru_cache(maxsize=1024)  # of a journey and medium, the same for every customer
def _query(parameters: tuple[tuple[str, str], ...]) -> str:
    return urlencode(parameters)


def _shop_url(website: str, path: str, query: str) -> str:
    url = path if urlsplit(path).scheme in ("http", "https") else f"{website}/{path.lstrip('/')}"
    if not query:
        return url
    bare, mark, fragment = url.partition("#")
    return f"{bare}{'&' if '?' in bare else '?'}{query}{mark}{fragment}"


# the pages that templates name, and the goods that many look at
_known_shop_url = lru_cache(maxsize=2048)(_shop_url)
_KNOWN_MAX = 200  # characters of a path that is remembered


class Links:
    """The links of one message, as its templates see them (`links.unsubscribe`, …); signed only
    when used.

    `website` is the shop's address and `tracking` the query parameters that `shop` adds to it
    (UTM), complete: no `{channel}` left in them.
    """

    def __init__(
        self,
        signer: LinkSigner,
        message_id: str,
        customer_id: str,
        website: str,
        tracking: Mapping[str, str],
    ) -> None:
        self._signer, self._message_id, self._customer_id = signer, message_id, customer_id
        self._website, self._tracking = website.rstrip("/"), _query(tuple(tracking.items()))
        # made when asked for: a `cached_property` locks
        self._unsubscribe = self._browser = self._preferences = ""

    @property
    def unsubscribe(self) -> str:
        """Ends marketing about this message's topic."""
        self._unsubscribe = self._unsubscribe or self._signer.unsubscribe(self._message_id)
        return self._unsubscribe

    @property
    def preferences(self) -> str:
        """Where a customer chooses what to hear; the page to unsubscribe where the project shows no
        topics.
        """
        self._preferences = self._preferences or self._signer.preferences(self._message_id)
        return self._preferences

    @property
    def browser(self) -> str:
        """The web copy of this mail."""
        self._browser = self._browser or self._signer.browser(self._message_id)
        return self._browser

    @property
    def confirm(self) -> str:
        """Where its reader confirms that they want messages like this one."""
        return self._signer.confirm(self._message_id)

    @property
    def referral(self) -> str:
        """What this customer passes on to a friend."""
        return self._signer.referral(self._customer_id)

    def survey(self, survey: str, score: int | None = None, answer: str | None = None) -> str:
        """A survey's page, with a score or an answer already chosen."""
        return self._signer.survey(self._message_id, survey, score, answer)

    def shop(self, path: str = "/") -> str:
        """A page of the shop, carrying the tracking parameters; a full URL is kept and gets them
        too.
        """
        make = _known_shop_url if len(path) <= _KNOWN_MAX else _shop_url
        return make(self._website, path, self._tracking)
