"""The picture of the house, drawn from its imports: `python -m tests.support.picture` writes
docs/house.md and docs/images/house.svg; a test compares them with the source.

Rooms are packages, floors the layers of the import contract in pyproject.toml. An arrow goes from a
room to one whose modules it imports; one that follows from others (a → b → c makes a → c) is left
out, else nobody could see the rest.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import mean

from tests.support.house import ROOT, Graph, imports, read

PAGE, PICTURE = ROOT / "docs/house.md", ROOT / "docs/images/house.svg"
FLOOR_H, ROOM_H, LETTER_W, PADDING_W, GAP_W, MARGIN_W = 78, 34, 8.6, 28, 22, 40
SWEEPS = 24

Floors = list[list[str]]


# ---------------------------------------------------------------- what is drawn


def floors() -> Floors:
    """The rooms by their names, from the roof to the cellar."""
    contracts = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    return [[_short(room) for room in layer.split(" | ")] for layer in contracts[0]["layers"]]


def _short(module: str) -> str:
    """`engine` of `orchestrator.engine.tick`, `channels` of `channels.mime`."""
    parts = module.split(".")
    return parts[1] if parts[0] == "orchestrator" and len(parts) > 1 else parts[0]


def arrows() -> dict[str, set[str]]:
    """Each room, and the rooms that it imports."""
    found: dict[str, set[str]] = {room: set() for floor in floors() for room in floor}
    for module, others in imports().items():
        if (room := _short(module)) in found:
            found[room] |= {_short(other) for other in others} & found.keys() - {room}
    return found


def bare(graph: Graph) -> dict[str, set[str]]:
    """The graph without the arrows that follow from others."""

    def reach(room: str) -> set[str]:
        return graph[room].union(*(reach(other) for other in graph[room]))

    return {
        room: others - set().union(*(reach(other) for other in others))
        for room, others in graph.items()
    }


# ---------------------------------------------------------------- where it is drawn


def with_passages(rows: Floors, graph: Graph) -> tuple[Floors, list[list[str]]]:
    """The floors with a place on each that an arrow passes by, and the arrows as chains of places."""
    level = {room: number for number, floor in enumerate(rows) for room in floor}
    wide, chains = [list(floor) for floor in rows], []
    for room in level:
        for other in sorted(graph[room]):
            chain = [room]
            for number in range(level[room] + 1, level[other]):
                chain.append(f"{room}>{other}@{number}")
                wide[number].append(chain[-1])
            chains.append([*chain, other])
    return wide, chains


def place(rows: Floors, chains: Sequence[Sequence[str]]) -> dict[str, float]:
    """The middle of each place, so that arrows are short and seldom cross: floors are ordered and
    moved by the mean of their neighbours, up and down in turns.
    """
    neighbours: dict[str, list[str]] = {name: [] for row in rows for name in row}
    for chain in chains:
        for upper, lower in pairwise(chain):
            neighbours[upper].append(lower)
            neighbours[lower].append(upper)
    x = {
        name: at
        for row in rows
        for name, at in zip(row, _spread(row, [0.0] * len(row)), strict=True)
    }
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 else reversed(rows):
            wanted = {name: mean([x[n] for n in neighbours[name]] or [0.0]) for name in row}
            row.sort(key=lambda name: (wanted[name], name))
            x.update(zip(row, _spread(row, [wanted[name] for name in row]), strict=True))
    return x


def _spread(row: Sequence[str], wanted: Sequence[float]) -> list[float]:
    """As near to where they are wanted as their widths allow, in this order (isotonic regression by
    pooling adjacent violators).
    """
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (width(left) + width(right)) / 2 + GAP_W)
    blocks: list[list[float]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        blocks.append([want - offset])
        while len(blocks) > 1 and mean(blocks[-2]) > mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    flat = [mean(block) for block in blocks for _ in block]
    return [at + offset for at, offset in zip(flat, offsets, strict=True)]


def width(name: str) -> float:
    return 4 if is_passage(name) else len(name) * LETTER_W + PADDING_W


def is_passage(name: str) -> bool:
    return ">" in name


# ---------------------------------------------------------------- drawing


def draw() -> str:
    """The picture as SVG."""
    rows, chains = with_passages(floors(), bare(arrows()))
    x = place(rows, chains)
    y = {name: number * FLOOR_H + FLOOR_H / 2 for number, row in enumerate(rows) for name in row}
    left = min(at - width(name) / 2 for name, at in x.items()) - MARGIN_W
    total_w = max(at + width(name) / 2 for name, at in x.items()) + MARGIN_W - left
    total_h = len(rows) * FLOOR_H
    body = [_floor(left, number, total_w) for number in range(len(rows))]
    body += [_arrow(points, number) for number, points in enumerate(_routes(chains, x, y))]
    body += [_room(name, x[name], y[name]) for row in rows for name in row if not is_passage(name)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.0f} 0 {total_w:.0f} {total_h}" '
        f'width="{total_w:.0f}" height="{total_h}" font-family="sans-serif" font-size="15">'
    )
    return "\n".join([head, _STYLE, *body, "</svg>", ""])


_STYLE = """\
<title>The rooms of Parcours and what they import</title>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 L8 4 L0 8 z" fill="#64748b"/></marker></defs>"""


