"""YAML 1.2 text to plain data, with the line and column of every key and value.

The core schema of YAML 1.2.2 (chapter 10.3) decides what a plain word is: `NO`, `10:00` and
`2026-11-27` are text. Tags are refused, aliases are bounded, and no object is ever built from the
text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.documents.document import Document, Path, Position
from orchestrator.documents.yaml_events import (
    Event,
    Unusual,
    is_alias,
    is_scalar,
    is_sequence,
    read_quickly,
)
from orchestrator.domain.errors import Problem
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.values import INTEGER_MAX

BYTES_MAX = 200_000
NODES_MAX = 100_000  # aliases of aliases multiply: a few lines could stand for billions of nodes
DEPTH_MAX = 60

_DIRECTIVE = re.compile(
    r"(?:[ \t]*(?:#[^\n]*)?\n)*%"
)  # only blank lines and comments may stand before one
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_HALF = re.compile("[\ud800-\udfff]")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


class NotReadable(Exception):
    """The text is no YAML that a project may hold; carries where and why."""

    def __init__(self, position: Position, message: Phrase) -> None:
        self.position = position
        self.message = message
        super().__init__(message)


#: A document, and the problems of its form.
Read = tuple[Document, list[Problem]]


def read_yaml(text: str, file: str) -> Read:
    """The document of a text and the problems of its form; with a syntax error the data is None."""
    return _read_what_is_usual(text, file) or read_anything(text, file)


def _read_what_is_usual(text: str, file: str) -> Read | None:
    """None where anything is wrong or unusual: a lone text, a key that is not written."""
    composer = _Composer(Document(file, text, None), read_quickly)
    try:
        read = composer.compose()
    except (NotReadable, Unusual):
        return None
    is_sure = isinstance(read.data, dict | list) and not any("" in path for path in read.keys)
    return (read, []) if is_sure and not composer.problems else None


def read_anything(text: str, file: str) -> Read:
    """The same as `read_yaml`, by the careful reader alone."""
    # a megabyte of the processes that run on, which usual files need not
    from orchestrator.documents import yaml_careful

    document = Document(file, text, None)
    composer = _Composer(document, yaml_careful.read_carefully)
    try:
        return composer.compose(), composer.problems
    except NotReadable as fault:
        return document, [Problem(file, *fault.position, fault.message)]
    except yaml_careful.FAULTS as fault:
        return document, [yaml_careful.problem_of(document, fault)]


@dataclass(slots=True)
class _Composer:
    document: Document
    read_events: Callable[[str], Iterator[Event]]
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0
    anchors: dict[str, list[Event]] = field(
        default_factory=dict
    )  # the events of an anchored node, replayed by alias

    def compose(self) -> Document:
        if len(self.document.text.encode(errors="replace")) > BYTES_MAX:
            raise NotReadable(
                (1, 1), say("the file is larger than {size} kB", size=BYTES_MAX // 1000)
            )
        if directive := _DIRECTIVE.match(self.document.text):
            line = self.document.text.count("\n", 0, directive.end()) + 1
            raise NotReadable(
                (line, 1), say("directives such as '%YAML' are not accepted: remove this line")
            )
        stream = _Stream(self._read_events())
        return self.document if stream.done else replace(self.document, data=self._whole(stream))

    def _whole(self, stream: _Stream) -> Any:
        data = self._node(stream, (), 0)
        if not stream.done:
            raise NotReadable(
                _start(stream.next()),
                say("one file holds one document: remove the line '---' before this"),
            )
        return data

    def _read_events(self) -> list[Event]:
        """Stops where it is nested too deeply: the scanner's time grows with the square of what is
        open.
        """
        events, depth = [], 0
        for event in self.read_events(self.document.text):
            events.append(event)
            kind = type(event).__name__
            depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
            if depth > DEPTH_MAX + 1:
                raise NotReadable(
                    _start(event), say("this is nested too deeply or repeated too often by aliases")
                )
        return events

    def _node(self, stream: _Stream, path: Path, depth: int) -> Any:
        first = stream.position
        event = stream.next()
        self.nodes += 1
        if self.nodes > NODES_MAX or depth > DEPTH_MAX:
            raise NotReadable(
                _start(event), say("this is nested too deeply or repeated too often by aliases")
            )
        self.document.values.setdefault(path, _start(event))
        if is_alias(event):
            return self._alias(event, path, depth)
        if event.tag is not None and event.tag != "!":
            raise NotReadable(
                _start(event), say("tags such as '!x' are not accepted: write plain text")
            )
        data = self._content(event, stream, path, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = stream.events[first : stream.position]
        return data

    def _content(self, event: Event, stream: _Stream, path: Path, depth: int) -> Any:
        if is_scalar(event):
            return self._scalar(event, path)
        if is_sequence(event):
            return self._sequence(stream, path, depth)
        return self._mapping(stream, path, depth)

    def _alias(self, event: Event, path: Path, depth: int) -> Any:
        replayed = self.anchors.get(event.anchor)
        if replayed is None:
            raise NotReadable(
                _start(event),
                say("the alias '*{anchor}' has no '&{anchor}' before it", anchor=event.anchor),
            )
        return self._node(_Stream(replayed), path, depth + 1)

    def _scalar(self, event: Event, path: Path) -> Any:
        text = self._text(event)
        if _is_missing(event):
            return None
        if event.style in (None, "") and event.tag is None:
            self._mark_exact(event, path, text)
            value = resolve_plain(text)
            if isinstance(value, int | float) and not abs(value) < INTEGER_MAX:
                self._report(
                    event,
                    say("this number is too large; put it between quotes if it is a name or an id"),
                )
            return value
        if event.style in ("'", '"'):
            self._mark_exact(event, path, text, quoted=1)
        return text

    def _text(self, event: Event) -> str:
        """The text of a scalar; half of a character (`"\\ud83d"`) could be neither stored nor
        sent.
        """
        text = str(event.value)
        if _HALF.search(text):
            self._report(
                event,
                say(
                    "half of a character stands here (an emoji written in two parts): "
                    "write it whole"
                ),
            )
            return _HALF.sub("\N{REPLACEMENT CHARACTER}", text)
        return text

    def _mark_exact(self, event: Event, path: Path, text: str, quoted: int = 0) -> None:
        if (
            event.end_mark.index - event.start_mark.index == len(text) + 2 * quoted
            and "\n" not in text
        ):
            line, column = _start(event)
            self.document.values[path] = line, column + quoted
            self.document.exact.add(path)

    def _sequence(self, stream: _Stream, path: Path, depth: int) -> list[Any]:
        items: list[Any] = []
        while not stream.at_end_of_collection():
            items.append(self._node(stream, (*path, len(items)), depth + 1))
        stream.next()
        return items

    def _mapping(self, stream: _Stream, path: Path, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not stream.at_end_of_collection():
            key_event = stream.next()
            key = self._key(key_event)
            if key in mapping:
                first = self.document.keys[(*path, key)][0]
                self._report(
                    key_event,
                    say("the key '{key}' is already there, in line {first}", key=key, first=first),
                )
                self._node(stream, (*path, say("{key} (again)", key=key)), depth + 1)
                continue
            self.document.keys.setdefault((*path, key), _start(key_event))
            if _is_missing(stream.following):
                self.document.values.setdefault((*path, key), _behind(key_event))
            mapping[key] = self._node(stream, (*path, key), depth + 1)
        stream.next()
        return mapping

    def _key(self, event: Event) -> str:
        if is_alias(event) or not is_scalar(event):
            raise NotReadable(
                _start(event),
                say("a key must be a word; text that begins with '{' or '[' stands between quotes"),
            )
        if event.tag is not None and event.tag != "!":
            raise NotReadable(
                _start(event), say("tags such as '!x' are not accepted: write plain text")
            )
        if event.value == "<<" and event.style in (None, ""):
            raise NotReadable(
                _start(event), say("merge keys ('<<') are not part of YAML 1.2: write the keys out")
            )
        key = self._text(event)
        if not key.isprintable():
            self._report(
                event, say("a character that cannot be seen stands in this key: write it anew")
            )
        return key

    def _report(self, event: Event, message: Phrase) -> None:
        self.problems.append(Problem(self.document.file, *_start(event), message))


class _Stream:
    """Events with a place in them."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.position = 0

    @property
    def done(self) -> bool:
        return self.position >= len(self.events)

    def next(self) -> Event:
        event = self.events[self.position]
        self.position += 1
        return event

    @property
    def following(self) -> Event:
        return self.events[self.position]

    def at_end_of_collection(self) -> bool:
        return type(self.following).__name__ in ("MappingEndEvent", "SequenceEndEvent")


def _start(event: Event) -> Position:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _is_missing(event: Event) -> bool:
    """Whether nothing is written where a value may stand: `key:`."""
    is_plain = is_scalar(event) and event.style in (None, "")
    return is_plain and not event.value and event.tag is None


def _behind(key: Event) -> Position:
    """Where a value would stand that is missing: each reader has an idea of its own, often that of
    the next key."""
    return key.end_mark.line + 1, key.end_mark.column + 2


def resolve_plain(text: str) -> Any:
    """The value of an unquoted word by the core schema of YAML 1.2: null, boolean, number or the
    text itself.
    """
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if (
        len(text) > 300
    ):  # Python refuses to read integers of more than 4300 digits; nobody writes them
        return text
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
