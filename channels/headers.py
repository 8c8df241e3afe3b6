"""Values of headers that are safe by construction: what an author wrote becomes what the protocol
can carry.

A topic or a domain with accents must not make a header that no server takes, and every mail with it
unsendable.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b
from urllib.parse import quote, urlsplit, urlunsplit

from channels.acceptance import MessageRefused, ascii_host
from orchestrator.domain.message import RenderedMessage

_LABEL_MAX = 63
_NOT_IN_LABEL = re.compile(r"[^A-Za-z0-9_-]+")
_IN_ANGLES = re.compile(r"<([^<>]*)>")
_URL_SAFE = "%/:?#[]@!$&'()*+,;=~"


def safe_value(name: str, value: str, message: RenderedMessage) -> str:
    """The value of one of a message's headers, in ASCII where the header may not be encoded
    (List-*).
    """
    lowered = name.lower()
    if lowered == "list-id":
        return _list_id(value, message)
    if lowered.startswith("list-"):
        return _IN_ANGLES.sub(lambda found: f"<{_ascii_url(found[1])}>", value)
    return value


def message_id(message: RenderedMessage, sender_address: str) -> str:
    """The Message-ID: that of the message, under its domain as it travels, else under the
    sender's.
    """
    written = message.rfc_message_id.strip("<> ")
    local, _, domain = written.rpartition("@")
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+", local):
        local = message.message_id
    try:
        return f"<{local}@{ascii_host(domain)}>"
    except MessageRefused:
        return f"<{local}@{sender_address.rpartition('@')[2]}>"


def _list_id(value: str, message: RenderedMessage) -> str:
    """`<topic.domain>` (RFC 2919) with a slug of the topic: `<nouveautes.shop.example>`."""
    written = value.strip("<> ")
    own = message.sender.rpartition("@")[2].strip("<> ")
    topic, found, _ = written.rpartition(f".{own}") if own else ("", "", "")
    if found and written.endswith(own):
        return f"<{_slug(topic)}.{ascii_host(own)}>"
    return f"<{'.'.join(_slug(label) for label in written.split('.'))}>"


def _slug(text: str) -> str:
    """A label of RFC 2919; one that could travel as it was written stays."""
    if text and len(text) <= _LABEL_MAX and text.isascii() and not _NOT_IN_LABEL.search(text):
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    slug = _NOT_IN_LABEL.sub("-", plain.lower()).strip("-")[:_LABEL_MAX]
    return slug or f"list-{blake2b(text.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"


def _ascii_url(url: str) -> str:
    if url.isascii() and url.isprintable() and " " not in url:
        return url
    try:
        parts = urlsplit(url)
        host, port = ascii_host(parts.hostname or ""), f":{parts.port}" if parts.port else ""
    except ValueError:
        return quote(url, safe=_URL_SAFE)
    path, query = quote(parts.path, safe=_URL_SAFE), quote(parts.query, safe=_URL_SAFE)
    return urlunsplit(
        (parts.scheme, host + port, path, query, quote(parts.fragment, safe=_URL_SAFE))
    )
