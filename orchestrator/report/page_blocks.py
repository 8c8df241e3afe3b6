"""What a page is made of. A block says what is shown; `page_html` and `report_tables` write it.

Each kind of block has a template of its name in `templates/blocks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from orchestrator.report.page_values import Value


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page."""

    shape: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Section(Block):
    """Blocks below a heading; `name` is that of its anchor."""

    title: str
    blocks: Sequence[Block]
    about: str = ""
    name: str = ""

    shape = "section"


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure, large. `was` is its value in the period before."""

    label: str
    value: Value
    was: Value = None
    note: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class Tiles(Block):
    """The figures that matter most, beside each other."""

    tiles: Sequence[Tile]

    shape = "tiles"


@dataclass(frozen=True, slots=True)
class Facts(Block):
    """What is known of one thing: label and value; what is not known is left out."""

    facts: Sequence[tuple[str, Value]]

    shape = "facts"


@dataclass(frozen=True, slots=True)
class Grid(Block):
    """A table. `name` is the file's when it is written as CSV; `empty` is said without rows."""

    name: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Value]]
    empty: str = ""
    note: str = ""

    shape = "grid"


@dataclass(frozen=True, slots=True)
class Heat(Block):
    """A table whose cells are shaded by their share: a label, how many, and a share for each
    column; None where there is none yet."""

    name: str
    title: str
    head: Sequence[str]
    rows: Sequence[tuple[str, int, Sequence[float | None]]]
    note: str = ""

    shape = "heat"


@dataclass(frozen=True, slots=True)
class Matrix(Block):
    """A table whose cells hold lists: a label, and the values of each column."""

    title: str
    head: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Sequence[Value]]]]

    shape = "matrix"


@dataclass(frozen=True, slots=True)
class Plot(Block):
    """A drawing (SVG) that says in words what it shows; the table below it has its figures."""

    title: str
    svg: str
    about: str
    figures: Grid | None = None

    shape = "plot"


@dataclass(frozen=True, slots=True)
class Alert:
    """What asks for a look; `to` leads on, `command` mends it."""

    text: str
    tone: str = "wait"
    to: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Alerts(Block):
    """What needs a look, the worst first; `calm` is said where nothing does."""

    alerts: Sequence[Alert]
    calm: str = ""

    shape = "alerts"


@dataclass(frozen=True, slots=True)
class Prose(Block):
    """A paragraph."""

    text: str

    shape = "prose"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One thing that happened, in a sentence."""

    at: datetime
    text: str
    journey: str = ""
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Timeline(Block):
    """What happened, in the order in which it is given."""

    lines: Sequence[Occurrence]
    empty: str = ""

    shape = "timeline"


@dataclass(frozen=True, slots=True)
class DiagramWay:
    """A way of a node, with how many went it, and the nodes on it."""

    label: str
    people: int | None
    nodes: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Node:
    """A step of a journey's diagram. `came` is how many came to it, `here` how many stand on it."""

    title: str
    text: str
    family: str  # begin, message, wait, fork, action, end
    came: int | None = None
    here: int = 0
    note: str = ""
    ways: Sequence[DiagramWay] = ()


@dataclass(frozen=True, slots=True)
class Diagram(Block):
    """A journey as it is walked, from top to bottom."""

    title: str
    nodes: Sequence[Node]

    shape = "diagram"


@dataclass(frozen=True, slots=True)
class Search(Block):
    """A field to look something up."""

    label: str
    hint: str
    button: str
    page: str
    wanted: str = ""

    shape = "search"


@dataclass(frozen=True, slots=True)
class Views(Block):
    """Views of the same page: label, path and whether it is the one that is shown."""

    label: str
    views: Sequence[tuple[str, str, bool]]

    shape = "choice"


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `is_found` is false for what does not exist."""

    title: str
    blocks: Sequence[Block]
    about: str = ""
    is_found: bool = True


def walk_blocks(blocks: Sequence[Block]) -> list[Block]:
    """Every block, those inside others included."""
    found: list[Block] = []
    for block in blocks:
        found.append(block)
        if isinstance(block, Section):
            found += walk_blocks(block.blocks)
        elif isinstance(block, Plot) and block.figures is not None:
            found.append(block.figures)
    return found
