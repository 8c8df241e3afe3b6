"""MJML and HTML around Jinja2 tags: the tags are taken out, the markup compiled, the tags put back.

Neither the MJML compiler nor the CSS inliner understands Jinja2: `{% if a < b %}` is no XML, and
the text of a tag between two table rows is moved out of the table. So each tag becomes a comment
(inside an element's own tag a word) before and is restored after, with a line break inside its
braces: every tag then has a line of its own, which leads a failure back to the file it was written
in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import css_inline
import mrml

from orchestrator.domain.phrase import Phrase, say
from orchestrator.render.html_context import HtmlContext, find_html_fault
from orchestrator.render.plain import read_html
from orchestrator.render.source import Piece, TemplateBroken

_MARK = "xjxtag{:05d}xjx"
_MARKED = re.compile(r"xjxtag(\d+)xjx")
_COMMENTED = re.compile(r"<!--(xjxtag\d+xjx)-->")
# What stands between the sections of a wrapper, MJML puts inside a comment that only Outlook reads.
_IN_OUTLOOK = re.compile(r"xjxrow(\d+)xjx")
_MJML_TAG = re.compile(
    r"<!--(xjxtag\d+xjx)-->|<!--.*?-->|<(/?)(mj-[\w-]+|mjml)\b([^>]*?)(/?)>", re.DOTALL
)
_BODY = re.compile(r"<body[^>]*>")

#: Hidden first text: what an inbox shows beside the subject. The padding keeps the body's text out
#: of that line.
PREHEADER = (
    "<div "
    'style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;'
    'overflow:hidden;mso-hide:all;">{{ preheader }}' + "&#847;&zwnj;&nbsp;" * 60 + "</div>"
)

_TAG_NAMES = """
mjml mj-head mj-attributes mj-all mj-class mj-breakpoint mj-font mj-html-attributes mj-preview
mj-style mj-title mj-body mj-accordion mj-accordion-element mj-accordion-text mj-accordion-title
mj-button mj-carousel mj-carousel-image mj-column mj-divider mj-group mj-hero mj-image mj-navbar
mj-navbar-link mj-raw mj-section mj-social mj-social-element mj-spacer mj-table mj-text mj-wrapper
"""
MJML_TAGS = frozenset(_TAG_NAMES.split())
_HOLDS_PARTS = frozenset({"mj-body", "mj-section", "mj-group", "mj-column", "mj-hero"})
_HOLDS_HTML = frozenset(
    {"mj-text", "mj-button", "mj-raw", "mj-table", "mj-navbar-link", "mj-accordion-text"}
)
_HOLDS_TEXT_ONLY = frozenset({"mj-title", "mj-style", "mj-preview"})


@dataclass(frozen=True, slots=True)
class Markup:
    """A compiled Jinja2 source, and where its tags come from: (first line, file, line and column
    there), ascending.
    """

    source: str
    origins: tuple[tuple[int, str, int, int], ...]

    def place(self, line: int, word: str = "") -> tuple[str, int, int]:
        """The file, line and column at which a word on a line of `source` was written."""
        index = max(bisect_right(self.origins, (line, "\U0010ffff", 0, 0)) - 1, 0)
        first, file, written, column = self.origins[index]
        lines = self.source.split("\n")
        text = lines[line - 1] if 0 < line <= len(lines) else ""
        offset = max(_find_word(text, word), 0)
        begins = column if line <= first else 1
        return file, written + max(line - first, 0), begins + offset

    def broken(self, line: int, word: str, message: Phrase) -> TemplateBroken:
        """A fault at a word of the compiled source."""
        file, written, column = self.place(line, word)
        return TemplateBroken(file, written, message, column)

    @property
    def hardest_line(self) -> int:
        """The line of the tag that is nested deepest, or of the longest one: where a limit of
        Python was met.
        """
        depths, depth = [], 0
        for match in _NESTING.finditer(self.source):
            depth += -1 if match[1].startswith("end") else 1
            depths.append((depth, self.source.count("\n", 0, match.start(1)) + 1))
        deepest = max(depths, default=(0, 1))
        lines = self.source.split("\n")
        longest = max(self.origins, key=lambda origin: len(lines[origin[0] - 1]))
        return deepest[1] if deepest[0] > NESTING_MAX else longest[0]


NESTING_MAX = 15
_NESTING = re.compile(r"\{%[-+]?\s*((?:end)?(?:for|if|macro|call|filter|with|block))\b")


def _find_word(text: str, word: str) -> int:
    """Where a word stands by itself and not within quotes, else where it stands at all; -1 for
    nowhere.
    """
    if not word:
        return -1
    bare = _QUOTED.sub(lambda match: match[0][0] + " " * (len(match[0]) - 2) + match[0][-1], text)
    edge = (r"(?<![\w.])", r"(?!\w)") if word[0].isalnum() else ("", "")
    match = re.search(f"{edge[0]}{re.escape(word)}{edge[1]}", bare) or re.search(
        re.escape(word), bare
    )
    return match.start() if match else text.find(word)


_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def compile_mjml(pieces: Sequence[Piece], path: str) -> tuple[Markup, str]:
    """HTML with its Jinja2 tags, and the same still marked (for the text part). Raises
    TemplateBroken.
    """
    prelude, structured = _structure(pieces)
    try:
        html = mrml.to_html(_TAGS_OR_SIGN.sub(_write_out, structured)).content
    except OSError as error:
        raise _broken_mjml(pieces, path) from error
    except BaseException as error:
        # A parser in Rust that loses its way panics, which is no Exception to Python.
        if type(error).__name__ != "PanicException":
            raise
        raise _broken_mjml(pieces, path) from error
    html = _IN_OUTLOOK.sub(r"<![endif]-->xjxtag\1xjx<!--[if mso | IE]>", html)
    marked = prelude + _COMMENTED.sub(r"\1", html)
    return restore(_with_preheader(marked), pieces), marked


# mrml 0.2 panics at a `>` in a text soon behind a letter of several bytes, as in `Terminé >`.
_TAGS_OR_SIGN = re.compile(
    r"""<!--.*?-->|<mj-style\b.*?</mj-style>|<(?:[^>"']|"[^"]*"|'[^']*')*>|>""", re.DOTALL
)
_BYTES_BEFORE = 3


def _write_out(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - _BYTES_BEFORE) : match.start()]
    return "&gt;" if match[0] == ">" and not before.isascii() else match[0]


