"""The step `onsite`: something in a slot of the shop's own pages."""

from __future__ import annotations

import pytest

from orchestrator.domain.effects import DecisionKind, OnsiteShown
from tests.support.life import Life, after_start
from tests.support.project import read_program

SALE = """
journey: sale
trigger: {event: Viewed}
holdout: %s
steps:
  - onsite: {slot: hero, content: %s%s}
"""


def shown(content: str = "hello", until: str = "", holdout: str = "0%") -> list[OnsiteShown]:
    life = Life(read_program(SALE % (holdout, content, until)), {"sale_ends": "2026-01-08"})
    life.track("0h", "Viewed", name="Lamp", tags=["a"])
    life.run("1h")
    if holdout == "100%":
        assert life.decisions(DecisionKind.HELD_OUT) == [("0s", "onsite")]
    return life.of(OnsiteShown)


@pytest.mark.parametrize(
    ("until", "after"),
    [
        ("", "30d"),
        (", until: 3d", "3d"),
        (", until: 2026-01-06 12:00", "1d 2h"),
        (", until: customer.sale_ends", "3d 13h 59m 59s"),
        (", until: customer.nothing", "30d"),
    ],
)
def test_a_content_is_shown_for_thirty_days_unless_something_else_is_said(
    until: str, after: str
) -> None:
    (one,) = shown(until=until)
    assert after_start(one.until) == after


def test_a_content_may_be_a_text_or_a_map_with_what_is_computed() -> None:
    content = (
        '{title: "For you: {{ entry.name }}", tags: "{{ entry.tags }}", at: "{{ entry.at }}", n: 3}'
    )
    (one,) = shown(content)
    assert one.content == {
        "title": "For you: Lamp", "tags": ["a"], "at": "2026-01-05T10:00:00+00:00", "n": 3,
    }  # fmt: skip


def test_the_control_group_sees_nothing() -> None:
    assert shown(holdout="100%") == []
