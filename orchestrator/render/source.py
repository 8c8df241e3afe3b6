"""Template files: front matter, and one flat source out of layouts, blocks and includes.

MJML can only be compiled whole, so inheritance is resolved here, in the text, before anything is
compiled. Every piece remembers the file and line it was written on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from jinja2 import TemplateSyntaxError

from orchestrator.documents.document import Document
from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.errors import Problem, TemplateFailed
from orchestrator.domain.locales import locale_tags
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.suggestion import closest, did_you_mean
from orchestrator.domain.tag_faults import explain
from orchestrator.render.environment import TemplateEnvironment

DEPTH_MAX = 20  # layouts and includes inside one another; more is a circle

_TAG = re.compile(r"\{%[-+]?\s*(\w+)\s*(.*?)\s*[-+]?%\}", re.DOTALL)
_QUOTED = re.compile(r"""(["'])([^"']+)\1""")
_SUPER = re.compile(r"\{\{[-+]?\s*super\(\s*\)\s*[-+]?\}\}")
_HEAD_KEYS = ("subject", "preheader")
_FRONT = re.compile(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)


class TemplateBroken(TemplateFailed):
    """What is wrong with one template file; becomes Problems of the project."""

    def __init__(self, file: str, line: int, message: Phrase, column: int = 1) -> None:
        self.problems = [Problem(file, line, column, message)]
        super().__init__(str(self.problems[0]))

    @classmethod
    def with_all(cls, problems: Sequence[Problem]) -> TemplateBroken:
        """Several faults, told together."""
        first = problems[0]
        broken = cls(first.file, first.line, first.message, first.column)
        broken.problems = list(problems)
        return broken


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of literal text, or one whole Jinja2 tag; `line` and `column` say where it was
    written.
    """

    text: str
    is_tag: bool
    file: str
    line: int
    column: int = 1

    @property
    def statement(self) -> tuple[str, str]:
        """The keyword and the rest of a `{% … %}`; two empty texts for anything else."""
        match = _TAG.fullmatch(self.text) if self.is_tag else None
        return (match[1], match[2]) if match else ("", "")

    def broken(self, message: Phrase, offset: int = 0) -> TemplateBroken:
        """A fault at this piece, or so many characters into it."""
        before = self.text[:offset]
        line, last = before.count("\n"), before.rpartition("\n")[2]
        column = len(last) + (1 if line else self.column)
        return TemplateBroken(self.file, self.line + line, message, column)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The values at the head of a file, and how many lines they take."""

    values: Mapping[str, str]
    places: Mapping[str, tuple[int, int]]  # key → the line and column its text starts at
    height: int


def split_front_matter(text: str, file: str) -> tuple[FrontMatter, str]:
    """The front matter and the body; raises TemplateBroken for anything but `subject` and
    `preheader` texts.
    """
    match = _FRONT.match(text)
    if match is None:
        return FrontMatter({}, {}, 0), text
    # An empty line for the first `---`: so lines are counted as in the file.
    document, problems = read_yaml("\n" + (match[1] or ""), file)
    if problems:
        raise TemplateBroken.with_all([_of_head(document, problem) for problem in problems])
    if not isinstance(document.data, dict):
        raise TemplateBroken(
            file, 2, say("the front matter must be `subject: …` and `preheader: …`")
        )
    values = {key: _text_of(document, key, value) for key, value in document.map.items()}
    places = {key: document.position((key,)) for key in values}
    return FrontMatter(values, places, match[0].count("\n")), text[match.end() :]


def _of_head(document: Document, problem: Problem) -> Problem:
    """What is no YAML at all is mostly a text that needs quotes, whatever the reader trips over."""
    if document.data is not None:
        return problem
    message = say("the front matter is no YAML; put texts with ':' or '{{' in quotes")
    return replace(problem, message=message)


def _text_of(document: Document, key: str, value: object) -> str:
    line, _ = document.position((key,), at_key=True)
    if key not in _HEAD_KEYS:
        hint = did_you_mean(key, _HEAD_KEYS)
        message = say(
            "front matter holds subject and preheader, not '{key}'{hint}", key=key, hint=hint
        )
        raise TemplateBroken(document.file, line, message)
    if not isinstance(value, str):
        raise TemplateBroken(
            document.file, line, say("{key} must be a text; put it in quotes", key=key)
        )
    return value


def cut(text: str, file: str, first_line: int, environment: TemplateEnvironment) -> list[Piece]:
    """The pieces of a source; comments are left out. Raises TemplateBroken where a tag cannot be
    read.
    """
    pieces: list[Piece] = []
    parts: list[str] = []
    begun, opener, cursor, start = first_line, "", 0, 0
    try:
        for number, kind, value in environment.lex(text):
            line = first_line + number - 1
            cursor = max(
                text.find(value, cursor), cursor
            )  # blanks around tags are left out by the lexer
            if opener:
                parts.append(value)
                if kind == opener.replace("begin", "end"):
                    if opener != "comment_begin":
                        # the lexer counts the line break that follows a block to its tag
                        column = start - text.rfind("\n", 0, start)
                        pieces.append(Piece("".join(parts).rstrip(), True, file, begun, column))
                    opener = ""
            elif kind.endswith("_begin"):
                start = cursor + len(value) - len(value.lstrip())
                begun, opener, parts = line, kind, [value.lstrip()]
            else:
                pieces.append(Piece(value, False, file, line, cursor - text.rfind("\n", 0, cursor)))
            cursor += len(value)
    except TemplateSyntaxError as error:
        raise _unreadable(error, text, file, first_line) from error
    if opener:
        column = start - text.rfind("\n", 0, start)
        raise TemplateBroken(
            file, begun, say("'{tag}' is not closed", tag=parts[0].strip()), column
        )
    return pieces


def _unreadable(
    error: TemplateSyntaxError, text: str, file: str, first_line: int
) -> TemplateBroken:
    message, word = explain(str(error.message))
    position = re.search(r" at (\d+)$", str(error.message))
    line = text.split("\n")[error.lineno - 1] if error.lineno <= text.count("\n") + 1 else ""
    column = line.find(word) + 1 if word else 1
    if position:
        column = int(position[1]) - text.rfind("\n", 0, int(position[1]))
    return TemplateBroken(file, first_line + error.lineno - 1, message, max(column, 1))


_SET = re.compile(r"\{%[-+]?\s*(?:set\s+([\w\s,]+?)\s*(?:=|[-+]?%\}|\|)|macro\s+(\w+))")


class Library:
    """The files of one template folder, by name; partials are looked up in the language of who
    includes them.
    """

    def __init__(
        self, files: Mapping[str, str], folder: str, environment: TemplateEnvironment
    ) -> None:
        self._files, self._folder, self._environment = files, folder, environment
        found = (match[1] or match[2] for text in files.values() for match in _SET.finditer(text))
        #: The names that templates of the folder set, and that layouts may ask for.
        self.settings = frozenset(name for names in found for name in re.findall(r"\w+", names))
        self._cut: dict[str, list[Piece]] = {}  # a layout is read by every template that extends it

    def flatten(self, name: str, locale: str) -> list[Piece]:
        """A template without inheritance: layouts, blocks and includes resolved."""
        return self._assemble(name, locale, {}, 0)

    def _assemble(
        self, name: str, locale: str, overrides: Mapping[str, list[Piece]], depth: int
    ) -> list[Piece]:
        pieces = self._read(name, locale, depth)
        blocks = _override(_blocks(pieces), overrides)
        for piece in pieces:
            word, rest = piece.statement
            if word == "extends":
                layout = self._resolve(rest, locale, piece)
                settings = [
                    other for other in pieces if other.statement[0] == "set" and "=" in other.text
                ]
                own = [other for other in settings if not _inside_block(other, pieces)]
                return own + self._assemble(layout, locale, blocks, depth + 1)
        return _fill(pieces, blocks)

    def _read(self, name: str, locale: str, depth: int) -> list[Piece]:
        """A file's pieces with its includes put in."""
        file = f"{self._folder}/{name}"
        if depth > DEPTH_MAX:
            raise TemplateBroken(
                file,
                1,
                say(
                    "layouts and includes nest deeper than {most}: is there a circle?",
                    most=DEPTH_MAX,
                ),
            )
        if name not in self._cut:
            front, body = split_front_matter(self._files[name], file)
            self._cut[name] = cut(body, file, front.height + 1, self._environment)
            _refuse_our_marks(self._cut[name])
        found: list[Piece] = []
        for piece in self._cut[name]:
            word, rest = piece.statement
            if word == "include":
                found += self._read(self._resolve(rest, locale, piece), locale, depth + 1)
            elif word in ("import", "from"):
                raise piece.broken(say("import is not supported in templates; use include"))
            else:
                found.append(piece)
        return found

    def _resolve(self, quoted: str, locale: str, piece: Piece) -> str:
        match = _QUOTED.fullmatch(quoted)
        if match is None:
            raise piece.broken(say("name the file in quotes: the layout must be known at load"))
        for name in localized_names(match[2], locale):
            if name in self._files:
                return name
        near = closest(match[2], self._files, likeness=0.75)
        hint = say("; did you mean '{near}'?", near=near) if near else ""
        raise piece.broken(
            say(
                "template '{name}' not found in {folder}{hint}",
                name=match[2],
                folder=self._folder,
                hint=hint,
            )
        )


def localized_names(name: str, *locales: str) -> list[str]:
    """The file names to look for, best first: `a.fr-ca.mjml`, `a.fr.mjml`, …, `a.mjml`."""
    stem, dot, ending = name.rpartition(".")
    return [f"{stem}.{tag}{dot}{ending}" for tag in locale_tags(*locales)] + [name]


#: What stands in a tag's place while the markup around it is compiled: `markup` makes these words.
RESERVED = re.compile(r"xjx(?:tag|row)\w*")


def _refuse_our_marks(pieces: Iterable[Piece]) -> None:
    for piece in pieces:
        if not piece.is_tag and (match := RESERVED.search(piece.text)):
            message = say(
                "'{word}' is a word that Parcours keeps for itself: write another", word=match[0]
            )
            raise piece.broken(message, match.start())


def _blocks(pieces: list[Piece]) -> dict[str, list[Piece]]:
    """The content of every block, nested ones included; raises TemplateBroken where one is not
    closed.
    """
    found: dict[str, list[Piece]] = {}
    opened: list[tuple[str, int]] = []
    for position, piece in enumerate(pieces):
        word, rest = piece.statement
        if word == "block":
            opened.append((rest.split()[0] if rest else "", position))
        elif word == "endblock":
            if not opened:
                raise piece.broken(say("endblock without a block"))
            name, begin = opened.pop()
            found[name] = pieces[begin + 1 : position]
    if opened:
        raise pieces[opened[-1][1]].broken(
            say("block '{name}' is not closed with endblock", name=opened[-1][0])
        )
    return found


def _inside_block(piece: Piece, pieces: list[Piece]) -> bool:
    depth = 0
    for other in pieces:
        word = other.statement[0]
        depth += (word == "block") - (word == "endblock")
        if other is piece:
            return depth > 0
    return False


def _override(
    own: dict[str, list[Piece]], overrides: Mapping[str, list[Piece]]
) -> dict[str, list[Piece]]:
    """The blocks as whoever extends sees them; `super()` becomes what it stands for."""
    result = dict(own)
    for name, pieces in overrides.items():
        result[name] = [
            part
            for piece in pieces
            for part in (
                own.get(name, []) if piece.is_tag and _SUPER.fullmatch(piece.text) else [piece]
            )
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
