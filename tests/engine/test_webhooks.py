"""Webhooks from the journey to a real server and back, on each kind of database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from channels.channel_settings import trusted_tls
from channels.webhook_http import HttpWebhooks
from orchestrator.engine import outside
from orchestrator.engine.work import finish, work
from orchestrator.engine.worker import Worker
from orchestrator.store import webhooks
from tests.channels.http_double import HttpDouble, Reply, Request
from tests.channels.misbehaviour import Late
from tests.engine.conftest import OpenShop
from tests.support.project import CONSENTING
from tests.support.shop import Shop

TELL = """
journey: tell
trigger: {{event: Viewed}}
steps:
  - webhook:
      id: crm
      url: "{url}/seen/{{{{ customer.plan }}}}"
      headers: {{Authorization: "Bearer {{{{ secrets.CRM_KEY }}}}"}}
      body: {{who: "{{{{ customer.email }}}}"}}
      {save_as}
  - email: hello
"""
SECRETS = CONSENTING + '[webhooks]\nsecrets = ["CRM_KEY"]\nallow = ["127.0.0.1"]\n'
KEY = "k-3-y"


class Server(HttpDouble):
    """A server outside that takes everything."""

    def reply(self, request: Request) -> Reply:
        return Reply(200, b'{"left": 2}')


@pytest.fixture
def server() -> Iterator[Server]:
    double = Server()
    with double.running():
        yield double


def told(open_shop: OpenShop, server: HttpDouble, *, save_as: str = "", live: bool = True) -> Shop:
    """A shop in which Ada has just begun a journey that calls the server."""
    text = TELL.format(url=server.url, save_as=f"save_as: {save_as}" if save_as else "")
    shop = open_shop(text, live=live, toml=SECRETS)
    caller = HttpWebhooks({"CRM_KEY": KEY}, ("127.0.0.1",), lambda: trusted_tls({}))
    shop.use(webhooks=caller)
    shop.identify("0s", email="ada@example.com", plan="pro")
    shop.track("1s", "Viewed")
    return shop


def states(shop: Shop) -> list[tuple[object, ...]]:
    rows = shop.rows("SELECT state, status, attempts, reason FROM webhooks ORDER BY id")
    return [tuple(row) for row in rows]


def test_a_webhook_is_made_and_its_journey_goes_on(open_shop: OpenShop, server: Server) -> None:
    shop = told(open_shop, server)
    report = shop.tick("2s")
    (request,) = server.requests
    assert (request.path, json.loads(request.body)) == ("/seen/pro", {"who": "ada@example.com"})
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert states(shop) == [("done", 200, 1, "")]
    assert shop.delivered() == ["hello"]
    assert report.channel(outside.WEBHOOKS).sent == 1


def test_an_answer_is_kept_and_the_journey_goes_on_in_the_same_tick(
    open_shop: OpenShop, server: Server
) -> None:
    shop = told(open_shop, server, save_as="crm")
    shop.tick("2s")
    ((variables,),) = shop.rows("SELECT variables FROM enrollments")
    kept = json.loads(variables) if isinstance(variables, str) else variables
    assert kept == {"crm": {"status": 200, "body": {"left": 2}}}
    assert shop.delivered() == ["hello"]


def test_a_server_that_is_down_is_asked_again_later_each_time_under_the_same_key(
    open_shop: OpenShop, server: Server
) -> None:
    server.script.extend([Reply(503), Reply(503, headers={"Retry-After": "600"})])
    shop = told(open_shop, server)
    shop.tick("2s")
    assert states(shop) == [("waiting", 503, 1, "answered 503")]
    shop.tick("3s")
    assert len(server.requests) == 1  # not at once
    shop.tick("1m")
    assert len(server.requests) == 2
    shop.tick("10m")
    assert len(server.requests) == 2  # it was told when to come again
    shop.tick("12m")
    assert states(shop) == [("done", 200, 3, "")]
    assert len({request.headers["Idempotency-Key"] for request in server.requests}) == 1


def test_what_is_refused_has_failed_and_a_person_may_have_it_made_again(
    open_shop: OpenShop, server: Server
) -> None:
    server.script.append(Reply(404))
    shop = told(open_shop, server)
    report = shop.tick("2s")
    assert states(shop) == [("failed", 404, 1, "answered 404")]
    (failure,) = report.channel(outside.WEBHOOKS).failures
    assert failure.help == "parcours webhooks list --journey tell --state failed"
    shop.tick("1d")
    assert len(server.requests) == 1
    database = shop.context.database
    retried = webhooks.retry(database, [failure.message_id, "x"], None, shop.clock.now())
    assert (retried.again, retried.missing) == ([failure.message_id], ["x"])
    shop.tick("1d 1s")
    assert states(shop) == [("done", 200, 1, "")]
    again = webhooks.retry(database, [failure.message_id], None, shop.clock.now())
    assert (again.again, again.others) == ([], {failure.message_id: "done"})


def test_a_webhook_that_nobody_takes_is_given_up_after_a_day(
    open_shop: OpenShop, server: Server
) -> None:
    server.conduct = lambda request: Reply(500)
    shop = told(open_shop, server)
    shop.tick("2s")
    shop.tick_every(timedelta(hours=2), "1d 3h")
    ((state, status, *_),) = states(shop)
    assert (state, status) == ("failed", 500)


def test_an_answer_that_does_not_come_within_the_hour_is_undefined_with_a_row(
    open_shop: OpenShop, server: Server
) -> None:
    server.conduct = lambda request: Reply(500)
    shop = told(open_shop, server, save_as="crm")
    shop.tick("2s")
    shop.tick_every(timedelta(minutes=10), "2h")
    assert shop.delivered() == ["hello"]
    assert shop.decisions("changed") == [("changed", "crm", "no answer within the hour: crm")]


def test_a_virtual_clock_calls_nobody_and_says_so(open_shop: OpenShop, server: Server) -> None:
    shop = told(open_shop, server, live=False, save_as="crm")
    shop.tick("3h")
    assert server.requests == []
    ((state, status, _, reason),) = states(shop)
    assert (state, status, reason) == ("not_called", None, "on a virtual clock no server is called")
    assert shop.delivered() == ["hello"]


def test_a_call_whose_process_died_is_made_again_under_the_same_key(
    open_shop: OpenShop, server: Server
) -> None:
    shop = told(open_shop, server)
    server.script.append(Late(Reply(200), server.released))  # no answer while that process lives
    work(shop.context, shop.worker, 0.0)  # takes nothing
    shop.clock.move_to(shop.clock.now() + timedelta(seconds=2))
    while not server.requests:
        work(shop.context, shop.worker, 0.2)
    shop.worker = Worker(shop.context.config.var_dir)
    shop.tick("1m")
    assert len(server.requests) == 1  # it may still be under way
    shop.tick("4m")
    first, second = server.requests
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert states(shop)[0][:2] == ("done", 200)


def test_what_is_under_way_at_the_end_of_a_process_is_written_if_it_comes_in_time(
    open_shop: OpenShop, server: Server
) -> None:
    shop = told(open_shop, server)
    server.script.append(Late(Reply(200), 0.5))
    shop.clock.move_to(shop.clock.now() + timedelta(seconds=2))
    while not server.requests:
        work(shop.context, shop.worker, 0.1)
    finish(shop.context, shop.worker, 10.0)
    assert states(shop) == [("done", 200, 1, "")]


def test_a_secret_stands_in_no_table(open_shop: OpenShop, server: Server) -> None:
    server.script.append(Reply(404, json.dumps({"you": f"Bearer {KEY}"}).encode()))
    shop = told(open_shop, server, save_as="crm")
    shop.tick("2s")
    assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    for table in ("webhooks", "decisions", "events", "enrollments", "settings"):
        assert not [row for row in shop.rows(f"SELECT * FROM {table}") if KEY in str(tuple(row))]


def test_an_answer_finds_a_customer_who_was_merged_meanwhile(
    open_shop: OpenShop, server: Server
) -> None:
    text = TELL.format(url=server.url, save_as="save_as: crm")
    shop = open_shop(text, live=True, toml=SECRETS)
    shop.use(webhooks=HttpWebhooks({"CRM_KEY": KEY}, ("127.0.0.1",), lambda: trusted_tls({})))
    server.script.append(Reply(503))
    shop.call("0s", "track", None, anonymousId="dev", event="Viewed", properties={})
    shop.tick("1s")
    shop.call("2s", "identify", "ada", anonymousId="dev", traits={"email": "ada@example.com"})
    shop.tick("3s")
    shop.tick("1m")
    assert len(server.requests) == 2
    assert shop.delivered() == ["hello"]


def test_a_project_without_webhooks_asks_the_database_for_none_but_once(
    open_shop: OpenShop,
) -> None:
    shop = open_shop("journey: hi\ntrigger: {event: Viewed}\nsteps: [{email: hello}]\n", live=True)
    shop.tick("1s")
    assert not shop.worker.outside.may_wait


def test_a_call_that_comes_late_has_no_server_called_once_more(
    open_shop: OpenShop, server: Server
) -> None:
    shop = told(open_shop, server, save_as="crm")
    shop.tick("2s")
    shop.track("3s", "Cart Viewed")
    shop.tick("4s")
    shop.call("1s", "track", event="Looked Around", received="10s", properties={})
    shop.tick("11s")
    assert len(server.requests) == 1
    assert shop.decisions("overtaken") == []
    assert shop.delivered() == ["hello"]


def test_who_leaves_while_a_server_is_asked_gets_nothing_of_its_answer(
    open_shop: OpenShop, server: Server
) -> None:
    server.script.append(Reply(503))
    text = TELL.format(url=server.url, save_as="save_as: crm")
    shop = open_shop(f"{text}exit: [{{event: Order Completed}}]\n", live=True, toml=SECRETS)
    shop.use(webhooks=HttpWebhooks({"CRM_KEY": KEY}, ("127.0.0.1",), lambda: trusted_tls({})))
    shop.identify("0s", email="ada@example.com", plan="pro")
    shop.track("1s", "Viewed")
    shop.tick("2s")
    shop.track("3s", "Order Completed")
    shop.tick("4s")
    shop.tick("1m")
    assert len(server.requests) == 2
    assert shop.delivered() == []
    assert [status for _, _, status in shop.passages()] == ["exited"]


def test_an_edit_of_the_request_keeps_who_waits_and_calls_nobody_twice(
    open_shop: OpenShop, server: Server
) -> None:
    server.script.append(Reply(503))
    shop = told(open_shop, server, save_as="crm")
    caller = shop.context.webhooks
    shop.tick("2s")
    shop.open(TELL.format(url=f"{server.url}/v2", save_as="save_as: crm"))
    shop.use(webhooks=caller)
    shop.tick("3s")
    shop.tick("1m")
    assert [request.path for request in server.requests] == ["/seen/pro", "/seen/pro"]
    assert shop.delivered() == ["hello"]
