"""Webhooks against a real HTTP server: what is asked, what an answer means, and what is never
reached.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from channels.channel_settings import trusted_tls
from channels.webhook_guard import is_public
from channels.webhook_http import HttpWebhooks
from orchestrator.domain.webhook_port import BodyKind, Secret, WebhookAnswer, WebhookRequest
from tests.channels.http_double import HttpDouble, Mishap, Reply, Request
from tests.channels.misbehaviour import Drip, Flood


class Server(HttpDouble):
    """A server outside that takes everything."""

    def reply(self, request: Request) -> Reply:
        return Reply(200, b'{"ok": true}')


@pytest.fixture
def server() -> Iterator[Server]:
    double = Server()
    with double.running():
        yield double


def names(*addresses: str) -> Any:
    """A resolver that gives these addresses for every name."""

    def look_up(host: str, port: int) -> list[Any]:
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in one], socket.SOCK_STREAM, 0, "", (one, port)) for one in addresses]

    return look_up


def caller(**options: Any) -> HttpWebhooks:
    secrets: Mapping[str, str] = options.pop("secrets", {"KEY": "s3cret"})
    allowed = options.pop("allowed", ("127.0.0.1",))
    return HttpWebhooks(secrets, allowed, lambda: trusted_tls({}), **options)


def ask(server: HttpDouble, path: str = "/hook", **request: Any) -> WebhookAnswer:
    asked = WebhookRequest(request.pop("method", "POST"), (server.url + path,), **request)
    return caller().call(asked, "key-1")


def test_a_body_headers_and_the_idempotency_key_reach_the_server(server: Server) -> None:
    answer = ask(
        server,
        "/hook?a=1",
        headers=(("Authorization", ("Bearer ", Secret("KEY"))),),
        body=('{"key": "', Secret("KEY"), '"}'),
    )
    assert (answer.status, answer.body, answer.is_good) == (200, {"ok": True}, True)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/hook?a=1")
    assert request.headers["Authorization"] == "Bearer s3cret"
    assert request.headers["Idempotency-Key"] == "key-1"
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == {"key": "s3cret"}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_method_of_the_language_is_asked_with(server: Server, method: str) -> None:
    assert ask(server, method=method).is_good
    assert server.requests[0].method == method


def test_text_goes_out_as_text_and_a_header_of_the_journey_wins(server: Server) -> None:
    ask(server, body=("hello",), body_kind=BodyKind.TEXT)
    ask(server, body=("<a/>",), body_kind=BodyKind.TEXT, headers=(("content-type", ("text/xml",)),))
    plain, own = (request.headers.get_all("Content-Type") for request in server.requests)
    assert (plain, own) == (["text/plain; charset=utf-8"], ["text/xml"])


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_later_is_said_to_be_tried_again(server: Server, status: int) -> None:
    server.script.append(Reply(status, headers={"Retry-After": "7"}))
    answer = ask(server)
    assert (answer.status, answer.retry, answer.retry_after_s) == (status, True, 7.0)


@pytest.mark.parametrize("status", [301, 302, 303, 400, 401, 403, 404, 409, 410, 422])
def test_a_refusal_is_an_answer_and_not_tried_again(server: Server, status: int) -> None:
    server.script.append(Reply(status, b'{"why": "no"}'))
    answer = ask(server)
    assert (answer.status, answer.retry, answer.body) == (status, False, {"why": "no"})
    assert answer.reason == f"answered {status}"


@pytest.mark.parametrize("mishap", [Mishap.RESET, Mishap.RESET_EARLY, Mishap.RESET_WITHIN])
def test_a_connection_that_breaks_is_no_answer_and_tried_again(
    server: Server, mishap: Mishap
) -> None:
    server.script.append(mishap)
    answer = ask(server)
    assert answer.status is None or answer.status >= 500
    assert answer.retry


def test_a_server_that_hangs_or_drips_holds_us_for_a_bounded_time_only(server: Server) -> None:
    for conduct in (Mishap.HANG, Drip(Reply(200, b"x" * 999), 0.05)):
        server.script.append(conduct)
        request = WebhookRequest("POST", (f"{server.url}/",))
        answer = caller(call_s=0.3).call(request, "k")
        assert (answer.status, answer.retry) == (None, True)


def test_an_answer_is_read_up_to_a_bound(server: Server) -> None:
    server.script.append(Reply(200, b'"' + b"x" * 200_000 + b'"'))
    answer = ask(server)
    assert (answer.status, answer.body) == (200, None)


def test_an_answer_that_is_no_json_has_a_status_only(server: Server) -> None:
    server.script.append(Reply(200, b"<html>"))
    assert ask(server) == WebhookAnswer(200)


def test_a_server_that_repeats_our_secret_does_not_bring_it_into_vars(server: Server) -> None:
    server.script.append(Reply(200, b'{"echo": ["Bearer s3cret"], "s3cret": 1}'))
    answer = ask(server)
    assert "s3cret" not in json.dumps(answer.body)


def test_a_secret_that_is_not_set_is_named_and_nothing_leaves(server: Server) -> None:
    request = WebhookRequest("POST", (f"{server.url}/",), headers=(("X", (Secret("OTHER"),)),))
    answer = caller().call(request, "k")
    assert answer.reason == "the environment variable OTHER is not set"
    assert (answer.retry, server.requests) == (True, [])


def test_a_line_break_that_is_put_in_begins_no_header(server: Server) -> None:
    ask(server, headers=(("X-Name", ("Ada\r\nX-Evil: 1",)),))
    assert server.requests[0].headers["X-Evil"] is None
    assert server.requests[0].headers["X-Name"] == "Ada X-Evil: 1"


# ---------------------------------------------------------------- what is never reached


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254",
        "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::", "fe80::1%eth0", "198.18.0.1", "192.0.2.1", "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_internet_is_refused(server: Server, address: str) -> None:
    assert not is_public(address)
    request = WebhookRequest("POST", ("http://shop.example/",))
    answer = caller(names=names(address), allowed=()).call(request, "k")
    assert (answer.status, answer.retry) == (None, False)
    assert "[webhooks] allow" in answer.reason


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_an_address_of_the_internet_is_none_of_them(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]"])
def test_this_machine_is_not_reached_however_it_is_spelled(server: Server, host: str) -> None:
    port = server.url.rpartition(":")[2]
    answer = caller(allowed=()).call(WebhookRequest("POST", (f"http://{host}:{port}/",)), "k")
    assert answer.status is None
    assert server.requests == []


def test_a_host_that_the_project_names_is_reached_in_ones_own_network(server: Server) -> None:
    port = server.url.rpartition(":")[2]
    own = caller(names=names("127.0.0.1"), allowed=("crm.internal",))
    assert own.call(WebhookRequest("POST", (f"http://CRM.internal:{port}/",)), "k").is_good
    other = own.call(WebhookRequest("POST", (f"http://erp.internal:{port}/",)), "k")
    assert (other.status, len(server.requests)) == (None, 1)


def test_the_connection_goes_to_the_address_that_was_looked_at(server: Server) -> None:
    """A name that gives another address when it is asked again gains nothing by it."""
    asked = []
    answers = iter([["192.0.2.1"], ["127.0.0.1"]])

    def rebinding(host: str, port: int) -> list[Any]:
        asked.append(host)
        found: list[Any] = names(*next(answers))(host, port)
        return found

    port = server.url.rpartition(":")[2]
    request = WebhookRequest("POST", (f"http://shop.example:{port}/",))
    assert caller(names=rebinding, allowed=()).call(request, "k").status is None
    assert (asked, server.requests) == (["shop.example"], [])


def test_a_redirect_within_the_host_is_followed_with_method_and_body(server: Server) -> None:
    server.script.append(Reply(307, headers={"Location": "/there"}))
    assert ask(server, body=('"x"',)).is_good
    assert [(one.method, one.path, one.body) for one in server.requests] == [
        ("POST", "/hook", b'"x"'),
        ("POST", "/there", b'"x"'),
    ]


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/meta-data", "http://localhost/", "//other.example/", "ftp://a"],
)
def test_a_redirect_to_another_host_is_not_followed(server: Server, location: str) -> None:
    server.script.append(Reply(308, headers={"Location": location}))
    answer = ask(server)
    assert (answer.status, answer.retry, len(server.requests)) == (None, False, 1)


def test_redirects_without_an_end_are_given_up(server: Server) -> None:
    server.conduct = lambda request: Reply(307, headers={"Location": "/again"})
    answer = ask(server)
    assert (answer.status, len(server.requests)) == (None, 4)
    assert "from redirect to redirect" in answer.reason


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "http://", "http://a b/", "gopher://a/", "http://me:pw@a.example/",
     "http://a.example:0/", "http://a.example:99999/", "http://a.example/\r\nX: y", "", "x"],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    answer = caller(names=names("93.184.216.34")).call(WebhookRequest("POST", (url,)), "k")
    assert (answer.status, answer.retry) == (None, False)
    assert "pw" not in answer.reason


def test_over_tls_only_a_server_with_a_trusted_certificate_is_asked(
    serving_tls: ssl.SSLContext, certificate: Path
) -> None:
    double, environment = Server(serving_tls), {"SSL_CERT_FILE": str(certificate)}
    with double.running():
        request = WebhookRequest("POST", (f"{double.url}/",))
        unknown = caller().call(request, "k")
        assert (unknown.status, unknown.retry, double.requests) == (None, True, [])
        trusting = HttpWebhooks({}, ("127.0.0.1",), lambda: trusted_tls(environment))
        assert trusting.call(request, "k").is_good


def test_a_flood_is_cut(server: Server) -> None:
    server.script.append(Flood(b"x" * 65_536))
    request = WebhookRequest("POST", (f"{server.url}/",))
    assert caller(call_s=5.0).call(request, "k").status is None
