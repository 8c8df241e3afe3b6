"""Each address gets one copy of what an instant calls for, whoever carries it."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import orjson
import pytest

from orchestrator.domain.call import read_call
from orchestrator.domain.medium import Medium
from orchestrator.domain.pace import place_of
from orchestrator.engine.parts import CLAIM_MAX
from orchestrator.intake.history import History
from orchestrator.trial.backtest import backtest
from tests.engine.conftest import OpenShop
from tests.support.life import START, after_start
from tests.support.project import CONSENTING
from tests.support.shop import Shop

NEWS = """
journey: news
trigger: {once: 2026-01-06 10:00}
steps:
  - email: letter
  - delay: 1d
  - email: second
"""
HOUR = timedelta(hours=1)


def two_of_one_address(shop: Shop) -> None:
    shop.identify("0s", "ada", email="Ada@example.com")
    shop.identify("1m", "ada-too", email="ada@example.com")
    shop.identify("2m", "bob", email="bob@example.com")


def same_address(shop: Shop) -> list[str]:
    """The steps of the messages that were not sent since another has the address."""
    return [step for _, step, why in shop.decisions("not_sent") if why == "same_address"]


@pytest.mark.parametrize("live", [False, True])
def test_an_address_that_two_customers_have_gets_one_copy_of_each_message(
    open_shop: OpenShop, live: bool
) -> None:
    shop = open_shop(NEWS, live=live)
    two_of_one_address(shop)
    shop.tick_every(HOUR, "3d")
    assert shop.sends() == [
        ("1d", "ada", "letter"), ("1d", "bob", "letter"),
        ("2d", "ada", "second"), ("2d", "bob", "second"),
    ]  # fmt: skip
    assert same_address(shop) == ["letter", "second"]


def test_a_back_test_gives_the_copies_to_the_same_people(open_shop: OpenShop) -> None:
    shop = open_shop(NEWS.replace("steps", "spread: 2h\nsteps"))
    two_of_one_address(shop)
    calls = [read_call(orjson.loads(row.raw)) for row in shop.rows("SELECT raw FROM inbox")]
    shop.tick_every(HOUR * 6, "3d")
    first = min(("ada", "ada-too"), key=lambda who: place_of("news", who))
    assert {who for _, who, _ in shop.sends()} == {first, "bob"}
    calls.sort(key=lambda call: call.at or START)
    result = backtest(shop.context.program, History(calls, []), START + timedelta(days=4))
    again = [(after_start(one.at), one.user_id, one.template) for one in result.sends]
    assert sorted(again) == sorted(shop.sends())
    assert result.not_sent["news", "same_address"] == 2


def test_who_may_not_be_written_to_takes_no_address_away(open_shop: OpenShop) -> None:
    shop = open_shop(NEWS)
    two_of_one_address(shop)
    shop.identify("3m", "ada", consent={"email": False})
    shop.tick_every(HOUR, "30h")
    assert shop.sends() == [("1d", "ada-too", "letter"), ("1d", "bob", "letter")]


def test_whoever_has_the_address_keeps_it_when_the_journey_is_edited(open_shop: OpenShop) -> None:
    shop = open_shop(NEWS)
    two_of_one_address(shop)
    shop.tick_every(HOUR, "30h")
    shop.open(NEWS.replace("second", "third"))
    shop.tick_every(HOUR, "3d")
    assert [who for _, who, template in shop.sends() if template == "third"] == ["ada", "bob"]


def test_another_instant_and_who_comes_by_themselves_are_asked_anew(open_shop: OpenShop) -> None:
    text = NEWS.replace("{once: 2026-01-06 10:00}", "[{schedule: '0 10 6,7 1 *'}, {event: Joined}]")
    shop = open_shop(text.replace("steps", "reentry: always\nsteps").partition("  - delay")[0])
    two_of_one_address(shop)
    shop.tick_every(HOUR, "26h")
    for who in ("ada", "ada-too"):
        shop.track("26h", "Joined", who)
    shop.tick_every(HOUR, "49h")
    assert [(at, who) for at, who, _ in shop.sends() if who != "bob"] == [
        ("1d", "ada"), ("1d 2h", "ada"), ("1d 2h", "ada-too"), ("2d", "ada"),
    ]  # fmt: skip


def test_a_number_is_one_however_it_is_written(open_shop: OpenShop) -> None:
    shop = open_shop(NEWS.replace("email:", "sms:"))
    shop.identify("0s", "ada", phone="+33 6 12 34 56 78", consent={"sms": True})
    shop.identify("1m", "too", phone="06 12 34 56 78", country="FR", consent={"sms": True})
    shop.tick_every(HOUR, "30h")
    assert shop.delivered(Medium.SMS) == ["letter"]


# ---------------------------------------------------------------- however time is cut into ticks

#: Who asks for an address when depends on quiet hours where somebody lives, on caps, on when they
#: say yes and on a place in the queue; and what follows a copy on whether it was had.
CUT = """
journey: cut
trigger: {schedule: "0 10 * * 2,4"}
spread: 6h
reentry: always
steps:
  - email: letter
  - delay: 20h
  - branch:
      - if: received("letter", within="3d")
        then: [{email: thanks}]
      - else: [{email: again}]
