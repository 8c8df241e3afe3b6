"""What a call changes of its customer."""

from __future__ import annotations

from orchestrator.domain.event import Kind
from tests.support.life import Life, instant
from tests.support.project import read_program

ANY = "journey: any\ntrigger: manual\nsteps: [{email: hello}]\n"


def test_a_zone_and_a_language_beside_the_traits_count_where_the_traits_name_none() -> None:
    life = Life(read_program(ANY))
    beside = {"timezone": "Asia/Tokyo", "locale": "de"}
    life.tell("0h", Kind.IDENTIFY, "", {"locale": "fr"}, context=beside)
    life.run("1h")
    traits = life.state.traits
    assert (traits["timezone"], traits["locale"]) == ("Asia/Tokyo", "fr")


def test_a_no_beside_an_event_that_no_stage_reads_changes_the_stage_at_once() -> None:
    asked = (
        "lifecycle: shop\nstages:\n"
        "  - {stage: reached, if: customer.consent.email}\n  - {stage: lost, if: true}\n"
    )
    life = Life(read_program(ANY, lifecycle=asked))
    life.identify("0h", consent={"email": True})
    life.tell("1h", Kind.TRACK, "Left", {}, context={"consent": {"email": False}})
    life.run("2h")
    assert life.state.stage == "lost"
    assert life.state.stage_since == instant("1h")
