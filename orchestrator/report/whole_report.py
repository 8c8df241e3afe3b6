"""All pages in one file that needs no network, and their tables as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from orchestrator.domain.phrase import Phrase, say
from orchestrator.report.desk_style import DESK_STYLE
from orchestrator.report.page_blocks import (
    Block,
    Grid,
    Heat,
    Page,
    Search,
    Section,
    Views,
    walk_blocks,
)
from orchestrator.report.page_html import Look, render_whole
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import Value, When
from orchestrator.report.page_writing import Writing, plain, writing_of

OF_A_JOURNEY = "journeys-"  # how the names of their chapters begin


@dataclass(frozen=True, slots=True)
class Chapter:
    """A page of the report; `name` is that of its anchor."""

    name: str
    page: Page


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table as it is written to a file of its name."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def write_report(source: Source, chapters: Sequence[Chapter]) -> str:
    """The file, in the project's language."""
    anchors = {chapter.name for chapter in chapters}

    def link(path: str) -> str | None:
        name = path.partition("?")[0].replace("/", "-") or "overview"
        return f"#{name}" if name in anchors else None

    look = Look(writing_of(source), link)
    as_of = say("As of {time}", time=look.writing.write(When(source.now)))
    shown = [replace(one, page=replace(one.page, blocks=_lasting(one.page.blocks, one.name)))
             for one in chapters]  # fmt: skip
    return render_whole(
        look,
        "report.html",
        name=source.config.project.name,
        chapters=shown,
        style=Markup(DESK_STYLE),
        as_of=look.tell(as_of),
    )


def _lasting(blocks: Sequence[Block], chapter: str) -> list[Block]:
    """The blocks without what only a running page can do; sections of one name in several chapters
    are told apart.
    """
    return [
        replace(
            block,
            blocks=_lasting(block.blocks, chapter),
            name=f"{chapter}-{block.name}" if block.name else "",
        )
        if isinstance(block, Section)
        else block
        for block in blocks
        if not isinstance(block, Search | Views)
    ]


def tables_of(source: Source, chapters: Sequence[Chapter]) -> Iterator[ReportTable]:
    """Every table of the report, one of each name; those of a journey carry its name."""
    writing, seen = writing_of(source), set[str]()
    for chapter in chapters:
        for block in walk_blocks(chapter.page.blocks):
            if isinstance(block, Grid | Heat) and block.rows:
                name = _file_name(chapter, block)
                if name not in seen:
                    seen.add(name)
                    yield replace(_table(block, writing), name=name)


def _file_name(chapter: Chapter, block: Grid | Heat) -> str:
    journey = chapter.name.removeprefix(OF_A_JOURNEY)
    if journey == chapter.name or journey in block.name:
        return block.name
    return f"{block.name}_{journey}"


def _table(block: Grid | Heat, writing: Writing) -> ReportTable:
    head = [writing.tell(one) for one in block.head]
    if isinstance(block, Heat):
        rows = [[label, str(size), *("" if part is None else repr(round(part, 6))
                                     for part in parts)]
                for label, size, parts in block.rows]  # fmt: skip
        return ReportTable(block.name, head, rows)
    return ReportTable(
        block.name, head, [[_cell(one, writing) for one in row] for row in block.rows]
    )


def _cell(value: Value, writing: Writing) -> str:
    text = plain(value)
    return writing.tell(value) if isinstance(value, Phrase) else text
