"""The text part of a mail, out of its HTML: what is read, in order, with the address behind every
link.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_SKIPPED = frozenset({"head", "style", "script", "title"})
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "div", "footer", "header", "li", "ol", "section", "ul"}
)
_PARAGRAPHS = frozenset({"h1", "h2", "h3", "h4", "p", "table", "tr"})
_SPACES = re.compile(r"[ \t\r\n\f]+")  # not the non-breaking ones: they are meant
_LOOSE = " \t\u200a"  # MJML's spacers hold a hair space


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipping = 0
        self._links: list[tuple[str, int]] = []
        self._after_address = 0  # how many parts there were when an address had just been written

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _SKIPPED:
            self._skipping += 1
        elif tag == "a":
            self._part_from_address()
            self._links.append((values.get("href") or "", len(self.parts)))
        elif tag == "img":
            self.parts.append(values.get("alt") or "")
        elif tag == "hr":
            self.parts.append("\n\n---\n\n")
        else:
            self._break(tag)
        if tag == "li":
            self.parts.append("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipping = max(0, self._skipping - 1)
        elif tag == "a" and self._links:
            address, begin = self._links.pop()
            label = "".join(self.parts[begin:]).strip()
            if address and address != label:
                self.parts.append(f"{_joint(label)}{address}")
                self._after_address = len(self.parts)
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag != "br":  # written `<br />` it has broken the line at its start
            self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            if data[:1].isalnum():
                self._part_from_address()
            self.parts.append(_SPACES.sub(" ", data))

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """A `<![` that makes no sense is a comment, as in browsers; the standard library would fail
        an assertion.
        """
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def _part_from_address(self) -> None:
        """What follows an address at once would be read as its end."""
        if self.parts and self._after_address == len(self.parts):
            self.parts.append(" ")

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in _BLOCKS or tag == "br":
            self.parts.append("\n")


def _joint(label: str) -> str:
    """What stands between a link's words and its address."""
    if not label:
        return ""
    return "\n" if "\n" in label or label[-1] in ".!?:;" else ": "


def read_html(html: str) -> str:
    """The text of an HTML document; placeholders for template tags pass through like words."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    return tidy("".join(reader.parts))


def tidy(text: str) -> str:
    """Lines without loose spaces, at most one blank line between them."""
    first, *others = text.split("\n")  # a fourth of the time of expressions
    if others:
        last = others.pop().lstrip(_LOOSE)
        kept = [first.rstrip(_LOOSE)]
        for line in [*[one.strip(_LOOSE) for one in others], last]:
            if line or kept[-1]:
                kept.append(line)
        text = "\n".join(kept)
    return text.strip(" \t\n")
