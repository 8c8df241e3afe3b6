"""Clients that hang up, wait, or never end: each costs a line at most, and no connection for
ever.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orchestrator.api.serving import BoundedProtocol
from tests.api.site import WRITE_KEY, Site, path_of, serving

HEAD = b"POST /v1/track HTTP/1.1\r\nHost: shop.example\r\n"
BODY = b'{"type":"track","userId":"u1","event":"E","writeKey":"%s"}' % WRITE_KEY.encode()
ENOUGH_S = 60


class HastyProtocol(BoundedProtocol):
    head_s = body_s = answer_s = 0.3


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=ENOUGH_S) as client:
        yield client


def read_to_the_end(client: socket.socket) -> bytes:
    """All that comes until the server closes; it fails where it never does."""
    found = b""
    try:
        while some := client.recv(65_536):
            found += some
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST /v1/tr",
        HEAD,
        HEAD + b"Content-Length: 100\r\n\r\n",
        HEAD + b"Content-Length: 100\r\n\r\n" + BODY[:20],
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /heal",
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx",
    ],
    ids=[
        "nothing",
        "half a line",
        "half a head",
        "no body",
        "half a body",
        "half a chunk",
        "the next",
        "not read",
    ],
)
def test_half_a_request_does_not_hold_its_connection(sqlite_shop: Site, begun: bytes) -> None:
    with serving(sqlite_shop.services, http=HastyProtocol) as port, connected(port) as client:
        client.sendall(begun)
        read_to_the_end(client)
    assert not sqlite_shop.inbox()


def is_dropped_while_it_drips(client: socket.socket) -> bool:
    client.settimeout(0.05)
    for _ in range(2_000):
        try:
            client.sendall(b"x")
            if not client.recv(1):
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.parametrize(
    "begun", [b"POST /v1/track?", HEAD + b"X: ", HEAD + b"Content-Length: 100000\r\n\r\n"]
)
def test_a_byte_now_and_then_wins_no_time(sqlite_shop: Site, begun: bytes) -> None:
    with serving(sqlite_shop.services, http=HastyProtocol) as port, connected(port) as client:
        client.sendall(begun)
        assert is_dropped_while_it_drips(client)


def test_an_answer_that_nobody_takes_does_not_hold_its_connection(sqlite_shop: Site) -> None:
    lost = threading.Event()

    class Telling(HastyProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set()

    sqlite_shop.change(render_copy=lambda _: "x" * 50_000_000)
    page = path_of(sqlite_shop.services.signer.browser("m1")).encode()
    with serving(sqlite_shop.services, http=Telling) as port, connected(port) as client:
        client.sendall(b"GET " + page + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert lost.wait(ENOUGH_S)


def test_requests_on_one_connection_are_answered_however_they_are_cut(sqlite_shop: Site) -> None:
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    with serving(sqlite_shop.services) as port, connected(port) as client:
        for part in (whole[:7], whole[7:90], whole[90:] + whole + whole[:30], whole[30:]):
            client.sendall(part)
        client.sendall(whole.replace(b"Host", b"Connection: close\r\nHost"))
        assert read_to_the_end(client).count(b'{"success":true}') == 4
    assert len(sqlite_shop.inbox()) == 4


@pytest.mark.parametrize("path", [b"/v1/batch", b"/v1/track", b"/login", b"/u/x"])
def test_a_client_that_hangs_up_in_mid_body_costs_a_line_at_most(
    sqlite_shop: Site, caplog: pytest.LogCaptureFixture, path: bytes
) -> None:
    caplog.set_level(logging.INFO)
    with serving(sqlite_shop.services) as port:
        for ending in (
            b"Content-Length: 100\r\n\r\n{",
            b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        ):
            with connected(port) as client:
                client.sendall(b"POST " + path + b" HTTP/1.1\r\nHost: shop.example\r\n" + ending)
        with connected(port) as client:  # answered after the others were looked at
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b"200 OK" in read_to_the_end(client)
    assert [
        record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING
    ] == []


def test_a_server_that_stops_does_not_wait_for_half_a_body(
    sqlite_shop: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(sqlite_shop.services) as port, connected(port) as client:
        client.sendall(HEAD + b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n")
        assert b"100 Continue" in client.recv(1_000)  # it is waiting for the body now
    assert not caplog.records


def test_who_asks_for_a_websocket_gets_the_page_and_no_warning(
    sqlite_shop: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(sqlite_shop.services) as port, connected(port) as client:
        client.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\nUpgrade: "
            b"websocket\r\n\r\n"
        )
        assert b"200 OK" in read_to_the_end(client)
    assert not caplog.records
