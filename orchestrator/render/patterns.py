"""`"%.2f" | format(price)` and `"{:.2f}".format(price)`: patterns that write values, no wider than
a message needs.
"""

from __future__ import annotations

import re
import string

from orchestrator.domain.phrase import say
from orchestrator.domain.values import as_text, read_amount
from orchestrator.render.bounded import plain
from orchestrator.render.budget import TooMuch

CONVERSION = re.compile(r"%(?:\((\w+)\))?([-+ 0#]*)(\d*)(?:\.(\d+))?([sdifFeEgGrxX%])")


def format_text(pattern: object, *values: object, **named: object) -> str:
    """`"%.2f" | format(price)`: a number written as text counts, what cannot be written prints as
    nothing.
    """
    waiting = iter(values)

    def write(match: re.Match[str]) -> str:
        name, flags, width, digits, kind = match.groups()
        if kind == "%":
            return "%"
        if int(width or 0) > 1000 or int(digits or 0) > 100:
            raise TooMuch(say("`format` is given a width over 1000"))
        value = plain(named.get(name) if name else next(waiting, None))
        if kind in "sr":
            value = as_text(value)
        else:
            value = read_amount(value)
            value = int(value) if value is not None and kind in "dixX" else value
        how = f"%{flags}{width}{'.' + digits if digits else ''}{kind}"
        return "" if value is None else how % (value,)

    return CONVERSION.sub(write, as_text(plain(pattern)))


def fill_in(pattern: str, *values: object, **named: object) -> str:
    """`"{:.2f}".format(price)`, as far as it writes values: nothing is looked up inside of them."""
    parts: list[str] = []
    waiting = iter(values)
    for text, name, how, _ in string.Formatter().parse(pattern):
        parts.append(text)
        if name is None:
            continue
        value = (
            next(waiting, None)
            if not name
            else values[int(name)]
            if name.isdigit()
            else named.get(name)
        )
        match = _HOW.fullmatch(how or "")
        if match is None:
            raise TooMuch(say("`format` writes values as `{}`, `{:10}` or `{:.2f}`"))
        amount = read_amount(plain(value)) if how and not how.endswith("s") else None
        amount = int(amount) if amount is not None and (how or "").endswith("d") else amount
        written = (
            format(as_text(plain(value)), "" if match[1] else how or "") if amount is None else ""
        )
        parts.append(written if amount is None else format(amount, how or ""))
    return "".join(parts)


_HOW = re.compile(
    r"(?:[<>^]?\d{1,3})?s?|([<>^]?[-+ ]?0?\d{0,3},?(?:\.\d{1,2})?[fge%]|0?\d{0,2},?d|,)"
)
