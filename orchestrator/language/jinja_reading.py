"""The text of an expression to Jinja2's nodes, by Jinja2's own parser; faults say what to write
instead.

Jinja2's nodes carry no columns: the place of a fault is found again by looking for the faulty word
among the tokens.
"""

from __future__ import annotations

import re

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.phrase import say
from orchestrator.language.foreign_words import refuse_foreign, without_texts

_ENVIRONMENT = Environment()


def parse_jinja(text: str) -> nodes.Expr:
    """Jinja2's node of one expression; raises ExpressionInvalid."""
    if not text.strip():
        raise ExpressionInvalid(say("the condition is empty"))
    if text.lstrip().startswith("{{"):
        raise ExpressionInvalid(say("a condition is written without `{{ }}`"))
    refuse_foreign(text)
    try:
        parser = Parser(_ENVIRONMENT, text, state="variable")
        tree = parser.parse_expression()
        rest = list(parser.stream)
    except TemplateSyntaxError as fault:
        raise _syntax_fault(text, fault.message or say("syntax error")) from None
    except (
        SyntaxError,
        ValueError,
        OverflowError,
    ):  # Python reads the numbers and texts for Jinja2
        raise ExpressionInvalid(
            say("a number or text here cannot be read: write numbers as 20 or 3.5")
        ) from None
    if rest:
        raise _rest_fault(text, rest[0].type, str(rest[0].value), _offsets(text)[-len(rest)])
    assert isinstance(tree, nodes.Expr)
    return tree


_OPERATORS = frozenset({"and", "or", "not", "in", "is", "if", "else"})
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


def _rest_fault(text: str, kind: str, value: str, offset: int) -> ExpressionInvalid:
    if kind == "assign":
        return ExpressionInvalid(say("`=` does not compare: write `==`"), offset)
    if kind in ("variable_end", "block_end"):
        return ExpressionInvalid(say("a condition is written without braces"), offset)
    if kind == "comma":
        if number := re.search(r"(\d+)$", text[:offset]):
            decimals = re.match(r"\d*", text[offset + 1 :])
            assert decimals is not None  # it may be empty
            if len(decimals[0]) == 3:
                whole = number[1] + decimals[0]
                return ExpressionInvalid(
                    say("thousands are written together: {whole}", whole=whole), offset
                )
            return ExpressionInvalid(
                say(
                    "a number is written with a point: {number}.{decimals}",
                    number=number[1],
                    decimals=decimals[0],
                ),
                offset,
            )
        return ExpressionInvalid(
            say("`,` means nothing here: join two conditions with `and` or `or`"), offset
        )
    return _neighbour_fault(text, value, offset)


def _neighbour_fault(text: str, value: str, offset: int) -> ExpressionInvalid:
    """Of two values that stand side by side with nothing between them."""
    before = re.search(r"([A-Za-z_][\w.]*)\s+$", text[:offset])
    if before and re.fullmatch(r"[A-Za-z_]\w*", value) and before[1] not in _OPERATORS:
        joined = f"{before[1]}.{value}"
        return ExpressionInvalid(
            say(
                "two words stand side by side: join names with a point (`{joined}`), "
                'put text between quotes ("{before} {value}"), or join two conditions '
                "with `and` or `or`",
                joined=joined,
                before=before[1],
                value=value,
            ),
            offset,
        )
    return ExpressionInvalid(
        say("'{value}' is not expected here: join two conditions with `and` or `or`", value=value),
        offset,
    )


def _offsets(text: str) -> list[int]:
    """Where each token begins, white space left out."""
    offset, found = 0, []
    for _, kind, token in _ENVIRONMENT.lexer.tokeniter(text, None, None, "variable"):
        if kind != "whitespace":
            found.append(offset)
        offset += len(token)
    return found


def _syntax_fault(text: str, message: str) -> ExpressionInvalid:
    if at := re.match(r"unexpected char ['\"](.+)['\"] at (\d+)", message, re.DOTALL):
        return _sign_fault(at[1], int(at[2]))
    if bracket := _unbalanced(text):
        return bracket
    if "end of template" in message or "end of print statement" in message:
        return ExpressionInvalid(
            say("the expression ends too early: something is missing here"), len(text.rstrip())
        )
    word = re.search(r"(?:got|unexpected) '([^']*)'", message)
    offset = offset_of(text, word[1]) if word else 0
    if word and word[1] == "=":
        return ExpressionInvalid(say("`=` does not compare: write `==`"), offset)
    if word and (function := re.search(r"(\w+)\(\s*([A-Za-z]\w*)\s+$", text[:offset])):
        name = f"{function[2]} {word[1]}"
        return ExpressionInvalid(
            say(
                'the name stands between quotes: {function}("{name}")',
                function=function[1],
                name=name,
            ),
            function.start(2),
        )
    if word:
        return ExpressionInvalid(
            say("`{word}` is not expected here: something is missing before it", word=word[1]),
            offset,
        )
    dots = text.find("..")
    if dots >= 0:
        return ExpressionInvalid(say("`..` means nothing here: write `5 <= x and x <= 10`"), dots)
    dangling = re.search(r"\.\s*(?![\w\s])|\.\s*$", text)
    return ExpressionInvalid(
        say("a name is missing after the point"), dangling.start() if dangling else 0
    )


def _unbalanced(text: str) -> ExpressionInvalid | None:
    """The bracket that has no partner, if that is the fault."""
    missing: list[str] = []
    for offset, sign in enumerate(without_texts(text)):
        if sign in _BRACKETS:
            missing.append(_BRACKETS[sign])
        elif sign in _BRACKETS.values() and (not missing or missing.pop() != sign):
            opening = next(first for first, last in _BRACKETS.items() if last == sign)
            return ExpressionInvalid(
                say(
                    "`{sign}` closes nothing: there is no open `{opening}` before it",
                    sign=sign,
                    opening=opening,
                ),
                offset,
            )
    return (
        ExpressionInvalid(
            say("`{missing}` is missing at the end", missing=missing[-1]), len(text.rstrip())
        )
        if missing
        else None
    )


def _sign_fault(sign: str, offset: int) -> ExpressionInvalid:
    if sign in ("'", '"'):
        other = '"' if sign == "'" else "'"
        return ExpressionInvalid(
            (
                say(
                    "the quote {sign} is not closed; text that holds {sign} stands between "
                    "{other}…{other}",
                    sign=sign,
                    other=other,
                )
            ),
            offset,
        )
    return ExpressionInvalid(
        say("`{sign}` means nothing here; put text between quotes", sign=sign), offset
    )


def offset_of(text: str, word: str, exact: bool = True) -> int:
    """Where a word first stands as a token of its own (or, not exact, within what the tokens make
    together).
    """
    offset = 0
    try:
        for _, _, token in _ENVIRONMENT.lexer.tokeniter(text, None, None, "variable"):
            if token == word or (
                not exact and text.startswith(word, offset) and token[0] not in "'\""
            ):
                return offset
            offset += len(token)
    except TemplateSyntaxError:  # the text is faulty, that is why we are here: the start will do
        return 0
    return 0
