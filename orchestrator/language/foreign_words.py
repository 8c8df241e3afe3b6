"""What authors write who know other tools, spreadsheets or SQL, and what it is called in this
language.

Jinja2's parser would refuse all of it too, in words for programmers. Nothing here is valid in an
expression, so looking for it before parsing can refuse no good one. Text between quotes is left
alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.phrase import Phrase, say, strung
from orchestrator.domain.suggestion import did_you_mean

_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_OPERAND = r"""(?<![\w.\[\]])(?P<left>[\w.\[\]]+)\s+"""
_VALUE = r"""\s+(?P<right>"\s*"|'\s*'|[\w.]+)"""

#: What other tools call the customer.
CUSTOMER_ELSEWHERE = frozenset({
    "person", "people", "profile", "user", "contact", "subscriber", "recipient", "member", "lead",
    "client", "shopper",
})  # fmt: skip
#: What the event is called elsewhere.
_EVENT_ELSEWHERE = frozenset({"trigger", "properties", "props", "payload", "metric", "message"})


def _root_elsewhere(name: str, known: Collection[str]) -> str:
    """What to write for a name of another tool, in lower case; "" for words nobody uses."""
    if name in ("today", "date", "time"):
        return say("; write `now`")
    if name in CUSTOMER_ELSEWHERE and "customer" in known:
        return say("; the person is called `customer`")
    if name in _EVENT_ELSEWHERE and "event" in known:
        return say("; a property of the event is written `event.price`")
    if name in ("segment", "segments", "list", "audience") and "customer" in known:
        return say('; write `in_segment("vip")`')
    if name in ("secrets", "secret", "env"):
        return say("; a secret stands in the url, headers and body of a `webhook` only")
    return ""


_HOLDS_X = say('means nothing here: write `"x" in event.name` to ask whether a text holds x')

#: What other tools, spreadsheets or SQL have as functions.
FUNCTIONS_ELSEWHERE = {
    "now": say("write `now`, without brackets"), "today": say("write `now`, without brackets"),
    "len": say("write `event.products | length`"), "size": say("write `event.products | length`"),
    "count": say('write `performed("Order Completed", at_least=3)`'),
    "contains": say('write `"x" in event.name`'),
    "includes": say('write `"x" in event.name`'), "exists": say("write `x is defined`"),
    "isset": say("write `x is defined`"), "not": say("write `not` and the condition"),
    "if": say("write `a if condition else b`"),
    "age": say("write `days_since(customer.birthday) >= 6574`"),
    "ordered": say('write `performed("Order Completed")`'),
    "purchased": say('write `performed("Order Completed")`'),
}  # fmt: skip

_SIGNS = {
    "=>": say("does not compare: write `>=`"), "=<": say("does not compare: write `<=`"),
    "===": say("does not compare: write `==`"), "!==": say("does not compare: write `!=`"),
    "<>": say("means nothing here: write `!=`"), "≠": say("means nothing here: write `!=`"),
    "≥": say("means nothing here: write `>=`"), "≤": say("means nothing here: write `<=`"),
    "&&": say("means nothing here: write `and`"), "&": say("means nothing here: write `and`"),
    "||": say("means nothing here: write `or`"),
    "->": say("means nothing here: write a point, as in `event.price`"),
    "=~": _HOLDS_X, "~=": _HOLDS_X,
    ">>": say("does not compare: write `>`"), "<<": say("does not compare: write `<`"),
    "??": say("means nothing here: write `x | default(y)`"),
    "?": say("means nothing here: write `a if condition else b`"),
    ";": say("means nothing here: leave it out"), "×": say("means nothing here: write `*`"),
    "÷": say("means nothing here: write `/`"), "−": say("means nothing here: write `-`"),
    "–": say("means nothing here: write `-`"), "—": say("means nothing here: write `-`"),
}  # fmt: skip
_SIGN = re.compile(
    "|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True)) + "|!(?!=)"
)

_QUOTES = "„“”‟«»‹›‚‘’`´"
_TYPOGRAPHIC = re.compile(f"[{_QUOTES}]\\s*(?P<text>[^{_QUOTES}]*)")
_MONEY = re.compile(
    r"[€£¥$]\s*(?P<before>\d[\d.]*)|(?P<after>\d[\d.]*)\s*(?:[€£¥$]|(?:EUR|USD|GBP|CHF)\b)"
)
_DOLLAR = re.compile(r"\$\{?")
_SHARE = re.compile(r"(?P<number>\d[\d.]*)\s*%\s*(?=$|\)|,|(?:and|or|if|else)\b)")
_DATE = re.compile(r"(?<![\w.])(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}([./])\d{1,2}\1\d{4})(?!\w)")
_NUMBER = re.compile(r"(?<!\w)\d[\d_.]*")
_SPAN = re.compile(
    r"(?<![\w.])(?P<amount>\d[\d.]*)\s?"
    r"(?P<unit>[smhdw]|sec(?:ond)?s?|min(?:ute)?s?|hours?|days?|weeks?|months?)\b"
)
_COMPARED = re.compile(r"(?P<name>\w+\.[\w.]+)\s*(?P<sign>[<>]=?)\s*(?P<ago>now\s*-\s*)?$")
_TURNED = str.maketrans("<>", "><")  # what was before an instant is longer ago
_CAPITALS = re.compile(r"(?<![\w.])(?P<word>AND|OR|NOT|IN|IS|IF|ELSE)\b(?!\s*=)")
_LEADING_IF = re.compile(r"\s*if\b")

_IN_WORDS = {
    "greater than or equal to": ">=", "less than or equal to": "<=", "greater than": ">",
    "more than": ">", "less than": "<", "at least": ">=", "at most": "<=", "not equal to": "!=",
    "equal to": "==", "equals": "==", "equal": "==", "eq": "==", "gte": ">=", "lte": "<=",
    "gt": ">", "lt": "<",
}  # fmt: skip
_COMPARISON = re.compile(
    _OPERAND
    + r"(?:is\s+)?(?P<word>"
    + "|".join(words.replace(" ", r"\s+") for words in _IN_WORDS)
    + r")\b(?!\s*[=(.])(?:"
    + _VALUE
    + ")?"
)
_IS_VALUE = re.compile(_OPERAND + r"(?P<word>is(?:\s+not)?)\s+(?P<right>\"\s*\"|'\s*'|\d[\d.]*)")
_HOLDS = re.compile(
    _OPERAND
    + r"(?P<not>(?:does\s+)?not\s+)?"
    + r"(?P<word>contains?|includes?|has|like|match(?:es)?|starts?[\s_]?with|ends?[\s_]?with)"
    + r"\b(?!\s*[=(.])(?:"
    + _VALUE
    + ")?"
)
_BETWEEN = re.compile(
    _OPERAND + r"(?P<word>between)\b(?!\s*[=(.])(?:\s+(?P<low>[\w.]+)\s+and\s+(?P<high>[\w.]+))?"
)
_IS_THERE = re.compile(
    _OPERAND
    + r"(?P<word>is\s+(?P<not>not\s+)?"
    + r"(?P<what>set|present|null|nil|empty|missing|blank|unknown|known)|exists)\b(?!\s*[=(.])"
)


def refuse_foreign(text: str) -> None:
    """Raises ExpressionInvalid where an expression holds signs or words of another language,
    with what to write.
    """
    bare = without_texts(text)
    faults = [fault for find in _FINDERS for fault in find(text, bare)]
    if faults:
        raise min(faults, key=lambda fault: fault.offset)


def without_texts(text: str) -> str:
    """An expression with blanks for what stands between quotes, each sign at its own place."""
    return _QUOTED.sub(lambda match: match[0][0] + " " * (len(match[0]) - 2) + match[0][-1], text)


Faults = Iterator[ExpressionInvalid]


def _signs(text: str, bare: str) -> Faults:
    for match in _SIGN.finditer(bare):
        sign = match[0]
        meaning = _SIGNS.get(sign, say("means nothing here: write `not`"))
        yield ExpressionInvalid(
            say("`{sign}` {meaning}", sign=sign, meaning=meaning), match.start()
        )


def _quotes(text: str, bare: str) -> Faults:
    if match := _TYPOGRAPHIC.search(bare):
        inside = text[match.start("text") : match.end("text")].strip()
        shown = (
            say('write straight ones, "{inside}"', inside=inside)
            if inside and '"' not in inside
            else say('write straight ones, "…"')
        )
        yield ExpressionInvalid(
            say("`{found}` is no quote here: {shown}", found=match[0][0], shown=shown),
            match.start(),
        )


def _amounts(text: str, bare: str) -> Faults:
    if match := _MONEY.search(bare):
        number = match["before"] or match["after"]
        yield ExpressionInvalid(
            say("an amount is written without its currency: {number}", number=number), match.start()
        )
    elif match := _DOLLAR.search(bare):
        yield ExpressionInvalid(
            say("`$` means nothing here: write the name without `$`"), match.start()
        )
    if match := _SHARE.search(bare):
        yield ExpressionInvalid(
            say("a share is written without `%`: {number}", number=match["number"]), match.start()
        )


def _numbers(text: str, bare: str) -> Faults:
    for number in _NUMBER.finditer(bare):
        for offset, sign in enumerate(number[0], number.start()):
            if not sign.isascii():
                digit = unicodedata.digit(sign, None)
                yield ExpressionInvalid(
                    say("`{sign}` is no digit here: write {digit}", sign=sign, digit=digit), offset
                )


def _times(text: str, bare: str) -> Faults:
    if match := _DATE.search(bare):
        shown = match[0] if "-" in match[0] else "2026-12-31"
        yield ExpressionInvalid(
            say('a date stands between quotes, the year first: "{shown}"', shown=shown),
            match.start(),
        )
    if match := _SPAN.search(bare):
        yield ExpressionInvalid(_instead_of_span(match, bare[: match.start()]), match.start())


def _instead_of_span(span: re.Match[str], before: str) -> Phrase:
    written = f"{span['amount']}{span['unit'][0]}"
    if before.rstrip().endswith("="):
        return say('a duration stands between quotes: "{written}"', written=written)
    if before.rstrip().endswith(","):
        return say(
            'a duration stands between quotes, with its name: within="{written}"', written=written
        )
    name, sign, number = "customer.last_order_at", ">=", "30"
    if compared := _COMPARED.search(before):
        name, sign = compared["name"], compared["sign"]
        sign = sign.translate(_TURNED) if compared["ago"] else sign
        number = span["amount"] if span["unit"][0] == "d" else number
    return say(
        "`{found}` cannot be compared: write `days_since({name}) {sign} {number}`, a number of "
        "days",
        found=span[0],
        name=name,
        sign=sign,
        number=number,
    )


def _words(text: str, bare: str) -> Faults:
    if match := _CAPITALS.search(bare):
        yield ExpressionInvalid(
            say("write `{word}` in small letters", word=match["word"].lower()), match.start("word")
        )
    if _LEADING_IF.match(bare):
        yield ExpressionInvalid(
            say("the condition begins without `if`: leave the word out"), bare.index("if")
        )
    for match in _COMPARISON.finditer(bare):
        operator = _IN_WORDS[" ".join(match["word"].split())]
        yield _say(match, text, f"{{left}} {operator} {{right}}", "10")
    for match in _IS_VALUE.finditer(bare):
        yield _say(
            match, text, "{left} != {right}" if "not" in match["word"] else "{left} == {right}", ""
        )
    for match in _HOLDS.finditer(bare):
        yield _say(
            match, text, "{right} not in {left}" if match["not"] else "{right} in {left}", '"x"'
        )
    for match in _BETWEEN.finditer(bare):
        low, high = match["low"] or "5", match["high"] or "10"
        yield _say(match, text, f"{low} <= {{left}} and {{left}} <= {high}", "")
    for match in _IS_THERE.finditer(bare):
        there = match["what"] in (None, "set", "present", "known")
        yield _say(
            match,
            text,
            "{left} is defined" if there != bool(match["not"]) else "{left} is not defined",
            "",
        )


def _say(match: re.Match[str], text: str, instead: str, example: str) -> ExpressionInvalid:
    """The fault of a word, with what to write: the author's own operands where they are simple."""
    found = match.groupdict()
    right = text[match.start("right") : match.end("right")] if found.get("right") else example
    left = found["left"] if found["left"] not in ("and", "or", "not") else "event.name"
    written = instead.format(left=left, right=right.replace("%", ""))
    return ExpressionInvalid(
        say(
            "`{word}` is no word of the language: write `{written}`",
            word=match["word"],
            written=written,
        ),
        match.start("word"),
    )


_FINDERS: tuple[Callable[[str, str], Faults], ...] = (
    _signs,
    _quotes,
    _amounts,
    _numbers,
    _times,
    _words,
)


def instead_of(name: str, names: Collection[str]) -> str:
    """What to write for a name that nothing here has; `names` are those that are known."""
    if near := did_you_mean(name, names):
        return near
    if said := _root_elsewhere(name.lower(), names):
        return said
    roots = {
        "event": say("a property of the event"),
        "entry": say("a property of what started the journey"),
        "customer": say("a fact or trait"),
    }
    places = [
        say("`{root}.{name}` for {what}", root=root, name=name, what=what)
        for root, what in roots.items()
        if root in names
    ]
    return say(
        "; write {listed}, or '{name}' between quotes for text", listed=strung(places), name=name
    )