def _broken_mjml(pieces: Sequence[Piece], path: str) -> TemplateBroken:
    """The compiler says no place, so it is looked for."""
    parts = _mark(pieces)
    if fault := find_html_fault("".join(parts)):
        return _Positions(pieces, parts).broken(*fault)
    return TemplateBroken(
        path,
        1,
        say("this is no MJML: is an element not closed, or a template tag between two attributes?"),
    )


def compile_html(pieces: Sequence[Piece], path: str) -> tuple[Markup, str]:
    """HTML with styles inlined and its Jinja2 tags, and the same still marked. Raises
    TemplateBroken.
    """
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
    source = _ROWS.sub(r"\1<tbody>\2", "".join(_mark_markup(pieces)))
    source = _REVEALED.sub(_hide_condition, source)
    try:
        html = inliner.inline(source)
    except css_inline.InlineError as error:
        raise TemplateBroken(path, 1, say("CSS: {error}", error=error)) from error
    marked = _HIDDEN.sub(r"<!\1>", _COMMENTED.sub(r"\1", html))
    return restore(_with_preheader(marked), pieces), marked


# Rows without a body get one from the parser of HTML, but behind the tag that repeats them.
_ROWS = re.compile(
    r"(<table\b[^>]*>)((?:\s|<!--xjxtag\d+xjx-->)*<!--xjxtag\d+xjx-->\s*<tr\b)", re.IGNORECASE
)

# `<![if !mso]>` shows what follows to all but Outlook; to the CSS inliner it is a broken comment.
_REVEALED = re.compile(r"<!--.*?-->|<!(\[(?:if\b[^\]]*|endif)\])>", re.DOTALL | re.IGNORECASE)
_HIDDEN = re.compile(r"<!--xjxkeep(\[[^\]]*\])-->")


def _hide_condition(match: re.Match[str]) -> str:
    return f"<!--xjxkeep{match[1]}-->" if match[1] else match[0]


def compile_text(pieces: Sequence[Piece]) -> Markup:
    """A plain text with its Jinja2 tags."""
    return restore("".join(_mark(pieces)), pieces)


def derive_text(marked: str, pieces: Sequence[Piece]) -> Markup:
    """The text part of marked HTML.

    Tags that read alike get one mark, so that a link shown by its own address is seen to be that.
    """
    first: dict[str, int] = {}
    for number, piece in enumerate(pieces):
        first.setdefault(piece.text, number)
    alike = _MARKED.sub(lambda match: _MARK.format(first[pieces[int(match[1])].text]), marked)
    return restore(read_html(alike), pieces)


def restore(marked: str, pieces: Sequence[Piece]) -> Markup:
    """The tags back in their places, each on a line of its own."""
    parts: list[str] = []
    origins = [(1, pieces[0].file, pieces[0].line, 1) if pieces else (1, "", 1, 1)]
    line, end = 1, 0
    for match in _MARKED.finditer(marked):
        piece = pieces[int(match[1])]
        before, tag = marked[end : match.start()], _break_line(piece.text)
        line += before.count("\n")
        opening = tag.partition("\n")[0]
        origins.append((line + 1, piece.file, piece.line, piece.column + len(opening)))
        line += tag.count("\n")
        parts += [before, tag]
        end = match.end()
    parts.append(marked[end:])
    return Markup("".join(parts), tuple(origins))


