"""What a rule sees of a customer."""

from __future__ import annotations

from orchestrator.domain.consent import topic_key
from orchestrator.domain.state import CaselessMap, Choice
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
