"""What Jinja2 says of a tag that it cannot read, in words for people who never heard of Jinja2."""

from __future__ import annotations

import re

from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.suggestion import did_you_mean

_STATEMENTS = (
    "if", "elif", "else", "endif", "for", "endfor", "set", "endset", "block", "endblock", "include",
    "extends", "macro", "endmacro", "call", "endcall", "filter", "endfilter", "with", "endwith",
    "raw", "endraw",
)  # fmt: skip
_FOREIGN = {
    "&": say("write `and`"), "|": say("write `or`"), "!": say("write `not`"),
    "$": say("write the name without `$`"),
    "?": say("write `a if condition else b`"), "“": say('write straight quotes: "text"'),
    "”": say('write straight quotes: "text"'), "„": say('write straight quotes: "text"'),
    "«": say('write straight quotes: "text"'), "»": say('write straight quotes: "text"'),
    "‘": say("write straight quotes: 'text'"), "’": say("write straight quotes: 'text'"),
}  # fmt: skip
_NAMES = {"name": say("a name"), "string": say("a text"), "integer": say("a number")}
_ENDS = {"end of print statement": "}}", "end of statement block": "%}", "end of template": ""}


def explain(message: str) -> tuple[Phrase, str]:
    """What to do about a fault, and the word to look for on its line ("" where there is none)."""
    for pattern, tell in _SAYINGS:
        if match := re.search(pattern, message, re.DOTALL):
            return tell(match)
    return (
        (
            say(
                "this tag cannot be read: look for a quote, a bracket or a comma too "
                "much, or one that is missing"
            )
        ),
        "",
    )


def _sign(match: re.Match[str]) -> tuple[Phrase, str]:
    sign = match[1].encode().decode("unicode_escape") if match[1].startswith("\\") else match[1]
    if sign in "'\"":
        return say("the quote {sign} is not closed", sign=sign), sign
    hint = (
        say(": {instead}", instead=_FOREIGN[sign])
        if sign in _FOREIGN
        else say("; put text between quotes")
    )
    return say("`{sign}` means nothing here{hint}", sign=sign, hint=hint), sign


def _not_closed(match: re.Match[str]) -> tuple[Phrase, str]:
    """`Jinja was looking for the following tags: 'endif'. The innermost block that needs to be
    closed is 'if'.`
    """
    return (
        say(
            "`{{% {found} … %}}` is not closed: write `{{% end{found} %}}` where it ends",
            found=match[1],
        ),
        match[1],
    )


def _unknown_tag(match: re.Match[str]) -> tuple[Phrase, str]:
    name = match[1]
    if name.startswith("end") or name in ("else", "elif"):
        opener = name.removeprefix("end") if name.startswith("end") else "if"
        return (
            (
                say(
                    "`{{% {name} %}}` stands without its `{{% {opener} … %}}`, or another "
                    "tag in between is not closed",
                    name=name,
                    opener=opener,
                )
            ),
            name,
        )
    hint = did_you_mean(name, _STATEMENTS)
    printed = say("; a value is printed by two braces: `{{{{ {name} }}}}`", name=name)
    return say("there is no `{{% {name} %}}`{hint}", name=name, hint=hint or printed), name


def _found_another(match: re.Match[str]) -> tuple[Phrase, str]:
    wanted, found = _NAMES.get(match[1], match[1]), match[2]
    if found == "=":
        return say("`=` does not compare: write `==`"), "="
    if found in _ENDS:
        sign = _ENDS.get(wanted, wanted)
        return say("the tag ends too early: `{sign}` is missing", sign=sign), _ENDS[found]
    if wanted in _ENDS and found in ("string", ":"):
        return (
            say("the values of a filter stand in brackets: `| default('friend')`"),
            ":" if found == ":" else "",
        )
    if wanted in _ENDS:
        return (
            (
                say(
                    "`{found}` is not expected here: is a quote, a comma, `and` or `or` "
                    "missing before it?",
                    found=found,
                )
            ),
            found,
        )
    if (wanted, found) == (":", "}"):
        told = say("a value is printed by two braces: `{{ customer.first_name }}`")
        return told, "{{{"
    if found == "|":
        return say("`||` means nothing here: write `or`, or `| default('friend')`"), "|"
    return say(
        "`{found}` is not expected here: `{wanted}` should come before it",
        found=found,
        wanted=wanted,
    ), found


def _unexpected(match: re.Match[str]) -> tuple[Phrase, str]:
    found = match[1]
    if found in _ENDS:
        return say("the tag ends too early: a value is missing before its end"), _ENDS[found]
    if found == "=":
        return say("`=` does not compare: write `==`"), "="
    return (
        say(
            "`{found}` is not expected here: is there one too many, or is a value "
            "missing before it?",
            found=found,
        ),
        found,
    )


_SAYINGS = (
    (r"unexpected char ['\"](.+?)['\"] at \d+", _sign),
    (r"innermost block that needs to be closed is '(\w+)'", _not_closed),
    (r"[Uu]nknown tag '(\w+)'", _unknown_tag),
    (r"expected token '(.+?)', got '(.+?)'", _found_another),
    (r"unexpected '(.+?)', expected", _unexpected),
    (r"unexpected '(.+?)'", _unexpected),
    (
        r"Missing end of comment",
        lambda match: (say("this comment is not closed: write `#}` where it ends"), "{#"),
    ),
    (
        r"Missing end of raw",
        lambda match: (say("`{% raw %}` is not closed: write `{% endraw %}`"), "raw"),
    ),
    (
        r"tag name expected",
        lambda match: (say("a tag begins with a word, such as `{% if … %}`"), "{%"),
    ),
    (r"Expected an expression", lambda match: (say("a value is missing here"), "")),
    (
        r"can't assign to",
        lambda match: (say("a value cannot be given to this: write `{% set name = … %}`"), "set"),
    ),
    (r"unexpected end of template", lambda match: (say("the tag ends too early"), "")),
)
