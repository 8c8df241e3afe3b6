"""What is said of a text that is no YAML, and where its fault stands."""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from orchestrator.documents.document import Document
from orchestrator.domain.errors import Problem


def problem_of(document: Document, fault: Exception) -> Problem:
    """What ruamel's error says, in words of ours."""
    if isinstance(fault, MarkedYAMLError):
        return _syntax_problem(document.file, fault)
    if isinstance(fault, ReaderError):
        return _unseen_problem(document, fault.position)
    return _sign_problem(document)


def _unseen_problem(document: Document, offset: int) -> Problem:
    """A control character: nobody sees it in an editor, so its place matters."""
    sign = f"U+{ord(document.text[offset : offset + 1] or chr(0)):04X}"
    return _problem_at(
        document, offset, f"a character that cannot be seen ({sign}) stands here: delete it"
    )


def _problem_at(document: Document, offset: int, message: str) -> Problem:
    before = document.text[:offset]
    return Problem(document.file, before.count("\n") + 1, offset - before.rfind("\n"), message)


#: What ruamel says, what it is called here, and what to do about it; the first that fits.
_SAYINGS = (
    (
        "escape",
        "`\\` begins a special sign here: write `\\\\`, or put the text between single quotes",
    ),
    ("quoted scalar", "a quote is opened and never closed"),
    ("'\\t'", "a tab stands here: indent with spaces"),
    (
        "mapping values are not allowed",
        "`:` is not expected here: put text that holds ': ' between quotes",
    ),
    ("cannot start any token", "text that begins with SIGN stands between quotes"),
    (
        "expected alphabetic or numeric",
        "text that begins with `&`, `*` or `!` stands between quotes",
    ),
    ("chomping or indentation", "text over several lines begins on the line after `|` or `>`"),
    ("could not find expected ':'", "a key is followed by a colon and a blank, `key: value`"),
    (
        "expected <block end>",
        "this line does not line up with those before it; what belongs together is indented alike",
    ),
    (
        "<document start>",
        "this line does not line up with those before it; what belongs together is indented alike",
    ),
    (
        "sequence entries are not allowed",
        "`- ` begins an entry on a line of its own; put other text between quotes",
    ),
    ("mapping keys are not allowed", "text that begins with `?` stands between quotes"),
    ("but found ']'", "something is missing before `]`"),
    ("but found '}'", "something is missing before `}`"),
    ("but found ','", "something is missing before `,`"),
    (
        "but got '['",
        "text that holds `[` stands between quotes (a condition too), or on a line of its own",
    ),
    (
        "but got '{'",
        "text that holds `{` stands between quotes (a condition too), or on a line of its own",
    ),
    (
        "flow mapping",
        (
            "`{`, opened in line LINE, is not closed by `}`; text that holds ',' or ':' "
            "stands between quotes"
        ),
    ),
    (
        "flow sequence",
        "`[`, opened in line LINE, is not closed by `]`; text that holds ',' stands between quotes",
    ),
    ("<stream end>", "the file ends too early: something is opened and never closed"),
)


def _syntax_problem(file: str, fault: MarkedYAMLError) -> Problem:
    context, what = fault.context or "", fault.problem or fault.context or "syntax error"
    mark = fault.problem_mark or fault.context_mark
    if "quoted scalar" in context and "escape" not in what:
        mark = fault.context_mark  # it begins there
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    opened = fault.context_mark.line + 1 if fault.context_mark else line
    sign = re.search(r"character '(.+?)'", what)
    told = next((told for saying, told in _SAYINGS if saying in what or saying in context), what)
    told = told.replace("SIGN", f"`{sign[1]}`" if sign else "a special sign").replace(
        "LINE", str(opened)
    )
    return Problem(file, line, column, f"this is not YAML: {told}")


_NO_SIGN = re.compile(r"\\U(?!000|0010)[0-9A-Fa-f]{8}")


def _sign_problem(document: Document) -> Problem:
    """`"\\U99999999"`: neither ruamel nor Python says where it stands."""
    found = _NO_SIGN.search(document.text)
    return _problem_at(
        document, found.start() if found else 0, "there is no such sign: write it as it is"
    )
