from __future__ import annotations

from decimal import Decimal

import pytest

from orchestrator.measure.figures import FIGURES
from orchestrator.measure.figures.figure import Figure, Unit, Value, divide


def exact(value: object) -> Value:
    return None if value is None else Decimal(str(value))


@pytest.mark.parametrize("figure", FIGURES.values(), ids=lambda figure: figure.name)
def test_a_figure_gives_what_its_example_worked_by_hand_says(figure: Figure) -> None:
    given = {name: exact(value) for name, value in figure.example.given.items()}
    assert set(given) <= set(figure.needs)
    found = figure.of(given)
    assert (None if found is None else round(Decimal(found), 6)) == (
        None if figure.example.gives is None else Decimal(figure.example.gives)
    )


@pytest.mark.parametrize("figure", FIGURES.values(), ids=lambda figure: figure.name)
def test_a_figure_of_nothing_is_no_value(figure: Figure) -> None:
    assert figure.of({}) is None
    nothing = figure.of(dict.fromkeys(figure.needs, 0))
    assert figure.unit in (Unit.COUNT, Unit.MONEY) or nothing is None


@pytest.mark.parametrize(("part", "whole"), [(1, 0), (0, 0), (None, 1), (1, None), (1.5, 0.0)])
def test_without_a_denominator_there_is_no_value(part: Value, whole: Value) -> None:
    assert divide(part, whole) is None
