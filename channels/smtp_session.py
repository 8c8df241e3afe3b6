"""A conversation with an SMTP server in which no reply is taken for another (RFC 5321 §4.2).

The standard library reads what a server says leniently, and byte by byte for as long as it likes.
Here a reply is well formed or the conversation is over; it has an end, in time and in size; and
nothing is said while there are words of the server that nobody asked for: the next reply would be
read as the answer to another command.
"""

from __future__ import annotations

import contextlib
import functools
import re
import smtplib
import ssl
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from channels.connection import Connection

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
_LINE_BYTES_MAX = 4096  # the RFC allows 512
_REPLY_BYTES_MAX = 64 * 1024
_LAST_WORDS_S = 1.0


class NotSmtp(smtplib.SMTPServerDisconnected):
    """What came is no reply; the conversation is over."""


class SmtpSession(smtplib.SMTP):
    """One connection; commands, EHLO and AUTH are the standard library's, what is sent and read is
    not.

    Each reply may take `reply_s`. A lost connection is an SMTPServerDisconnected, whatever the
    cause.
    """

    def __init__(self, connection: Connection, reply_s: float) -> None:
        super().__init__(local_hostname=_own_name())
        self._connection = connection
        self._reply_s = reply_s
        self._unread = b""

    def greet(self) -> None:
        """Reads the greeting and introduces us; raises SMTPException."""
        code, text = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        self.ehlo_or_helo_if_needed()

    def secure(self, context: ssl.SSLContext, host: str, until_s: float) -> None:
        """Goes on under TLS and introduces us anew; raises SMTPException, OSError."""
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("the server has no STARTTLS")
        code, text = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, text)
        if self._unread:  # said in clear, to be read as if it had come under TLS (CVE-2011-0411)
            raise NotSmtp("words behind the answer to STARTTLS")
        self._connection.start_tls(context, host, until_s)
        self.ehlo_resp = self.helo_resp = None
        self.esmtp_features, self.does_esmtp = {}, False
        self.ehlo_or_helo_if_needed()

    def send(self, s: ReadableBuffer | str) -> None:
        """Says something, if the server has not spoken out of turn."""
        data = s.encode("ascii") if isinstance(s, str) else bytes(s)
        if not self.is_quiet():
            raise NotSmtp("the server spoke out of turn, or has left")
        self.put(data)

    def put_commands(self, commands: Sequence[str]) -> None:
        """Says several commands at once; raises SMTPException."""
        if any("\r" in command or "\n" in command for command in commands):
            raise ValueError("a command is one line")
        self.send("".join(f"{command}\r\n" for command in commands))

    def put(self, data: bytes, *, more: bool = False) -> None:
        """Hands bytes to the system; when this fails, the last of them did not leave."""
        try:
            self._connection.send(data, time.monotonic() + self._reply_s, more=more)
        except OSError as error:
            raise smtplib.SMTPServerDisconnected(type(error).__name__) from None

    @property
    def idle_s(self) -> float:
        """For how long nothing was said."""
        return self._connection.idle_s

    def is_quiet(self) -> bool:
        """Whether the server is there and has said nothing that was not read."""
        return not self._unread and self._connection.is_quiet()

    def getreply(self) -> tuple[int, bytes]:
        """The reply to the last command; raises SMTPServerDisconnected, NotSmtp."""
        return self.read_reply(self._reply_s)

    def read_reply(self, within_s: float) -> tuple[int, bytes]:
        """A whole reply, all its lines under one code."""
        until_s, code, texts, size = time.monotonic() + within_s, b"", list[bytes](), 0
        while size <= _REPLY_BYTES_MAX:
            line = self._read_line(until_s)
            found = _LINE.fullmatch(line)
            if not found or code not in (b"", found[1]):
                break
            code, size = found[1], size + len(line)
            texts.append((found[3] or b"").strip())
            if found[2] != b"-":
                return int(code), b"\n".join(texts)
        self.close()
        raise NotSmtp("an answer that is not SMTP")

    def last_words(self) -> tuple[int, bytes] | None:
        """The refusal of a server that did not wait for the end of a message; None when it left
        without one.
        """
        with contextlib.suppress(smtplib.SMTPException):
            code, text = self.read_reply(_LAST_WORDS_S)
            return (code, text) if code >= 400 else None
        return None

    def say_goodbye(self, within_s: float) -> None:
        """QUIT, if the server still listens."""
        with contextlib.suppress(smtplib.SMTPException):
            self.putcmd("QUIT")
            self.read_reply(within_s)
        self.close()

    def close(self) -> None:
        """Lets go of the connection."""
        self._connection.close()

    def _read_line(self, until_s: float) -> bytes:
        while b"\n" not in self._unread and len(self._unread) <= _LINE_BYTES_MAX:
            try:
                data = self._connection.receive(until_s)
            except OSError as error:
                self.close()
                raise smtplib.SMTPServerDisconnected(type(error).__name__) from None
            if not data:
                self.close()
                raise smtplib.SMTPServerDisconnected("the server has left")
            self._unread += data
        line, found, rest = self._unread.partition(b"\n")
        self._unread = rest if found else b""
        return line.removesuffix(b"\r") if found else b""


@functools.cache
def _own_name() -> str:
    """What we call ourselves; asking for it may take a look into the DNS, so once is enough."""
    return smtplib.SMTP().local_hostname
