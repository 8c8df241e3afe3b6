"""`parcours experiment`: the splits and control groups of a project are judged by what its database
holds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cli.conftest import ShopFolder, identify, now, track

WELCOME = """\
journey: welcome
trigger: {event: Signed Up}
topic: offers
holdout: 20%
goal: {event: Order Completed, within: 5d, value: event.total}
steps:
  - id: which
    split:
      - {variant: A, share: 50%, then: [{sms: {id: a, template: nudge}}]}
      - {variant: B, share: 50%, then: [{sms: {id: b, template: nudge}}]}
"""
PEOPLE = 60


@pytest.fixture
def tried(stored_shop: ShopFolder) -> tuple[ShopFolder, datetime]:
    """Sixty people sign up; every third buys after an hour, half of those had bought before."""
    shop, at = stored_shop, now() - timedelta(days=8)
    at = at.replace(hour=10, minute=0, second=0, microsecond=0)
    shop.write("journeys/welcome.yaml", WELCOME)
    shop.begin()
    calls = []
    for number in range(PEOPLE):
        user = f"u{number}"
        if number % 2:
            calls.append(track(user, "Order Completed", at - timedelta(hours=1), total=50))
        calls.append(identify(user, at, email=f"{user}@example.com", phone=f"+336{number:08}"))
        calls.append(track(user, "Signed Up", at))
    told(shop, at, calls)
    later = at + timedelta(hours=1)
    buyers = [f"u{number}" for number in range(0, PEOPLE, 3)]
    told(shop, later, [track(one, "Order Completed", later, total=20.5) for one in buyers])
    return shop, at


def told(shop: ShopFolder, at: datetime, calls: list[dict[str, Any]]) -> None:
    shop.run("ingest", shop.write_calls(*calls), "--now", at.isoformat())
    shop.run("tick", "--now", (at + timedelta(seconds=1)).isoformat())


def judged(shop: ShopFolder, *arguments: object) -> dict[str, Any]:
    answer = shop.run("experiment", *arguments, "--json")
    assert answer.code == 0, answer.err
    return {one["experiment_id"]: one for one in answer.json["experiments"]}


def test_splits_and_control_groups_are_judged_by_who_came_to_them(
    tried: tuple[ShopFolder, datetime],
) -> None:
    found = judged(tried[0])
    assert set(found) == {"welcome/which", "welcome/holdout"}
    split, control = found["welcome/which"], found["welcome/holdout"]
    assert control["customers"] == PEOPLE
    assert split["customers"] == control["variations"][1]["customers"]  # the others see none
    assert sum(one["conversions"] for one in control["variations"]) == PEOPLE / 3
    assert sum(one["revenue"] for one in control["variations"]) == PEOPLE / 3 * 20.5
    assert [one["variation_id"] for one in split["variations"]] == ["A", "B"]
    assert control["baseline"] == "held out"
    assert control["comparisons"][0]["revenue"]["cuped"]["theta"] is not None


def test_one_experiment_or_one_journey_can_be_asked_about(
    tried: tuple[ShopFolder, datetime],
) -> None:
    shop, _ = tried
    assert set(judged(shop, "welcome/which")) == {"welcome/which"}
    assert set(judged(shop, "welcome")) == {"welcome/which", "welcome/holdout"}
    answer = shop.run("experiment", "other")
    assert (answer.code, "no journey has an experiment other" in answer.err) == (1, True)
    assert "welcome/which\n" in shop.run("experiment").out


def test_an_edit_does_not_end_an_experiment(tried: tuple[ShopFolder, datetime]) -> None:
    """Also not one of the shares: who came before stays, and is no mismatch."""
    shop, _ = tried
    before = judged(shop, "welcome/which")["welcome/which"]
    edited = WELCOME.replace("A, share: 50%", "A, share: 95%").replace(
        "B, share: 50%", "B, share: 5%"
    )
    shop.write("journeys/welcome.yaml", edited)
    shop.run("tick")
    after = judged(shop, "welcome/which")["welcome/which"]
    assert after["conclusion"] == before["conclusion"] == "open"
    counts = [[one["customers"] for one in each["variations"]] for each in (before, after)]
    assert counts[0] == counts[1]
    assert after["variations"][0]["share"] == 0.95


def test_a_test_that_has_not_begun_says_how_long_it_takes(
    tried: tuple[ShopFolder, datetime],
) -> None:
    shop, _ = tried
    shop.write("journeys/welcome.yaml", WELCOME.replace("id: which", "id: anew"))
    split = judged(shop, "welcome/anew", "--effect", "50")["welcome/anew"]
    assert (split["conclusion"], split["customers"]) == ("no_customers", 0)
    assert split["still"]["customers"] > 100
    assert split["still"]["days"] > 28
    assert "days more as things go" in shop.run("experiment", "welcome/anew").out


def test_the_control_group_of_the_whole_project_is_judged_by_orders(
    stored_shop: ShopFolder,
) -> None:
    shop, at = stored_shop, now() - timedelta(days=2)
    toml = (shop.folder / "parcours.toml").read_text("utf-8")
    shop.write("parcours.toml", f'{toml}[holdout]\nglobal = "50%"\n')
    shop.write("journeys/welcome.yaml", WELCOME.replace("holdout: 20%\n", ""))
    shop.begin()
    told(shop, at, [track(f"u{number}", "Signed Up", at) for number in range(20)])
    later = at + timedelta(hours=1)
    told(shop, later, [track(f"u{n}", "Order Completed", later, total=9) for n in range(20)])
    found = judged(shop, "--holdout")
    assert set(found) == {"holdout"}
    assert (found["holdout"]["customers"], found["holdout"]["baseline"]) == (20, "held out")
    assert [one["conversion_rate"] for one in found["holdout"]["variations"]] == [1, 1]


def test_a_declared_winner_is_the_only_thing_that_changes_in_the_file(shop: ShopFolder) -> None:
    told = WELCOME.replace("share: 50%, then: [{sms: {id: b", "share: '50%', then: [{sms: {id: b")
    file = shop.write("journeys/welcome.yaml", f"# ours\n{told}")
    answer = shop.run("experiment", "welcome/which", "--declare", "B")
    assert (answer.code, answer.err) == (0, "")
    wanted = told.replace("A, share: 50%", "A, share: 0%").replace("'50%'", "100%")
    assert file.read_text("utf-8") == f"# ours\n{wanted}"
    assert shop.run("check").code == 0
    assert shop.run("experiment", "welcome/holdout", "--declare", "treated").code == 0
    assert file.read_text("utf-8") == f"# ours\n{wanted.replace('20%', '0%')}"


def test_who_is_inside_stays_and_keeps_their_variant_when_a_winner_is_declared(
    tried: tuple[ShopFolder, datetime],
) -> None:
    shop, at = tried
    before = judged(shop, "welcome/which")["welcome/which"]["variations"]
    assert shop.run("experiment", "welcome/which", "--declare", "A").code == 0
    later = at + timedelta(days=1)
    told(shop, later, [track(f"new{number}", "Signed Up", later) for number in range(20)])
    after = judged(shop, "welcome/which")["welcome/which"]["variations"]
    assert after[1]["customers"] == before[1]["customers"]
    assert after[0]["customers"] > before[0]["customers"]


@pytest.mark.parametrize(
    ("which", "winner", "word"),
    [
        ("welcome", "B", "JOURNEY/STEP"),
        ("other/which", "B", "JOURNEY/STEP"),
        ("welcome/which", "C", "'C' is no variant of which"),
        ("welcome/holdout", "held out", "draft: true"),
    ],
)
def test_what_cannot_be_declared_is_said(
    shop: ShopFolder, which: str, winner: str, word: str
) -> None:
    file = shop.write("journeys/welcome.yaml", WELCOME)
    answer = shop.run("experiment", which, "--declare", winner)
    assert answer.code > 0
    assert word in answer.err
    assert file.read_text("utf-8") == WELCOME
