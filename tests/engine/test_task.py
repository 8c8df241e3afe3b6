"""To-dos for people."""

from __future__ import annotations

from tests.engine.conftest import OpenShop
from tests.support.life import after_start
from tests.support.shop import read_instant


def test_a_task_is_written_down_for_whoever_is_to_do_it(open_shop: OpenShop) -> None:
    steps = "steps: [{task: {type: call, note: '{{ customer.plan }}', assignee: bob, due: 2d}}]"
    shop = open_shop(f"journey: care\ntrigger: {{event: Viewed}}\n{steps}\n")
    shop.identify("0s", plan="pro")
    shop.track("1s", "Viewed")
    shop.tick("2s")
    query = (
        "SELECT c.external_id, t.type, t.note, t.assignee, t.due_at FROM tasks t"
        " JOIN customers c ON c.id = t.customer_id"
    )
    ((*told, due_at),) = shop.rows(query)
    assert told == ["ada", "call", "pro", "bob"]
    assert after_start(read_instant(due_at)) == "2d 1s"
