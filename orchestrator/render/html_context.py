"""Where in HTML a template tag stands, and what is wrong with HTML that a compiler of mails cannot
read.
"""

from __future__ import annotations

import re

from orchestrator.domain.phrase import Phrase, say

_OPENING = re.compile(r"<!--|<(/?)([a-zA-Z][\w:-]*)|<[!?]|<$")
_IN_TAG = re.compile(r"[\"'>]")
_RAW = frozenset(
    {"title", "textarea", "style", "script"}
)  # what stands in them is text, a comment too

_PARTS = re.compile(
    r"<!--.*?-->|<(/?)([a-zA-Z][\w:-]*)((?:\"[^\"]*\"|'[^']*'|[^<>\"'])*)>|<[!?][^>]*>|<", re.DOTALL
)
_BARE_VALUE = re.compile(r"\s([\w:-]+)\s*=\s*(?![\"'\s])")
_EMPTY = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "mj-image",
        "mj-spacer",
        "mj-divider",
    ]
)


class HtmlContext:
    """Walks over pieces of HTML, and knows between them whether a comment could stand here.

    Inside an element's tag, another comment, a title, a style or a field of text it could not.
    """

    def __init__(self) -> None:
        # what ends the context: "" in text, ">" in a tag, a quote, "-->", "</title" …
        self._ends = ""
        self._raw = ""  # the element of mere text that the tag under way opens

    @property
    def takes_comments(self) -> bool:
        """Whether a comment here would be one."""
        return not self._ends

    def read(self, html: str) -> None:
        """Goes on over literal text."""
        position = 0
        while position < len(html):
            position = (
                self._read_text(html, position)
                if not self._ends
                else self._read_to_end(html, position)
            )

    def _read_text(self, html: str, position: int) -> int:
        match = _OPENING.search(html, position)
        if match is None:
            return len(html)
        self._ends = "-->" if match[0] == "<!--" else ">"
        name = (match[2] or "").lower()
        self._raw = name if name in _RAW and not match[1] else ""
        return match.end()

    def _read_to_end(self, html: str, position: int) -> int:
        if self._ends == ">":
            return self._read_in_tag(html, position)
        found = html.lower().find(self._ends, position)
        if found < 0:
            return len(html)
        end = found + len(self._ends)
        self._ends = ">" if self._ends[0] in "\"'" or self._ends.startswith("</") else ""
        return end

    def _read_in_tag(self, html: str, position: int) -> int:
        match = _IN_TAG.search(html, position)
        if match is None:
            return len(html)
        if match[0] == ">":
            self._ends, self._raw = (f"</{self._raw}" if self._raw else ""), ""
        else:
            self._ends = match[0]
        return match.end()


def find_html_fault(html: str) -> tuple[int, Phrase] | None:
    """The position of the first thing that is no HTML in the source of a mail, and what it is; None
    for nothing.
    """
    opened: list[tuple[str, int]] = []
    for match in _PARTS.finditer(html):
        closing, name, attributes = match[1], match[2], match[3] or ""
        if match[0] == "<":
            sign = html[match.start() : match.start() + 2].strip()
            return match.start(), say(
                "`{sign}` begins no element: write `&lt;` for the sign <", sign=sign
            )
        if name is None:
            continue
        if bare := _BARE_VALUE.search(attributes):
            return match.start(), say(
                "<{name}>: the value of `{bare}` must stand between quotes", name=name, bare=bare[1]
            )
        if closing:
            if fault := _close(name, match.start(), opened):
                return fault
        elif name.lower() not in _EMPTY and not attributes.rstrip().endswith("/"):
            opened.append((name, match.start()))
    return _unclosed(*opened[-1]) if opened else None


def _close(name: str, position: int, opened: list[tuple[str, int]]) -> tuple[int, Phrase] | None:
    if not opened:
        return position, say("</{name}> closes nothing", name=name)
    top, begun = opened.pop()
    if top.lower() == name.lower():
        return None
    known = any(other.lower() == name.lower() for other, _ in opened)
    return (
        _unclosed(top, begun)
        if known
        else (position, say("</{name}> closes nothing: <{top}> is still open", name=name, top=top))
    )


def _unclosed(name: str, position: int) -> tuple[int, Phrase]:
    return position, say("<{name}> is not closed: write </{name}> where it ends", name=name)
