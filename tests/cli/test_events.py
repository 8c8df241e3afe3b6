"""`parcours events learn`: the tracking plan from what came in."""

from __future__ import annotations

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.tracking_plan import Shape
from orchestrator.language.place import Known
from orchestrator.language.tracking_plan_file import read_tracking_plan
from tests.cli.conftest import ShopFolder, identify, now, track

PLAN = "journeys/events.yaml"


def plan(shop: ShopFolder) -> dict[str, Shape]:
    text = (shop.folder / PLAN).read_text("utf-8")
    document, problems = read_yaml(text, PLAN)
    found = read_tracking_plan(document, Known(), problems)
    assert problems == []
    return {**found.events, **found.traits}


def test_a_log_becomes_a_plan_that_check_reads(shop: ShopFolder) -> None:
    calls = [identify("ada", now(), email="ada@example.com", newsletter=True)]
    calls += [
        track("ada", "Order Paid", now(), total=80.5, currency="EUR", products=[{"name": "Lamp"}])
        for _ in range(3)
    ]
    shop.write_calls(*calls, name="log.jsonl")
    answer = shop.run("events", "learn", str(shop.folder / "log.jsonl"))
    assert answer.out == "journeys/events.yaml written: 1 event, 6 traits\n"
    learnt = plan(shop)
    order = learnt["Order Paid"]
    assert (order.parts["total"].types, order.parts["total"].examples) == ({"number"}, (80.5,))
    assert order.parts["products"].items is not None
    assert set(order.parts["products"].items.parts) == {"name"}
    assert learnt["newsletter"].types == {"boolean"}
    assert "ada@" not in (shop.folder / PLAN).read_text("utf-8")


def test_the_traits_of_accounts_are_learnt_apart(shop: ShopFolder) -> None:
    group = {"type": "group", "userId": "ada", "groupId": "acme", "timestamp": now().isoformat()}
    seen = track("ada", "Seen", now())
    shop.write_calls(seen, {**group, "traits": {"seats": 3}}, name="log.jsonl")
    shop.run("events", "learn", str(shop.folder / "log.jsonl"))
    shop.write_calls({**group, "traits": {"seats": 3, "tier": "pro"}}, name="log.jsonl")
    shop.run("events", "learn", str(shop.folder / "log.jsonl"))
    text = (shop.folder / PLAN).read_text("utf-8")
    assert text.endswith("account:\n  seats: {type: integer}\n  tier: {type: string}\n")
    document, problems = read_yaml(text, PLAN)
    read_tracking_plan(document, Known(), problems)
    assert problems == []


def test_what_only_one_customer_had_is_no_example(shop: ShopFolder) -> None:
    calls = [track("ada", "Asked", now(), comment="I live in Rue des Lilas", phone="+33612345678")]
    shop.write_calls(*calls, name="log.jsonl")
    shop.run("events", "learn", str(shop.folder / "log.jsonl"))
    text = (shop.folder / PLAN).read_text("utf-8")
    assert "Lilas" not in text
    assert "+336" not in text


def test_the_database_is_learnt_from_too(stored_shop: ShopFolder) -> None:
    shop = stored_shop
    shop.ingest(track("ada", "Order Paid", now(), total=80))
    shop.run("tick")
    assert shop.run("events", "learn").code == 0
    assert plan(shop)["Order Paid"].parts["total"].types == {"integer"}


def test_a_plan_that_is_there_keeps_every_word_and_gets_what_it_lacks(shop: ShopFolder) -> None:
    written = (
        "events:\n    # as the checkout sends it\n    Order Paid:\n        properties:\n"
        "            total: number   # with tax\n\ntraits:\n    newsletter: boolean\n"
    )
    shop.write(PLAN, written)
    calls = [
        {**identify("ada", now()), "traits": {"newsletter": True, "plan": "pro"}},
        track("ada", "Order Paid", now(), total=80, tax=8),
        track("ada", "Gift: Bought", now(), value=5),
    ]
    shop.write_calls(*calls, name="log.jsonl")
    answer = shop.run("events", "learn", str(shop.folder / "log.jsonl"))
    assert "1 event and 1 trait added" in answer.out
    assert "  Order Paid: tax" in answer.out
    assert (shop.folder / PLAN).read_text("utf-8") == (
        "events:\n    # as the checkout sends it\n    Order Paid:\n        properties:\n"
        "            total: number   # with tax\n"
        '    "Gift: Bought":\n      properties:\n        value: {type: integer}\n\n'
        "traits:\n    newsletter: boolean\n    plan: {type: string}\n"
    )
    again = shop.run("events", "learn", str(shop.folder / "log.jsonl"))
    assert "0 events and 0 traits added" in again.out


def test_a_plan_without_events_is_read_and_gets_its_first(shop: ShopFolder) -> None:
    log = str(shop.folder / "log.jsonl")
    for call, written in (
        (identify("ada", now()), "\nevents: {}\n"),
        (track("ada", "Signed Up", now(), plan="free"), "\nevents:\n  Signed Up:\n"),
    ):
        shop.write_calls(call, name="log.jsonl")
        shop.run("events", "learn", log)
        text = (shop.folder / PLAN).read_text("utf-8")
        assert written in text
        document, problems = read_yaml(text, PLAN)
        read_tracking_plan(document, Known(), problems)
        assert problems == []


def test_where_nothing_came_in_there_is_nothing_to_learn(shop: ShopFolder) -> None:
    answer = shop.run("events", "learn")
    assert answer.code == 1
    assert not (shop.folder / PLAN).exists()
