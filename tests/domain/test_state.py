"""What a rule sees of a customer."""

from __future__ import annotations

from orchestrator.domain.consent import topic_key
from orchestrator.domain.state import CaselessMap, Choice
from orchestrator.domain.steps.message_step import QueueMessage
from tests.support.life import START, Life
from tests.support.project import read_program

ANY = "journey: any\ntrigger: manual\nsteps: [{email: hello}]\n"


def test_whether_somebody_spoke_of_a_topic_can_be_asked_in_any_case() -> None:
    state = Life(read_program(ANY)).state
    state.consent[topic_key("offers")] = Choice(True, START)
    consent = state.get("consent", START)
    assert isinstance(consent, dict)
    topics = consent["topics"]
    assert isinstance(topics, CaselessMap)
    assert "Offers" in topics
    assert "news" not in topics


def test_the_first_pass_through_a_step_is_number_one() -> None:
    """The ids of messages are made of it: another number would be another message."""
    life = Life(read_program("journey: once\ntrigger: {event: A}\nsteps: [{email: hello}]\n"))
    life.track("0h", "A")
    life.run("1h")
    assert [(one.enrollment.pass_no, one.pass_no) for one in life.of(QueueMessage)] == [(1, 1)]
