"""One table of a TOML file, read key by key: each fault is reported at its line, unknown keys too.

`tomllib` gives no positions; keys are found again in the text, which is exact for all but keys
inside inline tables and multi-line text (those are reported at the line of what holds them).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from orchestrator.domain.errors import Problem, in_one_line
from orchestrator.domain.suggestion import did_you_mean

Keys = tuple[str, ...]

_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)


def locate_keys(text: str) -> dict[Keys, tuple[int, int]]:
    """The line and column of each table and key of a TOML text, by its path."""
    found: dict[Keys, tuple[int, int]] = {}
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _HEADER.match(line):
            table = _split(match[1])
            found.setdefault(table, (number, match.start(1) + 1))
        elif match := _KEY.match(line):
            found.setdefault((*table, *_split(match[1])), (number, match.start(1) + 1))
    return found


def _split(dotted: str) -> Keys:
    return tuple(part.strip().strip("'\"") for part in dotted.split("."))


def _paths(data: Mapping[str, Any]) -> Iterator[Keys]:
    for key, value in data.items():
        yield (key,)
        if isinstance(value, dict):
            yield from ((key, *rest) for rest in _paths(value))


def has_port(url: str) -> bool:
    """Whether host and port of a URL can be told apart; half of an IPv6 address, or a port in
    words, cannot.
    """
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


class Table:
    """A table under reading. Whatever has been asked for is known; `refuse_unknown` reports the
    rest.
    """

    def __init__(
        self,
        file: str,
        data: Mapping[str, Any],
        positions: Mapping[Keys, tuple[int, int]],
        path: Keys = (),
        above: Table | None = None,
    ) -> None:
        self._file, self._data, self._positions, self._path = file, data, positions, path
        self.problems: list[Problem] = above.problems if above else []
        self._faulty: set[Keys] = above._faulty if above else set()  # said once is enough
        self._known: set[str] = set()
        self._inner: dict[str, Table] = {}

    def paths(self) -> Iterator[Keys]:
        """The path of every key that is written, here and below."""
        return _paths(self._data)

    def written(self, key: str) -> Any:
        """What is written, unread; None when nothing is."""
        return self._data.get(key)

    def read(self, key: str) -> Any:
        """What is written; the key counts as known."""
        self._known.add(key)
        return self._data.get(key)

    def error(self, key: str, message: str) -> None:
        """Reports a fault at a key, or at what holds it."""
        self.error_at((key,), message)

    def error_at(self, inside: Keys, message: str) -> None:
        """Reports a fault at a path inside this table, or at what holds it."""
        path = (*self._path, *inside)
        self._faulty.add(path)
        while path and path not in self._positions:
            path = path[:-1]
        line, column = self._positions.get(path, (1, 1))
        self.problems.append(Problem(self._file, line, column, in_one_line(message)))

    def table(self, key: str, example: str = "") -> Table:
        """The table below a key; an empty one when it is missing or no table (then reported, with
        an example).
        """
        if key not in self._inner:
            data = self.read(key)
            if data is not None and not isinstance(data, dict):
                self.error(
                    key, f"`{key}` must be a table{f', such as {example}' if example else ''}"
                )
            inner = data if isinstance(data, dict) else {}
            self._inner[key] = Table(self._file, inner, self._positions, (*self._path, key), self)
        return self._inner[key]

    def text(self, key: str, default: str) -> str:
        """A text."""
        value = self.read(key)
        if value is None or isinstance(value, str):
            return default if value is None else value
        self.error(key, f"`{key}` must be text: put it between quotes")
        return default

    def matching(self, key: str, pattern: str, example: str, default: str) -> str:
        """A text of a certain form; `example` says which."""
        value = self.text(key, default)
        if value != default and not re.fullmatch(pattern, value):
            self.error(key, f"`{key}` must be {example}")
            return default
        return value

    def url(self, key: str, default: str) -> str:
        """An address of the web, without a slash at its end."""
        example = "an address such as https://shop.example"
        url = self.matching(key, r"https?://[^\s/\x00-\x1f]+\S*|", example, default).rstrip("/")
        if has_port(url) and (not url or urlsplit(url).hostname):
            return url
        self.error(key, f"`{key}` must be {example}")
        return default

    def choice(self, key: str, words: tuple[str, ...], default: str) -> str:
        """One of a few words."""
        value = self.text(key, default)
        if value not in words:
            self.error(key, f"`{key}` must be {' or '.join(words)}{did_you_mean(value, words)}")
            return default
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.read(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.error(key, f"`{key}` must be true or false, without quotes")
        return default

    def texts(self, key: str) -> list[str]:
        """A list of texts; one alone counts as a list."""
        value = self.read(key)
        items = [] if value is None else value if isinstance(value, list) else [value]
        if all(isinstance(item, str) for item in items):
            return items
        self.error(key, f"`{key}` must be a list of texts between quotes")
        return []

    def texts_by_key(self, key: str, default: Mapping[str, str]) -> Mapping[str, str]:
        """A table of texts with free keys."""
        if key not in self._data:
            self._known.add(key)
            return default
        inner = self.table(key)
        return {name: inner.text(name, "") for name in inner._data}

    def refuse_unknown(self) -> None:
        """Reports every key that nobody asked for, here and below."""
        for key in self._data:
            if key not in self._known and (*self._path, key) not in self._faulty:
                hint = (
                    did_you_mean(key, self._known) or f" (known: {', '.join(sorted(self._known))})"
                )
                self.error(key, f"unknown key '{key}'{hint}")
        for inner in self._inner.values():
            inner.refuse_unknown()