def _break_line(tag: str) -> str:
    """The tag with a line break after its opening; a raw block stays as it is, its content would
    change.
    """
    match = re.match(r"\{[{%][-+]?(?!\s*raw\b)", tag)
    return f"{match[0]}\n{tag[match.end() :]}" if match else tag


def _with_preheader(marked: str) -> str:
    return _BODY.sub(lambda body: body[0] + PREHEADER, marked, count=1)


def _mark_markup(pieces: Sequence[Piece]) -> list[str]:
    """Marks as comments, which HTML allows nearly everywhere, also between table rows; elsewhere as
    mere words.
    """
    parts: list[str] = []
    context = HtmlContext()
    for part, piece in zip(_mark(pieces), pieces, strict=True):
        if piece.is_tag:
            parts.append(f"<!--{part}-->" if context.takes_comments else part)
        else:
            parts.append(part)
            context.read(part)
    return parts


def _mark(pieces: Sequence[Piece]) -> list[str]:
    return [
        _MARK.format(number) if piece.is_tag else piece.text for number, piece in enumerate(pieces)
    ]


class _Positions:
    """Where in the files a position of the joined text was written."""

    def __init__(self, pieces: Sequence[Piece], parts: Sequence[str]) -> None:
        self._pieces, self._starts, offset = pieces, [], 0
        for part in parts:
            self._starts.append(offset)
            offset += len(part)

    def broken(self, position: int, message: Phrase) -> TemplateBroken:
        index = bisect_right(self._starts, position) - 1
        return self._pieces[index].broken(message, position - self._starts[index])


def _structure(pieces: Sequence[Piece]) -> tuple[str, str]:
    """What comes before the document (`{% set %}`), and MJML whose tags stand where MJML keeps
    them.
    """
    parts = _mark_markup(pieces)
    text, positions = "".join(parts), _Positions(pieces, parts)
    prelude: list[str] = []
    result: list[str] = []
    stack: list[tuple[str, int]] = []
    end = 0
    for match in _MJML_TAG.finditer(text):
        result.append(text[end : match.start()])
        end = match.end()
        if match[1] and not stack:
            prelude.append(_before_document(match, pieces, positions))
        elif match[1]:
            result.append(_place(match, stack[-1][0], positions))
        elif match[3]:
            _follow(match, stack, positions)
            result.append(match[0])
        elif stack and stack[-1][0] in _HOLDS_HTML:
            result.append(match[0])  # a comment: Outlook reads `<!--[if mso]>`
    if stack:
        raise positions.broken(stack[-1][1], say("<{name}> is not closed", name=stack[-1][0]))
    return "".join(prelude), "".join([*result, text[end:]]).strip()


def _before_document(match: re.Match[str], pieces: Sequence[Piece], positions: _Positions) -> str:
    if pieces[int(match[1][6:-3])].statement[0] != "set":
        raise positions.broken(match.start(), say("only {% set … %} may stand outside of <mjml>"))
    return match[1]


def _place(match: re.Match[str], top: str, positions: _Positions) -> str:
    """A mark as the element around it can keep it."""
    if top == "mj-wrapper":
        return f"<mj-raw>{match[1].replace('tag', 'row')}</mj-raw>"
    if top in _HOLDS_PARTS:
        return f"<mj-raw>{match[0]}</mj-raw>"
    if top in _HOLDS_TEXT_ONLY:
        return match[1]
    if top in ("mjml", "mj-head", "mj-attributes"):
        raise positions.broken(match.start(), say("template tags cannot stand in <{top}>", top=top))
    return match[0]


def _follow(match: re.Match[str], stack: list[tuple[str, int]], positions: _Positions) -> None:
    """Keeps the stack of open MJML tags; raises TemplateBroken, since the compiler would say less
    or nothing.
    """
    _, closing, name, _, empty = match.groups()
    if name not in MJML_TAGS:
        near = get_close_matches(name, MJML_TAGS, 1)
        hint = say("; did you mean <{near}>?", near=near[0]) if near else ""
        raise positions.broken(
            match.start(), say("<{name}> is no MJML tag{hint}", name=name, hint=hint)
        )
    if not closing:
        if not empty:
            stack.append((name, match.start()))
    elif stack and stack[-1][0] == name:
        stack.pop()
    else:
        opened = (
            say("<{name}> is still open", name=stack[-1][0]) if stack else say("nothing is open")
        )
        raise positions.broken(
            match.start(), say("</{name}> closes nothing: {opened}", name=name, opened=opened)
        )
