"""A Maildir: every message becomes a file that one can look at. The default for e-mail and SMS.

The file's name derives from the message's id, so delivering a message twice leaves one file. A file
appears whole or not at all (written in tmp/, renamed into new/), and is not forced to the disk one
by one: what was accepted survives a crash of the process, not a loss of power. Its modification
time is the instant of the clock that dated it and orders the pages.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from heapq import nlargest
from pathlib import Path

from channels.acceptance import EVERYTHING, check
from channels.channel_settings import ChannelSettings
from channels.delivery import Answer, in_turn
from channels.mime import compose
from orchestrator.domain.channel import UNWATCHED, Feature, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage

_NUMBERS_DOMAIN = "sms.invalid"  # RFC 2606: in an e-mail's header a number needs a domain
_NOBODY = "nobody@mailbox.invalid"  # the From address before one is configured


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it lies in the mailbox. `headers` are all of its headers, decoded; `at` has
    whole seconds.
    """

    message_id: str
    medium: Medium
    at: datetime
    to: str  # an e-mail address, or a number
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    journey: str
    step: str
    template: str


def open_adapter(medium: Medium, settings: ChannelSettings) -> MailboxChannel:
    """Opens the Maildir `mailbox` in the installation's `var_dir`, and makes it if need be."""
    return MailboxChannel(medium, settings.var_dir / "mailbox", settings)


