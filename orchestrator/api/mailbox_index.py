"""The messages of a Maildir as the mailbox page lists and searches them; each file is read once,
when first needed.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from pathlib import Path

from channels.mailbox import StoredMessage, find_files, read_file
from orchestrator.domain.medium import Medium

_HIDDEN = re.compile(r"<div[^>]*display:\s*none[^>]*>(.*?)</div>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_PADDING = re.compile(
    "[\u034f\u200b-\u200f\u2060\ufeff\u00ad]"
)  # what pushes the text behind a preheader out of sight
_SPACES = re.compile(r"\s+")
_SPACES_OF_SIGNS = re.compile(r" (?=[%€!?;:»])|(?<=«) ")  # French sets them, English does not
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "’": "'", "‘": "'"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One message in the list. `searched` is what search looks at, folded."""

    message_id: str
    medium: Medium
    at: datetime
    to: str
    headline: str  # the subject; of a text message, its text
    preheader: str
    path: str  # journey, step and template, each name once
    searched: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the mailbox. `older` is the id to continue after, "" at the end; `complete`:
    nothing was left out.
    """

    messages: list[Entry]
    older: str
    complete: bool = True


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """Where a message stands: the oldest first."""

    instant_ns: int
    message_id: str


class MailboxIndex:
    """Knows which messages there are, and what it has read of them. Safe between threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._paths: dict[str, str] = {}
        self._places: dict[str, _Place] = {}
        self._order: list[_Place] = []
        self._entries: dict[str, Entry] = {}

    @property
    def mark(self) -> str:
        """Changes when messages come or go."""
        with self._lock:
            self._look()
            return f"{len(self._order)}-{self._order[-1].message_id}" if self._order else "0"

    def list_page(self, size: int, before: str = "") -> Listing:
        """The newest messages, from the one after `before`."""
        with self._lock:
            self._look()
            found: list[Entry] = []
            for entry in self._walk(before):
                if len(found) == size:
                    return Listing(found, found[-1].message_id)
                found.append(entry)
            return Listing(found, "")

    def search(self, query: str, size: int, read_max: int, before: str = "") -> Listing:
        """The newest messages that hold a text; opens at most `read_max` files that were never
        read.
        """
        wanted = fold(query)
        with self._lock:
            self._look()
            read_before, found, last = len(self._entries), list[Entry](), ""
            for entry in self._walk(before):
                if len(found) == size:
                    return Listing(found, found[-1].message_id)
                if wanted in entry.searched:
                    found.append(entry)
                last = entry.message_id
                if len(self._entries) - read_before >= read_max:
                    return Listing(found, last, complete=False)
            return Listing(found, "")

    def neighbours(self, message_id: str) -> tuple[str, str]:
        """The ids of the next newer and the next older message; "" where there is none."""
        with self._lock:
            self._look()
            place = self._places.get(message_id)
            if place is None:
                return "", ""
            at, order = bisect_left(self._order, place), self._order
            newer = order[at + 1].message_id if at + 1 < len(order) else ""
            return newer, order[at - 1].message_id if at else ""

    def _look(self) -> None:
        """Finds out what came and what went."""
        self._paths = find_files(self._root)
        gone, new = (
            self._places.keys() - self._paths.keys(),
            self._paths.keys() - self._places.keys(),
        )
        for message_id in gone:
            del self._places[message_id]
            self._entries.pop(message_id, None)
        for message_id in new:
            try:
                instant_ns = Path(self._paths[message_id]).stat().st_mtime_ns
            except OSError:  # moved just now: it is found at the next look
                continue
            self._places[message_id] = _Place(instant_ns, message_id)
        if gone or new:
            self._order = sorted(self._places.values())

    def _walk(self, before: str) -> Iterator[Entry]:
        place = self._places.get(before)
        end = len(self._order) if place is None else bisect_left(self._order, place)
        for one in reversed(self._order[:end]):
            entry = self._entries.get(one.message_id) or self._read(one.message_id)
            if entry is not None:
                yield entry

    def _read(self, message_id: str) -> Entry | None:
        try:
            entry = describe(read_file(self._paths[message_id]), message_id)
        except OSError:  # a folder, or gone by now
            return None
        self._entries[message_id] = entry
        return entry


def describe(message: StoredMessage, message_id: str) -> Entry:
    """What the list shows of a message, and what search finds it by."""
    headline = message.subject if message.medium.spec.is_mail else message.text
    preheader = find_preheader(message.html)
    words = [message.to, headline, preheader, message.journey, message.step, message.template]
    return Entry(
        message_id,
        message.medium,
        message.at,
        message.to,
        headline,
        preheader,
        tell_path(message.journey, message.step, message.template),
        fold("\n".join([*words, message.medium.spec.search_words])),
    )


def tell_path(*names: str) -> str:
    """Journey, step and template in one line; a step mostly has the name of its template, which is
    told once.
    """
    return " · ".join(dict.fromkeys(name for name in names if name))


def find_preheader(html: str) -> str:
    """The hidden text that mail programs show beside the subject; "" when there is none."""
    hidden = _HIDDEN.search(html)
    return (
        _SPACES.sub(" ", _PADDING.sub("", unescape(_TAG.sub("", hidden[1])))).strip()
        if hidden
        else ""
    )


def fold(text: str) -> str:
    """A text without what people do not type: capitals, accents, kinds of space and of
    apostrophe.
    """
    plain = unicodedata.normalize("NFKD", _PADDING.sub("", text)).casefold().translate(_LETTERS)
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    return _SPACES_OF_SIGNS.sub("", _SPACES.sub(" ", bare)).strip()
