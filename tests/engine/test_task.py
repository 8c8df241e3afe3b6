"""To-dos for people."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from orchestrator.intake.finished_tasks import Finished, TaskReport, finish_tasks
from orchestrator.store.inbox import count_calls
from orchestrator.store.tables import ENROLLMENTS
from orchestrator.store.tasks import TaskFilter, count_open, list_tasks
from tests.engine.conftest import OpenShop
from tests.support.life import after_start, instant
from tests.support.shop import Shop, read_instant


def test_a_task_is_written_down_for_whoever_is_to_do_it(open_shop: OpenShop) -> None:
    steps = "steps: [{task: {type: call, note: '{{ customer.plan }}', assignee: bob, due: 2d}}]"
    shop = open_shop(
        f"journey: care\npurpose: transactional\ntrigger: {{event: Viewed}}\n{steps}\n"
    )
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


CARE = """
journey: care
purpose: transactional
trigger: {event: Viewed}
steps:
  - task: {id: ring, type: call, due: 2d, assignee: bob}
  - wait_for:
      {event: Task Done, if: event.step == "ring", within: 7d, save_as: talk, then: [{sms: x}]}
"""
SEEN = "lifecycle: l\nfacts:\n  seen: {last: any event}\nstages: [{stage: all, if: true}]\n"


@pytest.fixture
def caring(open_shop: OpenShop) -> Shop:
    """Ada and a stranger are to be called."""
    shop = open_shop(CARE, lifecycle=SEEN)
    shop.identify("0s")
    shop.track("1s", "Viewed")
    shop.call("2s", "track", None, anonymousId="x", event="Viewed", properties={})
    shop.tick("3s")
    return shop


def finish(shop: Shop, *ids: int, at: str = "1h") -> Finished:
    report = TaskReport("sold", "a grey one")
    return finish_tasks(shop.context.database, ids, report, instant(at))


def test_who_has_done_a_task_tells_the_journey_how_it_went(caring: Shop) -> None:
    assert finish(caring, 1) == Finished(done=(1,))
    caring.tick("2h")
    with caring.context.database.read() as transaction:
        (told, _) = transaction.scalars(select(ENROLLMENTS.c.variables).order_by(ENROLLMENTS.c.id))
    how = {"result": "sold", "note": "a grey one"}
    assert told == {"talk": {"journey": "care", "step": "ring", "type": "call", **how}}
    assert ("branched", "wait-for-before-x", "came: Task Done") in caring.decisions("branched")


def test_a_task_that_is_done_is_no_visit_of_its_customer(caring: Shop) -> None:
    before = caring.rows("SELECT facts FROM customers WHERE id = 1")
    finish(caring, 1)
    caring.tick("2h")
    assert caring.rows("SELECT facts FROM customers WHERE id = 1") == before


def test_a_stranger_s_task_goes_on_their_own_line(caring: Shop) -> None:
    finish(caring, 2)
    caring.tick("2h")
    ((owner,),) = caring.rows("SELECT customer_id FROM events WHERE name = 'Task Done'")
    assert owner == 2


def test_a_task_is_done_once_however_often_it_is_said(caring: Shop) -> None:
    finish(caring, 1)
    assert finish(caring, 1, 2, at="2h") == Finished(done=(2,), before=(1,))
    assert finish(caring, 1, 9, at="3h") == Finished(unknown=(9,))
    with caring.context.database.read() as transaction:
        assert count_calls(transaction) == 2
        first, second = list_tasks(transaction, TaskFilter(is_done=True))
    assert (first.done_at, second.done_at) == (instant("1h"), instant("2h"))
    assert (first.result, first.done_note) == ("sold", "a grey one")


def test_tasks_are_counted_while_nobody_has_done_them(caring: Shop) -> None:
    def counted(at: str) -> tuple[int, int]:
        with caring.context.database.read() as transaction:
            found = count_open(transaction, instant(at))
        return found.number, found.overdue

    assert (counted("1d"), counted("3d")) == ((2, 0), (2, 2))
    finish(caring, 1)
    assert counted("3d") == (1, 1)


def test_tasks_are_listed_by_who_does_them_and_by_their_journey(caring: Shop) -> None:
    with caring.context.database.read() as transaction:
        for wanted, ids in (
            (TaskFilter(), [1, 2]),
            (TaskFilter(assignee="bob"), [1, 2]),
            (TaskFilter(assignee="eve"), []),
            (TaskFilter(journey="care"), [1, 2]),
            (TaskFilter(journey="cure"), []),
            (TaskFilter(is_done=True), []),
            (TaskFilter(is_done=None), [1, 2]),
        ):
            assert [task.id for task in list_tasks(transaction, wanted)] == ids, wanted
