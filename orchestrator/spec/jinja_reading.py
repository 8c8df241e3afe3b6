"""The text of an expression to Jinja2's nodes, by Jinja2's own parser; faults say what to write instead.

Jinja2's nodes carry no columns: the place of a fault is found again by looking for the faulty word among the tokens.
"""

from __future__ import annotations

import re

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from orchestrator.domain.errors import ExpressionInvalid

_ENVIRONMENT = Environment()
_FOREIGN = {
    "&&": "write `and`", "&": "write `and`", "||": "write `or`", "!": "write `not`", "$": "write the name without `$`",
    "?": "write `a if condition else b`", "===": "write `==`", "<>": "write `!=`",
}  # fmt: skip


def parse_jinja(text: str) -> nodes.Expr:
    if not text.strip():
        raise ExpressionInvalid("the condition is empty")
    if text.lstrip().startswith("{{"):
        raise ExpressionInvalid("a condition is written without `{{ }}`")
    try:
        parser = Parser(_ENVIRONMENT, text, state="variable")
        tree = parser.parse_expression()
        rest = list(parser.stream)
    except TemplateSyntaxError as fault:
        raise _syntax_fault(text, fault.message or "syntax error") from None
    if rest:
        raise _rest_fault(rest[0].type, str(rest[0].value), _offsets(text)[-len(rest)])
    assert isinstance(tree, nodes.Expr)
    return tree


def _rest_fault(kind: str, value: str, offset: int) -> ExpressionInvalid:
    if kind == "assign":
        return ExpressionInvalid("`=` does not compare: write `==`", offset)
    if kind in ("variable_end", "block_end"):
        return ExpressionInvalid("a condition is written without braces", offset)
    return ExpressionInvalid(f"'{value}' is not expected here: join two conditions with `and` or `or`", offset)


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
        return _foreign_sign(text, at[1], int(at[2]))
    for foreign in ("===", "<>", "||"):
        if (offset := offset_of(text, foreign, exact=False)) > 0:
            return ExpressionInvalid(f"`{foreign}` means nothing here: {_FOREIGN[foreign]}", offset)
    if "end of template" in message or "end of print statement" in message:
        missing = re.search(r"expected (?:token )?'([]),])'", message)
        sign = missing[1].replace(",", ")") if missing else ""
        what = f"`{sign}` is missing at the end" if sign else "the expression ends too early"
        return ExpressionInvalid(what, len(text.rstrip()))
    word = re.search(r"(?:got|unexpected) '([^']*)'", message)
    if word and word[1] == "=":
        return ExpressionInvalid("`=` does not compare: write `==`", offset_of(text, "="))
    return ExpressionInvalid(message.rstrip("."), offset_of(text, word[1]) if word else 0)


def _foreign_sign(text: str, sign: str, offset: int) -> ExpressionInvalid:
    if sign in ("'", '"'):
        return ExpressionInvalid(f"the quote {sign} is not closed", offset)
    sign = next((foreign for foreign in ("&&",) if text.startswith(foreign, offset)), sign)
    hint = f": {_FOREIGN[sign]}" if sign in _FOREIGN else "; put text between quotes"
    return ExpressionInvalid(f"`{sign}` means nothing here{hint}", offset)


def offset_of(text: str, word: str, exact: bool = True) -> int:
    """Where a word first stands as a token of its own (or, not exact, within what the tokens make together)."""
    offset = 0
    try:
        for _, _, token in _ENVIRONMENT.lexer.tokeniter(text, None, None, "variable"):
            if token == word or (not exact and text.startswith(word, offset) and token[0] not in "'\""):
                return offset
            offset += len(token)
    except TemplateSyntaxError:  # the text is faulty, that is why we are here: the start will do
        return 0
    return 0
