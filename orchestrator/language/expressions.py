"""Conditions and values as an author writes them: Jinja2 expressions, with or without braces around
them.
"""

from __future__ import annotations

import re

from orchestrator.domain.closures import compile_condition, compile_expression
from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.expression import Compiled, Condition, Expr, Scope, Value
from orchestrator.domain.phrase import said_by, say
from orchestrator.domain.values import as_text
from orchestrator.language.translation import parse_tree
from orchestrator.language.where import Where


def parse_condition(text: str | bool, where: Where) -> Condition:
    """The condition of an `if`; raises ExpressionInvalid with the offset into the text."""
    if isinstance(text, bool):
        text = "true" if text else "false"
    tree = parse_tree(text, where)
    return compile_condition(tree, text)


def parse_computed(text: str, where: Where) -> Value:
    """A value that is always an expression, braces or not (`value: event.total`); raises
    ExpressionInvalid.
    """
    if "{{" in text:
        return parse_value(text, where)
    tree = parse_tree(text, where)
    return Value(text, compile_expression(tree), (tree,))


def parse_value(value: object, where: Where) -> Value:
    """A step's value: plain data stays, `{{ … }}` is computed; one lone `{{ … }}` keeps its type,
    mixed text is joined.

    Lists and maps are searched for text with `{{ … }}` too. Raises ExpressionInvalid.
    """
    trees: list[Expr] = []
    return Value(value, _compile_value(value, where, trees), tuple(trees))


# ---------------------------------------------------------------- values with braces

_BRACES = re.compile(  # without `{{` inside: each search would run to the end of the text
    r"""\{\{((?:[^'"{}]|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\{(?!\{)|\}(?!\}))*)\}\}""", re.DOTALL
)
TEXT_MAX = 20_000
_BLOCK = re.compile(r"\{%|\{#|\{\{")


def _compile_value(value: object, where: Where, trees: list[Expr]) -> Compiled:
    if isinstance(value, str):
        return _compile_text(value, where, trees)
    if isinstance(value, list):
        items = [_compile_value(item, where, trees) for item in value]
        return lambda scope: [item(scope) for item in items]
    if isinstance(value, dict):
        fields = {key: _compile_value(item, where, trees) for key, item in value.items()}
        return lambda scope: {key: item(scope) for key, item in fields.items()}
    return lambda scope: value


def _compile_text(text: str, where: Where, trees: list[Expr]) -> Compiled:
    if len(text) > TEXT_MAX:
        raise ExpressionInvalid(say("this text is longer than {most} characters", most=TEXT_MAX))
    parts: list[str | Compiled] = []
    end = 0
    for match in _BRACES.finditer(text):
        parts.append(_plain(text, end, match.start()))
        try:
            trees.append(parse_tree(match[1], where))
        except ExpressionInvalid as fault:
            raise ExpressionInvalid(said_by(fault), match.start(1) + fault.offset) from None
        parts.append(compile_expression(trees[-1]))
        end = match.end()
    parts.append(_plain(text, end, len(text)))
    kept = [part for part in parts if not isinstance(part, str) or part]
    if len(kept) == 1 and not isinstance(kept[0], str):
        return kept[0]
    if all(isinstance(part, str) for part in kept):
        return lambda scope: text
    return _joined(kept)


def split_text(text: str) -> list[str]:
    """Text cut before and behind each `{{ … }}`, which is a part of its own."""
    parts, end = [], 0
    for match in _BRACES.finditer(text):
        parts += [text[end : match.start()], match[0]]
        end = match.end()
    return [part for part in (*parts, text[end:]) if part]


def _plain(text: str, start: int, end: int) -> str:
    if block := _BLOCK.search(text, start, end):
        hint = (
            say("close it with `}}`")
            if block[0] == "{{"
            else say("only `{{ … }}` is accepted outside templates")
        )
        raise ExpressionInvalid(say("`{tag}`: {hint}", tag=block[0], hint=hint), block.start())
    return text[start:end]


def _joined(parts: list[str | Compiled]) -> Compiled:
    def run(scope: Scope) -> str:
        return "".join(part if isinstance(part, str) else as_text(part(scope)) for part in parts)

    return run
