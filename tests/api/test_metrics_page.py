"""`GET /metrics`, read by Prometheus' own parser."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from tests.api.site import Site

BEARER = {"Authorization": "Bearer t0ken"}


def guarded(shop: Site) -> Site:
    environment = {"PARCOURS_ADMIN_TOKEN": "t0ken"}
    shop.change(config=replace(shop.services.config, environment=environment))
    return shop


def test_a_monitor_reads_what_waits_and_what_became_of_messages(shop: Site) -> None:
    customer = shop.add_customer("u1", email="ada@example.com")
    shop.add_message(customer, channel="email")
    shop.add_message(customer, "m2", channel="email", state="queued")
    with guarded(shop).client(**BEARER) as client:
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert found["parcours_customers",] >= 1
    queued = (("channel", "email"), ("state", "queued"))
    assert found["parcours_messages", *queued] == 1
    assert ("parcours_oldest_due_message_seconds", ("channel", "email")) in found
    assert found["parcours_inbox_calls",] == 0
    assert "ada@example.com" not in answer.text


def test_a_stranger_reads_no_metrics(sqlite_shop: Site) -> None:
    with guarded(sqlite_shop).client() as client:
        answer = client.get("/metrics")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