class MailboxChannel:
    """Files messages in a Maildir; asked later, it knows which ones arrived."""

    name = "mailbox"

    def __init__(self, medium: Medium, root: Path, settings: ChannelSettings) -> None:
        self.medium = medium
        self.supports = EVERYTHING if medium.spec.is_mail else frozenset({Feature.VALIDITY})
        self._settings = settings
        self._root = root
        self._tmp, self._new = str(root / "tmp"), str(root / "new")
        self._seen: frozenset[str] = frozenset()
        try:
            for folder in ("tmp", "new", "cur"):
                (root / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ChannelMisconfigured(
                f"the mailbox {root} cannot be made ({type(error).__name__})"
            ) from error

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[Answer]:
        """Files the messages in order; see the port."""
        self._seen = frozenset(name.partition(":")[0] for name in os.listdir(self._root / "cur"))
        return in_turn(messages, deadline_s, self._prepare, self._file, wire)

    def reopen(self) -> MailboxChannel:
        """The same channel, for another process."""
        return MailboxChannel(self.medium, self._root, self._settings)

    def close(self) -> None:
        """Nothing to end: no file stays open."""

    def look_up(self, message_id: str) -> bool:
        """Whether the message arrived; a Maildir always knows."""
        return _find(self._root, message_id) is not None

    def _prepare(self, message: RenderedMessage) -> tuple[datetime, bytes]:
        check(message, self.medium, self.supports)
        at = self._settings.clock()
        own = [
            ("X-Parcours-Medium", message.medium.value),
            ("X-Parcours-Message-Id", message.message_id),
        ]
        places = (
            ("Journey", message.journey),
            ("Step", message.step),
            ("Template", message.template),
        )
        own += [(f"X-Parcours-{name}", value) for name, value in places if value]
        if message.medium.spec.by_number:
            sender = (
                f"sms@{_NUMBERS_DOMAIN}",
                message.sender or message.sender_name or self._settings.from_name,
            )
            message = replace(message, to=f"{message.to}@{_NUMBERS_DOMAIN}")
        else:
            address, name = self._settings.sender_of(message)
            sender = address or _NOBODY, name
        return at, compose(message, sender, at, own)

    def _file(self, message: RenderedMessage, mail: tuple[datetime, bytes]) -> SendOutcome:
        at, data = mail
        name = message.message_id
        if name not in self._seen:
            try:
                self._write(name, at, data)
            except OSError as error:
                return SendOutcome(
                    OutcomeKind.UNAVAILABLE,
                    reason=f"the mailbox cannot be written: {error.strerror}",
                )
        return SendOutcome(OutcomeKind.ACCEPTED, provider_id=message.message_id)

    def _write(self, name: str, at: datetime, data: bytes) -> None:
        part = f"{self._tmp}/{name}.{os.getpid()}"
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb", buffering=0) as file:
            file.write(data)
        instant_ns = int(at.timestamp() * 1e9)
        os.utime(part, ns=(instant_ns, instant_ns))
        os.rename(part, f"{self._new}/{name}")


def read_messages(root: Path, limit: int, before: str = "") -> list[StoredMessage]:
    """The newest messages of a mailbox, newest first; `before` is the id of the last message of the
    page before.

    Lists every file but opens `limit` of them.
    """
    files = [(entry.stat().st_mtime_ns, entry.name, entry.path) for entry in _entries(root)]
    last = _find(root, before) if before else None
    if last is not None:
        end = (last.stat().st_mtime_ns, last.name)
        files = [file for file in files if file[:2] < end]
    return [_read(path) for _, _, path in nlargest(limit, files)]


def read_message(root: Path, message_id: str) -> StoredMessage | None:
    """One message of a mailbox; None when it never arrived."""
    path = _find(root, message_id)
    return _read(str(path)) if path else None


def find_files(root: Path) -> dict[str, str]:
    """The path of every message in a mailbox, by the message's id."""
    return {entry.name.partition(":")[0]: entry.path for entry in _entries(root)}


def _entries(root: Path) -> Iterator[os.DirEntry[str]]:
    for folder in ("new", "cur"):
        with (
            contextlib.suppress(FileNotFoundError),
            os.scandir(root / folder) as entries,
        ):  # nothing was sent yet
            yield from entries


def _find(root: Path, message_id: str) -> Path | None:
    # A mail program moves what it has shown into cur/ and appends flags: "name:2,S".
    named = (entry for entry in _entries(root) if entry.name.partition(":")[0] == message_id)
    return next((Path(entry.path) for entry in named), None)


def read_file(path: str) -> StoredMessage:
    """The message in a file, also in one that somebody else put into the folder; raises OSError."""
    return _read(path)


def _read(path: str) -> StoredMessage:
    with open(path, "rb") as file:
        mail = message_from_bytes(file.read())
        written_at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
    headers = tuple((name, _decoded(str(value))) for name, value in mail.items())
    first = {name.lower(): value for name, value in reversed(headers)}
    medium = first.get("x-parcours-medium", "")
    return StoredMessage(
        message_id=first.get("x-parcours-message-id", Path(path).name.partition(":")[0]),
        medium=Medium(medium) if medium in list(Medium) else Medium.EMAIL,
        at=_date(first.get("date", "")) or written_at,
        to=parseaddr(first.get("to", ""))[1].removesuffix(f"@{_NUMBERS_DOMAIN}"),
        subject=first.get("subject", ""),
        text=_content(mail, "text/plain"),
        html=_content(mail, "text/html"),
        headers=headers,
        journey=first.get("x-parcours-journey", ""),
        step=first.get("x-parcours-step", ""),
        template=first.get("x-parcours-template", ""),
    )


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at
    except (ValueError, OverflowError):
        return None


def _decoded(value: str) -> str:
    line = value.replace("\r\n", "").replace("\n", "")
    try:
        text = str(make_header(decode_header(line)))
    except (
        HeaderParseError,
        LookupError,
        UnicodeError,
        ValueError,
    ):  # an unknown charset, or none at all
        text = line
    return text.encode(errors="replace").decode()  # bytes beyond ASCII come as lone surrogates


def _content(mail: Message, content_type: str) -> str:
    for part in mail.walk():
        if part.get_content_type() == content_type:
            content = part.get_payload(decode=True)
            return (
                content.decode("utf-8", "replace").replace("\r\n", "\n")
                if isinstance(content, bytes)
                else ""
            )
    return ""
