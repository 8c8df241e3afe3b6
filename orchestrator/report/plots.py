"""Drawings as SVG by pygal, without its script and its colours: the style sheet of the pages has
them, so that a drawing is light or dark with its page, and prints.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

import pygal
from pygal.style import Style

# pygal looks for its maps at every import from now on, by a way that Python has given up
sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != "pygal"]

_SVG = "http://www.w3.org/2000/svg"
_NOT_DRAWN = ("defs", "desc", "title")
_SIZES = Style(label_font_size=13, major_label_font_size=13, legend_font_size=14)
WIDTH, HEIGHT = 960, 300


@dataclass(frozen=True, slots=True)
class PlotLine:
    """A row of values, one for each place on the axis; None where there is none."""

    name: str
    values: Sequence[float | int | None]


def draw_lines(
    places: Sequence[str],
    lines: Sequence[PlotLine],
    write: Callable[[float], str] = "{:,.0f}".format,
    labels_max: int = 8,
) -> str:
    """Lines over an axis of days or months, with as many of its labels as there is room for."""
    return _draw(pygal.Line, places, lines, write, labels_max, show_dots=False)


def draw_bars(
    places: Sequence[str],
    lines: Sequence[PlotLine],
    write: Callable[[float], str] = "{:,.0f}".format,
    labels_max: int = 12,
) -> str:
    """Bars beside each other."""
    return _draw(pygal.Bar, places, lines, write, labels_max)


def _draw(
    kind: type[pygal.Line] | type[pygal.Bar],
    places: Sequence[str],
    lines: Sequence[PlotLine],
    write: Callable[[float], str],
    labels_max: int,
    **options: object,
) -> str:
    chart = kind(
        width=WIDTH, height=HEIGHT, js=(), css=(), style=_SIZES, value_formatter=write,
        show_legend=len(lines) > 1, legend_at_bottom=True, legend_at_bottom_columns=len(lines),
        show_minor_x_labels=False, include_x_axis=True, max_scale=6, margin=10, spacing=8,
        truncate_label=-1,
        **options,
    )  # fmt: skip
    chart.x_labels = list(places)
    every = -(-len(places) // labels_max) or 1
    chart.x_labels_major = [place for n, place in enumerate(places) if n % every == 0]
    for line in lines:
        chart.add(line.name, list(line.values))
    return _bare(chart.render_tree())


def _bare(tree: Xml.Element) -> str:
    """The drawing alone: no styles, no script, no texts for its tooltips."""
    for parent in list(tree.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or _local(child.tag) in _NOT_DRAWN:
                parent.remove(child)
    tree.attrib.pop("id", None)
    tree.set("aria-hidden", "true")
    Xml.register_namespace("", _SVG)
    return Xml.tostring(tree, encoding="unicode")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