"""
OTHER = "journey: other\ntrigger: {event: Joined}\nreentry: always\nsteps:\n  - email: welcome\n"
QUIET = '[quiet_hours]\nemail = {from = "21:00", to = "08:00"}\n'
RULES = '[project]\ntimezone = "UTC"\n[caps]\nemail = ["2/2d"]\n' + QUIET
ZONES = ("Europe/Paris", "Asia/Tokyo", "America/New_York")


def live_somehow(shop: Shop, chance: Random) -> None:
    """Nine people of four addresses, who say yes, move and join at any time."""
    for number in range(9):
        who, to = f"p{number}", f"a{chance.randrange(4)}@example.com"
        shop.identify(f"{number}m", who, email=to, timezone=chance.choice(ZONES))
        for _ in range(4):
            at = f"{chance.randrange(10, 7 * 24 * 60)}m"
            match chance.randrange(5):
                case 4:
                    shop.call(at, "group", who, groupId=f"g{chance.randrange(2)}")
                case 0:
                    shop.identify(at, who, timezone=chance.choice(ZONES))
                case 1:
                    shop.track(at, "Joined", who)
                case 2:
                    shop.identify(at, who, email=f"a{chance.randrange(4)}@example.com")
                case _:
                    shop.identify(at, who, consent={"email": chance.random() < 0.8})


def what_happened(shop: Shop) -> list[tuple[str, ...]]:
    query = (
        "SELECT d.at, c.external_id, d.kind, d.step, d.reason FROM decisions d"
        " JOIN customers c ON c.id = d.customer_id"
    )
    return sorted(tuple(map(str, row)) for row in shop.rows(query))


@pytest.mark.parametrize(
    "rule", ["spread: 6h", "throttle: 3/h", "exit: [{event: Joined, scope: account}]"]
)
def test_who_has_the_copy_does_not_depend_on_how_time_is_cut_into_ticks(
    open_shop: OpenShop, rule: str
) -> None:
    told = []
    for span in (6 * HOUR, 31 * HOUR, 9 * 24 * HOUR):
        shop = open_shop(CUT.replace("spread: 6h", rule), OTHER, toml=RULES)
        shop.forget_everything()
        live_somehow(shop, Random(1))
        shop.tick_every(span, "9d")
        told.append((shop.sends(), what_happened(shop)))
    assert any("same_address" in row for row in told[0][1])
    assert all(one == told[0] for one in told)


def test_whose_an_address_is_is_known_for_as_long_as_a_line_was_left(open_shop: OpenShop) -> None:
    shop = open_shop(NEWS.replace("once: 2026-01-06 10:00", 'schedule: "0 10 6 * *"'))
    two_of_one_address(shop)
    shop.tick("26h")
    shop.tick("150d")  # the instants of months later are looked at before the line goes on
    assert [who for at, who, _ in shop.sends() if at == "2d"] == ["ada", "bob"]


def test_a_back_test_gives_the_copies_as_a_long_jump_does(open_shop: OpenShop) -> None:
    shop = open_shop(CUT, OTHER, toml=RULES)
    live_somehow(shop, Random(5))
    calls = [read_call(orjson.loads(row.raw)) for row in shop.rows("SELECT raw FROM inbox")]
    shop.tick_every(20 * 24 * HOUR, "20d")
    calls.sort(key=lambda call: call.at or START)
    result = backtest(shop.context.program, History(calls, []), START + timedelta(days=20))
    again = [(after_start(one.at), one.user_id, one.template) for one in result.sends]
    assert sorted(again) == sorted(shop.sends())


def test_who_is_first_among_more_than_one_batch_has_the_copy(open_shop: OpenShop) -> None:
    """By their places in the queue the others stand between the two who share an address."""
    news = NEWS.replace("steps", "spread: 2h\nsteps").partition("  - delay")[0]
    shop = open_shop(news, toml=CONSENTING + QUIET)
    names = sorted((f"p{n}" for n in range(CLAIM_MAX + 50)), key=lambda who: place_of("news", who))
    for who in names[1:-1]:
        shop.identify("0s", who, first_name="Nobody")
    shop.identify("1s", names[0], email="ann@example.com", timezone="Pacific/Auckland")  # at night
    shop.identify("1s", names[-1], email="ann@example.com")
    shop.tick("20h")
    shop.tick("5d")
    assert [who for _, who, _ in shop.sends()] == [names[-1]]