def _floor(left: float, number: int, width_: float) -> str:
    shade = "#f8fafc" if number % 2 else "#eef2f7"
    return (
        f'<rect x="{left:.0f}" y="{number * FLOOR_H}" width="{width_:.0f}" height="{FLOOR_H}" '
        f'fill="{shade}"/>'
    )


def _room(name: str, x: float, y: float) -> str:
    w = width(name)
    return (
        f'<g><rect x="{x - w / 2:.1f}" y="{y - ROOM_H / 2}" width="{w:.1f}" height="{ROOM_H}" rx="5" '
        f'fill="#ffffff" stroke="#334155"/><text x="{x:.1f}" y="{y + 5}" text-anchor="middle" '
        f'fill="#0f172a">{name}</text></g>'
    )


Point = tuple[float, float]


def _routes(
    chains: Sequence[Sequence[str]], x: Mapping[str, float], y: Mapping[str, float]
) -> list[list[Point]]:
    """The points of each arrow; those of one room leave and arrive side by side."""
    leaving, arriving = _ports(chains, x, 0, 1), _ports(chains, x, -1, -2)
    return [
        [
            (leaving[number], y[chain[0]] + ROOM_H / 2),
            *((x[name], y[name]) for name in chain[1:-1]),
            (arriving[number], y[chain[-1]] - ROOM_H / 2),
        ]
        for number, chain in enumerate(chains)
    ]


def _ports(
    chains: Sequence[Sequence[str]], x: Mapping[str, float], end: int, beside: int
) -> dict[int, float]:
    ports = {}
    for room in {chain[end] for chain in chains}:
        mine = [number for number, chain in enumerate(chains) if chain[end] == room]
        mine.sort(key=lambda number: x[chains[number][beside]])
        for place_, number in enumerate(mine, 1):
            ports[number] = x[room] + width(room) * (place_ / (len(mine) + 1) - 0.5)
    return ports


def _arrow(points: Sequence[Point], number: int) -> str:
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x1, y1), (x2, y2) in pairwise(points):
        bend = (y2 - y1) / 2
        path += f" C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"
    shade = ("#64748b", "#94a3b8", "#475569")[number % 3]
    return f'<path d="{path}" fill="none" stroke="{shade}" stroke-width="1.4" marker-end="url(#head)"/>'


# ---------------------------------------------------------------- the page


def page() -> str:
    """The picture with what each room holds, in its own words."""
    uses = bare(arrows())
    rows = [
        f"| `{room}` | {_what(room)} | {', '.join(sorted(uses[room])) or 'nothing of ours'} |"
        for floor in floors()
        for room in floor
    ]
    head = "| room | what it holds | uses, beside what those use |\n|---|---|---|"
    return "\n".join([_HEAD, head, *rows, ""])


_HEAD = """\
# The house

The rooms of Parcours, from the roof to the cellar. Imports go downwards only: an arrow leads from a room to one that it
imports, and one that follows from others is left out. `make picture` draws it from the source; a test says when it is old.

![The rooms and what they import](images/house.svg)
"""


def _what(room: str) -> str:
    """The first sentence of the room's own docstring."""
    folder = ROOT / room if room in ("channels", "flows") else ROOT / "orchestrator" / room
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    docstring = ast.get_docstring(ast.parse(read(path))) or ""
    sentence = re.match(r"(.+?[.!?])(?:\s|$)", docstring.replace("\n", " "), re.DOTALL)
    assert sentence, f"{path} says in one sentence what the room holds"
    return sentence[1]


def files() -> dict[Path, str]:
    """What is to lie in docs/."""
    return {PAGE: page(), PICTURE: draw()}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, "utf-8")
