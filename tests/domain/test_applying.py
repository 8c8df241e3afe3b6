"""What a call changes of its customer."""

from __future__ import annotations

from orchestrator.domain.event import Kind
from tests.support.life import Life
from tests.support.project import read_program

ANY = "journey: any\ntrigger: manual\nsteps: [{email: hello}]\n"


def test_a_zone_and_a_language_beside_the_traits_count_where_the_traits_name_none() -> None:
    life = Life(read_program(ANY))
    beside = {"timezone": "Asia/Tokyo", "locale": "de"}
    life.tell("0h", Kind.IDENTIFY, "", {"locale": "fr"}, context=beside)
    life.run("1h")
    traits = life.state.traits
    assert (traits["timezone"], traits["locale"]) == ("Asia/Tokyo", "fr")
