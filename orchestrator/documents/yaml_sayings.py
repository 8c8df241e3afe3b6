"""What ruamel.yaml says of a text that is no YAML, in the words of an author."""

from __future__ import annotations

import re

from orchestrator.domain.phrase import Phrase, say

#: What ruamel says, what it is called here, and what to do about it; the first that fits.
_SAYINGS = (
    (
        "escape",
        say("`\\` begins a special sign here: write `\\\\`, or put the text between single quotes"),
    ),
    ("quoted scalar", say("a quote is opened and never closed")),
    ("'\\t'", say("a tab stands here: indent with spaces")),
    (
        "mapping values are not allowed",
        say("`:` is not expected here: put text that holds ': ' between quotes"),
    ),
    (
        "expected alphabetic or numeric",
        say("text that begins with `&`, `*` or `!` stands between quotes"),
    ),
    (
        "chomping or indentation",
        say("text over several lines begins on the line after `|` or `>`"),
    ),
    (
        "could not find expected ':'",
        say("a key is followed by a colon and a blank, `key: value`"),
    ),
    (
        "expected <block end>",
        say(
            "this line does not line up with those before it; what belongs "
            "together is indented alike"
        ),
    ),
    (
        "<document start>",
        say(
            "this line does not line up with those before it; what belongs "
            "together is indented alike"
        ),
    ),
    (
        "sequence entries are not allowed",
        say("`- ` begins an entry on a line of its own; put other text between quotes"),
    ),
    ("mapping keys are not allowed", say("text that begins with `?` stands between quotes")),
    ("but found ']'", say("something is missing before `]`")),
    ("but found '}'", say("something is missing before `}`")),
    ("but found ','", say("something is missing before `,`")),
    (
        "but got '['",
        say("text that holds `[` stands between quotes (a condition too), or on a line of its own"),
    ),
    (
        "but got '{'",
        say("text that holds `{` stands between quotes (a condition too), or on a line of its own"),
    ),
)


def tell_syntax(what: str, context: str, opened: int) -> Phrase:
    """What to do about a fault; `opened` is the line where that began in which it stands."""
    for saying, told in _SAYINGS:
        if saying in what or saying in context:
            return told
    if "cannot start any token" in what:
        sign = re.search(r"character '(.+?)'", what)
        shown = say("`{sign}`", sign=sign[1]) if sign else say("a special sign")
        return say("text that begins with {sign} stands between quotes", sign=shown)
    if "flow mapping" in what or "flow mapping" in context:
        return say(
            "`{{`, opened in line {line}, is not closed by `}}`; text that holds ',' or ':' stands "
            "between quotes",
            line=opened,
        )
    if "flow sequence" in what or "flow sequence" in context:
        return say(
            "`[`, opened in line {line}, is not closed by `]`; text that holds ',' stands between "
            "quotes",
            line=opened,
        )
    if "<stream end>" in what or "<stream end>" in context:
        return say("the file ends too early: something is opened and never closed")
    return say("{what}", what=what)
