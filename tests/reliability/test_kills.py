"""The short form of `make reliability`'s kills: the same, with a fixed seed and fewer messages."""

from __future__ import annotations

from pathlib import Path

from tests.reliability.kills import Killer, Plan


def test_killed_while_its_providers_have_a_bad_day_nothing_is_lost_and_no_marketing_comes_twice(
    database_url: str, tmp_path: Path
) -> None:
    result = Killer(tmp_path, database_url, Plan(customers=60, kills=4)).run()
    assert result.kills >= 2, "most of the processes were still at work when they were killed"
    result.check()
