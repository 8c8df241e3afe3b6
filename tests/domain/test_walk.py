"""What a line keeps of the past while it goes on."""

from __future__ import annotations

from tests.support.life import Life, after_start, instant
from tests.support.project import CONSENTING, read_program

DAILY = """
journey: daily
trigger: {event: Joined}
reentry: always
goal: {event: Bought, within: 5d, exit: false}
steps: [{email: hello}]
"""


def test_passages_that_nothing_can_fall_into_any_more_are_forgotten() -> None:
    life = Life(read_program(DAILY, toml=CONSENTING))
    for day in range(30):
        life.track(f"{day}d", "Joined")
    life.run("29d")
    assert len(life.sends) == 30
    # The goal of the first of these could be reached until yesterday, by an event that comes a day late.
    inside = [after_start(enrollment.entered_at) for enrollment in life.state.enrollments]
    assert inside == [f"{day}d" for day in range(23, 30)]


def test_a_line_has_come_to_the_end_of_its_run_though_nothing_happens_there() -> None:
    life = Life(read_program(DAILY, toml=CONSENTING))
    life.run("5d")
    assert life.state.cursor == instant("5d")


def test_two_steps_due_at_one_instant_go_by_the_names_of_their_journeys() -> None:
    """Not by who entered first."""
    delayed = "journey: {0}\ntrigger: {{event: {0}}}\nsteps: [{{delay: {1}}}, {{email: {0}}}]\n"
    life = Life(read_program(delayed.format("z", "2h"), delayed.format("a", "1h")))
    life.track("0h", "z")
    life.track("1h", "a")
    life.run("3h")
    assert life.sends == [("2h", "a"), ("2h", "z")]
