"""Blocks as HTML, by one template for each kind of block."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from orchestrator.domain.phrase import Phrase, say, say_number
from orchestrator.report.page_blocks import Block, Heat, Page
from orchestrator.report.page_values import (
    NUMERIC,
    Badge,
    Code,
    Money,
    Number,
    PageLink,
    Portion,
    Value,
    When,
)
from orchestrator.report.page_writing import Writing

_TEMPLATES = Environment(
    loader=PackageLoader("orchestrator.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
SHADES = 10
_CODE = re.compile("`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Look:
    """How blocks become HTML. `link` gives the address of a page from its path; None: it is not
    there to be led to, so that its name is all that is shown."""

    writing: Writing
    link: Callable[[str], str | None]

    def page(self, page: Page) -> Markup:
        """The content of a page."""
        return self._render("page.html", page=page)

    def blocks(self, blocks: Sequence[Block]) -> Markup:
        """Blocks below each other."""
        return Markup("").join(self.block(block) for block in blocks)

    def block(self, block: Block) -> Markup:
        """One block, by the template of its shape."""
        return self._render(f"blocks/{block.shape}.html", block=block)

    def tell(self, text: str) -> str:
        """Words in the project's language."""
        return self.writing.tell(text)

    def show(self, value: Value) -> Markup:
        """How a value stands on a page."""
        text = self.writing.write(value)
        match value:
            case None:
                return Markup('<span class="none">{}</span>').format(text)
            case PageLink(_, to):
                return self.anchor(text, to)
            case Badge(_, tone):
                return Markup('<span class="badge {}">{}</span>').format(tone, text)
            case Code():
                return Markup("<code>{}</code>").format(text)
            case When(at):
                return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), text)
        return quoted(text)

    def prose(self, text: str) -> Markup:
        """A sentence, with what stands between backticks as code."""
        return quoted(self.tell(text))

    def anchor(self, text: str, to: str) -> Markup:
        """Text that leads to a page, where that can be led to."""
        address = self.link(to)
        if address is None:
            return Markup.escape(text)
        return Markup('<a href="{}">{}</a>').format(address, text)

    def change(self, now: Value, was: Value) -> tuple[str, str]:
        """How a figure changed since the period before, and which way: up, down or same."""
        before, after = amount_of(was), amount_of(now)
        if before is None or after is None:
            return "", ""
        way = "up" if after > before else "down" if after < before else "same"
        if isinstance(now, Portion):
            return self.writing.write(Portion(after - before, is_change=True)), way
        if not before:
            return "", way
        text = self.writing.write(Portion(abs(after - before) / abs(before)))
        return f"{'+' if way == 'up' else '−' if way == 'down' else ''}{text}", way

    def _render(self, template: str, **context: object) -> Markup:
        return Markup(_TEMPLATES.get_template(template).render(look=self, **context))


def render_whole(look: Look, template: str, **context: object) -> str:
    """A file of its own."""
    return _TEMPLATES.get_template(template).render(look=look, **context)


def quoted(text: str) -> Markup:
    """Text whose backticks enclose code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(Markup.escape(text))))


def amount_of(value: Value) -> float | None:
    """The number in a value; None where it has none."""
    match value:
        case Money(amount):
            return float(amount)
        case Portion(part):
            return part
        case Number(number):
            return number
        case int():
            return value
    return None


def is_numeric(value: Value) -> bool:
    """Whether a value stands to the right."""
    return value is None or isinstance(value, NUMERIC)


def numeric_columns(rows: Sequence[Sequence[Value]], columns: int) -> list[bool]:
    """Which columns of a table hold nothing but numbers."""
    return [bool(rows) and all(is_numeric(row[index]) for row in rows) for index in range(columns)]


def shown_columns(rows: Sequence[Sequence[Value]], columns: int) -> list[int]:
    """The columns of a table that say anything; figures that are not known say so."""
    return [
        index for index in range(columns) if index == 0 or any(row[index] != "" for row in rows)
    ]


def shade(heat: Heat, part: float | None) -> int:
    """How dark a cell is, from 0 to SHADES: as a part of the largest of the table."""
    parts = [one for _, _, row in heat.rows for one in row if one is not None]
    top = max(parts, default=0.0)
    return 0 if part is None or top <= 0 else round(SHADES * part / top)


class Words:
    """What templates say themselves."""

    skip = say("To the content")
    chapters = say("Chapters")
    before = say("before:")
    figures = say("The figures")
    came = say("came here")
    goes_on = say("goes on")

    @staticmethod
    def here(number: int) -> Phrase:
        """How many stand at a step."""
        return say_number("{number:,} is here", "{number:,} are here", number)


_TEMPLATES.globals |= {
    "words": Words,
    "Portion": Portion,
    "When": When,
    "shade": shade,
    "numeric_columns": numeric_columns,
    "shown_columns": shown_columns,
}
