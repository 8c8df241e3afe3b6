from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from orchestrator.measure.figures import FIGURES
from orchestrator.measure.figures.figure import Figure
from orchestrator.measure.figures.inputs import INPUTS
from tests.support.kpis_page import pages, worked


@pytest.mark.parametrize(
    ("page", "wanted"), list(pages()), ids=lambda one: getattr(one, "name", "")
)
def test_the_page_of_key_figures_is_written_from_the_registry(page: Path, wanted: str) -> None:
    """`make kpis` writes it."""
    assert page.read_text("utf-8") == wanted


def test_every_number_that_a_figure_needs_is_told_or_a_figure_itself() -> None:
    needed = {name for figure in FIGURES.values() for name in figure.needs}
    assert needed - FIGURES.keys() <= INPUTS.keys()
    assert INPUTS.keys() - needed == set()


@pytest.mark.parametrize("figure", FIGURES.values(), ids=lambda figure: figure.name)
def test_the_formula_that_is_told_is_the_one_that_is_computed(figure: Figure) -> None:
    told = re.sub(r"[\d.]+", r'Fraction("\g<0>")', worked(figure.formula, figure.example))
    formula, _, result = told.partition(" = ")
    found, wanted = (eval(text, {"Fraction": Fraction}) for text in (formula, result))
    assert round(found, 6) == wanted
