"""Predictions that files read, and nobody writes."""

from __future__ import annotations

from pathlib import Path

from tests.support.checked import FILES, check, found, journey, mail

READS = journey("trigger: {event: Order Completed}\nonly_if: customer.churn_risk >= 0.7")
OFF = {"parcours.toml": FILES["parcours.toml"] + "[predictions]\nnightly = false\n"}
PLAN = {
    "journeys/events.yaml": "events:\n  Order Completed: {}\ntraits:\n  churn_risk: {type: number}\n"
}


def test_a_prediction_is_a_known_name(tmp_path: Path) -> None:
    assert not [one for one in check(tmp_path, READS) if "churn_risk" in str(one.message)]


def test_a_prediction_that_is_read_and_not_written_is_told_where_it_stands(tmp_path: Path) -> None:
    assert found(tmp_path, "unwritten-prediction", READS, OFF) == [
        "journeys/x.yaml:3: nothing writes 'customer.churn_risk': [predictions] has `nightly = false`"
    ]


def test_a_template_that_reads_one_is_told_too(tmp_path: Path) -> None:
    reads = journey("trigger: {event: Order Completed}") | mail("By {{ customer.next_order_at }}")
    assert found(tmp_path, "unwritten-prediction", reads, OFF) == [
        "templates/email/hello.html:4: nothing writes 'customer.next_order_at': [predictions] has `nightly = false`"
    ]


def test_a_shop_may_send_a_trait_of_that_name_itself(tmp_path: Path) -> None:
    assert found(tmp_path, "unwritten-prediction", READS, OFF, PLAN) == []
    writes = journey("trigger: {event: Ranked}", "update: {churn_risk: 1}", name="y")
    assert found(tmp_path / "b", "unwritten-prediction", READS, OFF, writes) == []
