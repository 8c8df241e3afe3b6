"""What a tick did, put together from its parts."""

from __future__ import annotations

from orchestrator.domain.medium import ChannelName
from orchestrator.engine.report import TickReport

MAIN = ChannelName("main")


def test_what_the_parts_of_a_tick_did_is_added_up() -> None:
    whole, part = TickReport(accepted=1), TickReport(accepted=2, rejected=3)
    for report in (whole, part):
        report.channel(MAIN).sent += 2
        report.channel(MAIN).unknown += 1
        report.journey("hello").entered += 1
    part.channel(MAIN).stopped = "it refuses us"
    whole.add(part)
    assert (whole.accepted, whole.rejected) == (3, 3)
    tally = whole.channel(MAIN)
    assert (tally.sent, tally.unknown, tally.due, tally.stopped) == (4, 2, 0, "it refuses us")
    assert whole.journey("hello").entered == 2


def test_a_tick_that_only_looked_around_did_nothing() -> None:
    report = TickReport(more=True)
    report.channel(MAIN)
    report.journey("hello")
    assert report.is_empty
    report.journey("hello").entered += 1
    assert not report.is_empty
    assert not TickReport(rejected=1).is_empty
