"""Template files: front matter, and one flat source out of layouts, blocks and includes.

MJML can only be compiled whole, so inheritance is resolved here, in the text, before anything is compiled. Every piece
remembers the file and line it was written on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateSyntaxError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from orchestrator.domain.errors import Problem, TemplateFailed
from orchestrator.render.environment import TemplateEnvironment

DEPTH_MAX = 20  # layouts and includes inside one another; more is a circle

_TAG = re.compile(r"\{%[-+]?\s*(\w+)\s*(.*?)\s*[-+]?%\}", re.DOTALL)
_QUOTED = re.compile(r"""(["'])([^"']+)\1""")
_SUPER = re.compile(r"\{\{[-+]?\s*super\(\s*\)\s*[-+]?\}\}")
_FRONT = re.compile(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)


class TemplateBroken(TemplateFailed):
    """One fault in one template file; becomes a Problem of the project."""

    def __init__(self, file: str, line: int, message: str) -> None:
        self.problem = Problem(file, line, 1, message)
        super().__init__(str(self.problem))


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of literal text, or one whole Jinja2 tag."""

    text: str
    is_tag: bool
    file: str
    line: int

    @property
    def statement(self) -> tuple[str, str]:
        """The keyword and the rest of a `{% … %}`; two empty texts for anything else."""
        match = _TAG.fullmatch(self.text) if self.is_tag else None
        return (match[1], match[2]) if match else ("", "")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The values at the head of a file, and how many lines they take."""

    values: Mapping[str, str]
    lines: Mapping[str, int]  # key → the line its value starts on
    height: int


def split_front_matter(text: str, file: str) -> tuple[FrontMatter, str]:
    """The front matter and the body; raises TemplateBroken for anything but `subject` and `preheader` texts."""
    match = _FRONT.match(text)
    if match is None:
        return FrontMatter({}, {}, 0), text
    try:
        loaded: Any = YAML(typ="rt", pure=True).load(match[1] or "")
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        raise TemplateBroken(file, line, "the front matter is no YAML; put texts with ':' or '{{' in quotes") from error
    if not isinstance(loaded, CommentedMap):
        raise TemplateBroken(file, 2, "the front matter must be `subject: …` and `preheader: …`")
    lines = {key: loaded.lc.value(key)[0] + 2 for key in loaded}
    for key, value in loaded.items():
        if key not in ("subject", "preheader"):
            raise TemplateBroken(file, lines[key], f"front matter holds subject and preheader, not '{key}'")
        if not isinstance(value, str):
            raise TemplateBroken(file, lines[key], f"{key} must be a text; put it in quotes")
    return FrontMatter(dict(loaded), lines, match[0].count("\n")), text[match.end() :]


def cut(text: str, file: str, first_line: int, environment: TemplateEnvironment) -> list[Piece]:
    """The pieces of a source; comments are left out. Raises TemplateBroken where Jinja2 cannot read it."""
    pieces: list[Piece] = []
    parts: list[str] = []
    begun, opener = first_line, ""
    try:
        for number, kind, value in environment.lex(text):
            line = first_line + number - 1
            if opener:
                parts.append(value)
                if kind == opener.replace("begin", "end"):
                    if opener != "comment_begin":
                        # the lexer counts the line break that follows a block to its tag
                        pieces.append(Piece("".join(parts).rstrip(), True, file, begun))
                    opener = ""
            elif kind.endswith("_begin"):
                begun, opener, parts = line, kind, [value]
            else:
                pieces.append(Piece(value, False, file, line))
    except TemplateSyntaxError as error:
        raise TemplateBroken(file, first_line + error.lineno - 1, str(error.message)) from error
    if opener:
        raise TemplateBroken(file, begun, f"'{parts[0].strip()}' is not closed")
    return pieces


class Library:
    """The files of one template folder, by name; partials are looked up in the language of who includes them."""

    def __init__(self, files: Mapping[str, str], folder: str, environment: TemplateEnvironment) -> None:
        self._files, self._folder, self._environment = files, folder, environment
        self._cut: dict[str, list[Piece]] = {}  # a layout is read by every template that extends it

    def flatten(self, name: str, locale: str) -> list[Piece]:
        """A template without inheritance: layouts, blocks and includes resolved."""
        return self._assemble(name, locale, {}, 0)

    def _assemble(self, name: str, locale: str, overrides: Mapping[str, list[Piece]], depth: int) -> list[Piece]:
        pieces = self._read(name, locale, depth)
        blocks = _override(_blocks(pieces), overrides)
        for piece in pieces:
            word, rest = piece.statement
            if word == "extends":
                layout = self._resolve(rest, locale, piece)
                settings = [other for other in pieces if other.statement[0] == "set" and "=" in other.text]
                own = [other for other in settings if not _inside_block(other, pieces)]
                return own + self._assemble(layout, locale, blocks, depth + 1)
        return _fill(pieces, blocks)

    def _read(self, name: str, locale: str, depth: int) -> list[Piece]:
        """A file's pieces with its includes put in."""
        file = f"{self._folder}/{name}"
        if depth > DEPTH_MAX:
            raise TemplateBroken(file, 1, f"layouts and includes nest deeper than {DEPTH_MAX}: is there a circle?")
        if name not in self._cut:
            front, body = split_front_matter(self._files[name], file)
            self._cut[name] = cut(body, file, front.height + 1, self._environment)
        found: list[Piece] = []
        for piece in self._cut[name]:
            word, rest = piece.statement
            if word == "include":
                found += self._read(self._resolve(rest, locale, piece), locale, depth + 1)
            elif word in ("import", "from"):
                raise TemplateBroken(file, piece.line, "import is not supported in templates; use include")
            else:
                found.append(piece)
        return found

    def _resolve(self, quoted: str, locale: str, piece: Piece) -> str:
        match = _QUOTED.fullmatch(quoted)
        if match is None:
            raise TemplateBroken(piece.file, piece.line, "name the file in quotes: the layout must be known at load")
        for name in localized_names(match[2], locale):
            if name in self._files:
                return name
        raise TemplateBroken(piece.file, piece.line, f"template '{match[2]}' not found in {self._folder}")


def localized_names(name: str, *locales: str) -> list[str]:
    """The file names to look for, best first: `a.fr-ca.mjml`, `a.fr.mjml`, …, `a.mjml`."""
    stem, dot, ending = name.rpartition(".")
    return [f"{stem}.{tag}{dot}{ending}" for tag in locale_tags(*locales)] + [name]


def locale_tags(*locales: str) -> list[str]:
    """The locales and what they fall back to, best first: `fr-ca`, `fr` for `fr_CA`."""
    tags: list[str] = []
    for locale in locales:
        tag = locale.lower().replace("_", "-")
        while tag:
            tags.append(tag)
            tag = tag.rpartition("-")[0]
    return list(dict.fromkeys(tags))


def _blocks(pieces: list[Piece]) -> dict[str, list[Piece]]:
    """The content of every block, nested ones included; raises TemplateBroken where one is not closed."""
    found: dict[str, list[Piece]] = {}
    opened: list[tuple[str, int]] = []
    for position, piece in enumerate(pieces):
        word, rest = piece.statement
        if word == "block":
            opened.append((rest.split()[0] if rest else "", position))
        elif word == "endblock":
            if not opened:
                raise TemplateBroken(piece.file, piece.line, "endblock without a block")
            name, begin = opened.pop()
            found[name] = pieces[begin + 1 : position]
    if opened:
        piece = pieces[opened[-1][1]]
        raise TemplateBroken(piece.file, piece.line, f"block '{opened[-1][0]}' is not closed with endblock")
    return found


def _inside_block(piece: Piece, pieces: list[Piece]) -> bool:
    depth = 0
    for other in pieces:
        word = other.statement[0]
        depth += (word == "block") - (word == "endblock")
        if other is piece:
            return depth > 0
    return False


def _override(own: dict[str, list[Piece]], overrides: Mapping[str, list[Piece]]) -> dict[str, list[Piece]]:
    """The blocks as whoever extends sees them; `super()` becomes what it stands for."""
    result = dict(own)
    for name, pieces in overrides.items():
        result[name] = [
            part
            for piece in pieces
            for part in (own.get(name, []) if piece.is_tag and _SUPER.fullmatch(piece.text) else [piece])
        ]
    return result


def _fill(pieces: list[Piece], blocks: Mapping[str, list[Piece]]) -> list[Piece]:
    """The pieces with each block replaced by its final content."""
    result: list[Piece] = []
    depth = 0
    for piece in pieces:
        word, rest = piece.statement
        if word == "block":
            if depth == 0:
                result += _fill(blocks[rest.split()[0]], blocks)
            depth += 1
        elif word == "endblock":
            depth -= 1
        elif depth == 0:
            result.append(piece)
    return result
