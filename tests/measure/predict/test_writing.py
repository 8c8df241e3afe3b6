"""Predictions written down as traits, on both databases: what reads traits reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from orchestrator.domain.predicted_traits import PREDICTED
from orchestrator.language.project import load_project
from orchestrator.measure.predict.foretelling import Foretold
from orchestrator.measure.predict.predictions import Predictions, predict_from_database
from orchestrator.measure.predict.writing import has_moved, write_predictions
from orchestrator.measure.segment_told import belonging, everybody_at
from orchestrator.measure.trade.kept_trade import read_kept_trade
from orchestrator.store.figures import learn_plan
from orchestrator.store.settings import LastNight
from tests.support.life import START
from tests.support.shop import Shop

WIN_BACK = """\
journey: winback
trigger: {segment: at-risk}
reentry: always
steps:
  - email: {id: back, template: back, subject: "Order by {{ customer.next_order_at }}?"}
"""
AT_RISK = """\
segments:
  at-risk: {if: customer.churn_risk >= 0.5}
"""
PEOPLE = 52
NIGHT = START + timedelta(days=200)


def tell_orders(shop: Shop) -> None:
    """People who ordered every fourth week: half of them until now, half stopped early."""
    for number in range(PEOPLE):
        user, last = f"c{number:02}", 190 if number % 2 else 60
        shop.identify("0s", user, email=f"{user}@example.com", timezone="Asia/Tokyo")
        for day in range(number % 14, last, 28):
            at = START + timedelta(days=day, minutes=30)
            shop.track(at, "Order Completed", user, total=40 + number % 3, currency="EUR")
    for day in range(20):  # of a source that knows the day only: nobody's habit
        shop.track(START + timedelta(days=day, hours=4), "Product Viewed", "c01")


def predict(shop: Shop, at: datetime) -> Predictions:
    shop.clock.move_to(at)
    return predict_from_database(shop.context.database, load_project(shop.root, {}), at)


def write(shop: Shop, at: datetime) -> LastNight:
    predictions = predict(shop, at)
    return write_predictions(shop.context.database, predictions, shop.clock)


def traits_of(shop: Shop, user: str) -> dict[str, Any]:
    (row,) = shop.rows("SELECT traits FROM customers WHERE external_id = :user", user=user)
    return row.traits if isinstance(row.traits, dict) else orjson.loads(row.traits)


@pytest.fixture
def shop(migrated_url: str, tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, migrated_url, [WIN_BACK], {"segments": AT_RISK})
    tell_orders(opened)
    opened.tick(NIGHT - timedelta(hours=1))
    yield opened
    opened.close()


def test_a_night_writes_traits_that_segments_triggers_and_templates_read(shop: Shop) -> None:
    calls = len(read_kept_trade(shop.context.database, "EUR").calls)
    done = write(shop, NIGHT)
    assert (done.repeaters, done.told, done.written) == (PEOPLE, PEOPLE, PEOPLE)
    shop.tick(NIGHT + timedelta(minutes=1))
    gone, there = traits_of(shop, "c00"), traits_of(shop, "c01")
    assert gone["churn_risk"] > 0.5 > there["churn_risk"]
    assert there["predicted_value"] > gone["predicted_value"] > 0
    assert gone["next_order_at"] < there["next_order_at"] < (NIGHT + timedelta(days=14)).isoformat()
    assert there["best_hour"] == 19  # half past ten in UTC, in Tokyo
    left = {f"c{number:02}" for number in range(0, PEOPLE, 2)}
    assert {who for who, journey, _ in shop.passages() if journey == "winback"} == left
    project = load_project(shop.root, {})
    known = next(one for one in project.lifecycle.segments if one.name == "at-risk")
    members = belonging(shop.context.database, known, everybody_at(shop.clock.now(), project))
    assert {one.external_id for one in members} == left
    (subject,) = {m.subject for m in shop.channels["email"].messages if m.to == "c00@example.com"}
    assert subject == f"Order by {gone['next_order_at']}?"
    # nothing of it counts as something that a customer did
    assert len(read_kept_trade(shop.context.database, "EUR").calls) == calls
    with shop.context.database.read() as transaction:
        assert not learn_plan(transaction).traits.parts.keys() & set(PREDICTED)


def test_what_has_not_moved_is_not_written_again_and_a_new_order_is(shop: Shop) -> None:
    write(shop, NIGHT)
    shop.tick(NIGHT + timedelta(minutes=1))
    assert write(shop, NIGHT + timedelta(minutes=2)).written == 0
    shop.track(NIGHT + timedelta(hours=2), "Order Completed", "c00", total=40)
    shop.tick(NIGHT + timedelta(hours=3))
    before = traits_of(shop, "c00")["churn_risk"]
    assert write(shop, NIGHT + timedelta(hours=4)).written < PEOPLE
    shop.tick(NIGHT + timedelta(hours=5))
    assert traits_of(shop, "c00")["churn_risk"] < before


def test_two_who_are_one_have_one_prediction_and_one_that_cannot_be_made_is_taken_back(
    shop: Shop,
) -> None:
    write(shop, NIGHT)
    shop.tick(NIGHT + timedelta(minutes=1))
    shop.call(NIGHT + timedelta(hours=1), "alias", "c01", previousId="c00")
    shop.tick(NIGHT + timedelta(hours=2))
    write(shop, NIGHT + timedelta(hours=3))
    shop.tick(NIGHT + timedelta(hours=4))
    predictions = predict(shop, NIGHT + timedelta(hours=5))
    assert "c00" not in predictions.ids
    told = predictions.foretold[predictions.ids.index("c01")]
    assert told.repeats == 9  # three orders of one, seven of the other
    assert traits_of(shop, "c01")["churn_risk"] == told.churn_risk
    nothing = replace(predictions, hours=None, foretold={})
    assert write_predictions(shop.context.database, nothing, shop.clock).written == PEOPLE - 1
    shop.tick(NIGHT + timedelta(hours=6))
    assert not traits_of(shop, "c01").keys() & set(PREDICTED)


def test_words_are_written_again_when_they_moved_noticeably() -> None:
    day = date(2026, 3, 1)
    written = Foretold(3, 0.5, day, 2.0, 100.0, "EUR", 9).as_traits()

    def moved(**changed: Any) -> bool:
        new = {"churn_risk": 0.5, "next_order_at": day, "value": 100.0, "best_hour": 9} | changed
        return has_moved(written, Foretold(3, **new).as_traits())

    assert not moved()
    assert not moved(churn_risk=0.51)
    assert moved(churn_risk=0.52)
    assert not moved(value=104.9)
    assert moved(value=95.0)
    assert not moved(next_order_at=day + timedelta(days=1))
    assert moved(next_order_at=day - timedelta(days=2))
    assert moved(best_hour=10)
    assert all(
        moved(**{name: None}) for name in ("churn_risk", "next_order_at", "value", "best_hour")
    )
    assert has_moved({}, written)
    assert not has_moved({}, Foretold().as_traits())
