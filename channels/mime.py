"""A rendered message as the bytes of an e-mail (RFC 5322, 2045, 2047), assembled by hand.

`email.message.EmailMessage` needs 2 ms for a mail of 8 kB and RFC 2047-encodes a long
List-Unsubscribe, which breaks the one-click unsubscribe of RFC 8058; the tests read every result
back with the standard library instead.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from channels.acceptance import MessageRefused, ascii_address, one_line, read_mailbox
from channels.headers import message_id, safe_value
from orchestrator.domain.message import RenderedMessage

#: RFC 5322 §2.1.1: no line may be longer, without its CRLF.
LINE_MAX = 998

#: RFC 2046 §5.1.1. A constant can be the boundary: neither quoted-printable nor base64 ever writes
#: "=_".
_FENCE = b"--=_parcours"
_MULTIPART = b'Content-Type: multipart/alternative; boundary="=_parcours"\r\n\r\n'
_READABLE_BYTES_MAX = 2000
_WORD_BYTES_MAX = 42  # 56 characters of base64 and 12 around them stay under the 75 of RFC 2047 §2


def compose(
    message: RenderedMessage,
    sender: tuple[str, str],
    date: datetime,
    extra: Iterable[tuple[str, str]] = (),
) -> bytes:
    """The complete e-mail with CRLF line ends, no line longer than 998 bytes, ASCII only.

    `sender` is (address, name); `extra` are headers after those of the message. Text comes before
    HTML. The message must have passed `acceptance.check`; raises MessageRefused for an address or a
    header that cannot be written.
    """
    lines = list(_address_headers(message, sender))
    lines.append(header("Subject", message.subject))
    lines.append(_date_line(date.replace(microsecond=0)))
    lines.append(header("Message-ID", message_id(message, ascii_address(sender[0]))))
    lines.append("MIME-Version: 1.0")
    lines.extend(
        _known_header(name, safe_value(name, value, message)) for name, value in message.headers
    )
    lines.extend(header(name, value) for name, value in extra)
    return "\r\n".join(lines).encode("ascii") + b"\r\n" + _body(message)


def header(name: str, value: str) -> str:
    """One header line, folded where it must be.

    List-* headers are never encoded (RFC 2047 words inside <…> make the unsubscribe link
    unreadable): they are refused when they do not fit as they are.
    """
    if name.lower().startswith("list-") or name.lower() == "message-id":
        return _never_encoded(name, value)
    if _is_plain(value) and len(name) + 2 + len(value) <= LINE_MAX:
        return f"{name}: {value}"
    return f"{name}: " + "\r\n ".join(encoded_words(value))


_known_header = lru_cache(maxsize=256)(header)  # most are the same in all mails of a step


@lru_cache(maxsize=4)
def _date_line(date: datetime) -> str:
    return f"Date: {format_datetime(date)}"


def header_text(name: str, value: str) -> str:
    """The value alone, for an API that writes the header itself: in ASCII, on one line."""
    if name.lower().startswith("list-") or _is_plain(value):
        return value
    return " ".join(encoded_words(value))


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and "=?" not in value and value == value.strip()


def encoded_words(text: str) -> Iterator[str]:
    """RFC 2047 words of at most 75 characters, none cutting a character in two."""
    chunk = bytearray()
    for character in text:
        encoded = character.encode("utf-8")
        if len(chunk) + len(encoded) > _WORD_BYTES_MAX:
            yield _word(chunk)
            chunk.clear()
        chunk += encoded
    yield _word(chunk)


def _word(chunk: bytearray) -> str:
    return f"=?utf-8?b?{binascii.b2a_base64(chunk, newline=False).decode('ascii')}?="


def _never_encoded(name: str, value: str) -> str:
    line = f"{name}: {value}"
    if len(line) > LINE_MAX:
        line = line.replace(", ", ",\r\n ")
    if (
        not (value.isascii() and value.isprintable())
        or max(map(len, line.split("\r\n"))) > LINE_MAX
    ):
        raise MessageRefused(
            f"the header {name} is too long or not in ASCII, and may not be encoded"
        )
    return line


def _address_headers(message: RenderedMessage, sender: tuple[str, str]) -> Iterator[str]:
    yield _known_mailbox("From", *sender)
    yield _mailbox("To", message.to, message.to_name)
    if message.reply_to:
        yield _known_mailbox("Reply-To", *read_mailbox(message.reply_to))


def _mailbox(header_name: str, address: str, name: str) -> str:
    address, name = ascii_address(address), one_line(name)
    if not name:
        return f"{header_name}: {address}"
    if _is_plain(name) and len(name) < 200:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'{header_name}: "{quoted}" <{address}>'
    return f"{header_name}: " + "\r\n ".join([*encoded_words(name), f"<{address}>"])


_known_mailbox = lru_cache(maxsize=64)(_mailbox)


def _body(message: RenderedMessage) -> bytes:
    if not (message.html and message.text):
        return _part("html" if message.html else "plain", message.html or message.text)
    return b"".join((
        _MULTIPART, _FENCE, b"\r\n", _part("plain", message.text),
        b"\r\n", _FENCE, b"\r\n", _part("html", message.html), b"\r\n", _FENCE, b"--\r\n",
    ))  # fmt: skip


def _part(subtype: str, text: str) -> bytes:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    data = text.encode("utf-8")
    # Quoted-printable stays readable, but takes 100 µs for 8 kB where base64 takes 20, and triples
    # what is not ASCII.
    if len(data) > _READABLE_BYTES_MAX or len(data) - len(text) > len(text) // 6:
        encoding, content = "base64", _base64_lines(data.replace(b"\n", b"\r\n"))
    else:
        encoding, content = "quoted-printable", _quoted_lines(data)
    head = (
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: "
        f"{encoding}\r\n\r\n"
    )
    return head.encode("ascii") + content


def _quoted_lines(data: bytes) -> bytes:
    content = binascii.b2a_qp(data, istext=True).replace(b"\n", b"\r\n")
    return (
        content if content.endswith(b"\r\n") else content + b"=\r\n"
    )  # a soft break: the text has none there


def _base64_lines(data: bytes) -> bytes:
    line = binascii.b2a_base64(data, newline=False)
    full = len(line) // 76
    lines = struct.unpack("76s" * full, line[: full * 76])  # a third of the time of slicing
    return b"\r\n".join([*lines, *filter(None, [line[full * 76 :]]), b""])
