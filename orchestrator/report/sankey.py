"""A flow as a drawing: where people were on the left, where they are on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import escape

WIDTH, LABEL, BAR, GAP, HEIGHT = 960, 190, 14, 12, 300


@dataclass(frozen=True, slots=True)
class Stream:
    """How many went from one place to another, by the places' numbers."""

    start: int
    end: int
    people: int


@dataclass(slots=True)
class _Stop:
    """A place on one side: where its bar begins, how high it is, and how far it is filled."""

    name: str
    people: int
    top: float
    height: float
    filled: float = 0.0

    def take(self, height: float) -> float:
        """Where the next ribbon of that height begins."""
        begins = self.top + self.filled
        self.filled += height
        return begins


def draw_flow(names: Sequence[str], streams: Sequence[Stream]) -> str:
    """Ribbons as wide as many people went; places without anybody are left out. "" for nobody."""
    total = sum(one.people for one in streams)
    if not total:
        return ""
    sizes = [
        [sum(s.people for s in streams if s.start == n) for n in range(len(names))],
        [sum(s.people for s in streams if s.end == n) for n in range(len(names))],
    ]
    most = max(sum(size > 0 for size in side) for side in sizes)
    scale = (HEIGHT - GAP * (most - 1)) / total
    left, right = (_stack(names, side, scale) for side in sizes)
    ribbons = [
        _ribbon(left[one.start], right[one.end], one, scale)
        for one in sorted(streams, key=lambda s: (s.start, s.end))
        if one.people
    ]
    bars = [_bar(n, stop, is_left=True) for n, stop in left.items()]
    bars += [_bar(n, stop, is_left=False) for n, stop in right.items()]
    view = f'viewBox="0 0 {WIDTH} {HEIGHT + 8}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {view} aria-hidden="true">'
    return f"{svg}{''.join(ribbons)}{''.join(bars)}</svg>"


def _stack(names: Sequence[str], sizes: Sequence[int], scale: float) -> dict[int, _Stop]:
    found: dict[int, _Stop] = {}
    top = 4.0
    for number, (name, size) in enumerate(zip(names, sizes, strict=True)):
        if size:
            found[number] = _Stop(name, size, top, size * scale)
            top += size * scale + GAP
    return found


def _ribbon(left: _Stop, right: _Stop, stream: Stream, scale: float) -> str:
    height = stream.people * scale
    y0, y1 = left.take(height), right.take(height)
    x0, x1 = LABEL + BAR, WIDTH - LABEL - BAR
    middle = (x0 + x1) / 2
    path = (
        f"M{x0} {y0:.1f}C{middle} {y0:.1f} {middle} {y1:.1f} {x1} {y1:.1f}"
        f"V{y1 + height:.1f}C{middle} {y1 + height:.1f} {middle} {y0 + height:.1f} "
        f"{x0} {y0 + height:.1f}Z"
    )
    return f'<path class="flow color-{stream.start % 6}" d="{path}"/>'


def _bar(number: int, stop: _Stop, *, is_left: bool) -> str:
    x = LABEL if is_left else WIDTH - LABEL - BAR
    anchor, at = ("end", LABEL - 10) if is_left else ("start", WIDTH - LABEL + 10)
    y = stop.top + stop.height / 2 + 4.5
    height = max(stop.height, 1.5)
    place = f'x="{x}" y="{stop.top:.1f}" width="{BAR}" height="{height:.1f}"'
    rect = f'<rect class="stop color-{number % 6}" {place}/>'
    label = f'<tspan class="name">{escape(stop.name)}</tspan> {stop.people:,}'
    return f'{rect}<text x="{at}" y="{y:.1f}" text-anchor="{anchor}">{label}</text>'
