"""What lets people in, in words."""

from __future__ import annotations

import pytest

from tests.support.project import LIFECYCLE, read_program


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        ("{stage: new_customer}", "on becoming new_customer"),
        (
            "{stage: new_customer, from: prospect}",
            "on becoming new_customer, coming from prospect",
        ),
    ],
)
def test_a_change_of_stage_is_told_with_the_stage_it_must_come_from(
    trigger: str, words: str
) -> None:
    text = f"journey: hello\ntrigger: {trigger}\nsteps: [{{email: hello}}]\n"
    journey = read_program(text, lifecycle=LIFECYCLE).journeys["hello"]
    assert journey.triggers[0].words() == words
