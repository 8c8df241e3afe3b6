"""When a rule that is asked by time alone may change its answer."""

from __future__ import annotations

import pytest

from tests.support.life import Life
from tests.support.project import read_program, write_facts


@pytest.mark.parametrize(
    ("rule", "stages"),
    [
        ("performed('A')", [("1h", "done")]),
        ("performed('A', within='2d')", [("1h", "done"), ("2d 1h", "other")]),
        ("days_since(customer.due) >= 1", [("2d 10h", "done")]),
        ("days_since(customer.due) >= -0.5", [("1d 10h", "done")]),
        ("customer.due | date < now", [("1d 10h +1us", "done")]),
        (
            "(customer.due if days_since(customer.due) >= 2 else customer.never) | date < now",
            [("3d 10h", "done")],
        ),
    ],
)
def test_a_stage_changes_when_its_rule_does_and_not_before(
    rule: str, stages: list[tuple[str, str]]
) -> None:
    lifecycle = write_facts(
        "n: {count: A}", stages=f'[{{stage: done, if: "{rule}"}}, {{stage: other, if: true}}]'
    )
    life = Life(read_program(lifecycle=lifecycle))
    life.identify("0h", due="2026-01-06T20:00Z")
    life.track("1h", "A")
    life.run("10d")
    assert [(at, stage) for at, stage, _ in life.stages if at != "-1s"] == stages
