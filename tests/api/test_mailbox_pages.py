"""The pages for those who run the shop: who is let in, and what they see."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from starlette.requests import Request

from channels.mailbox import MailboxChannel
from channels.settings import ChannelSettings
from orchestrator.api import mailbox
from orchestrator.api.admission import is_admitted
from orchestrator.api.app import create_app
from orchestrator.clock import VirtualClock
from orchestrator.domain.message import Medium, RenderedMessage
from tests.api.shop import NOW, Shop

GUARDED = ["/", "/mailbox", "/mailbox/e0", "/mailbox/e0/html"]
HTML = (
    '<html><head></head><body><h1>Hello</h1><script>alert(1)</script><a href="https://shop.example">x</a></body></html>'
)


def fill(shop: Shop, count: int = 3) -> None:
    """E-mails e0, e1, …, one a minute, then an SMS s."""
    clock = VirtualClock(NOW)
    settings = ChannelSettings(shop.services.mailbox_root.parent, clock.now, "hello@shop.example", "Atelier Nord")
    email = MailboxChannel(Medium.EMAIL, shop.services.mailbox_root, settings)
    for number in range(count):
        clock.advance(timedelta(minutes=1))
        send(email, RenderedMessage(
            f"e{number}", Medium.EMAIL, f"customer{number}@example.com", "Hello in text", subject=f"Mail <{number}>",
            html=HTML, journey="welcome" if number % 2 else "win-back", step="first", template="welcome-hello",
        ))  # fmt: skip
    clock.advance(timedelta(minutes=1))
    sms = MailboxChannel(Medium.SMS, shop.services.mailbox_root, settings)
    send(sms, RenderedMessage("s", Medium.SMS, "+33612345678", "Bonjour <b>", journey="cart", step="nudge"))


def send(channel: MailboxChannel, message: RenderedMessage) -> None:
    list(channel.send_batch([message], time.monotonic() + 5))


def with_token(shop: Shop, token: str | None) -> None:
    environment = {"PARCOURS_ADMIN_TOKEN": token} if token else {}
    config = type(shop.services.config)(
        **{
            name: getattr(shop.services.config, name)
            for name in shop.services.config.__slots__
            if name != "environment"
        },
        environment=environment,
    )
    shop.change(config=config)


@pytest.mark.parametrize("path", GUARDED)
def test_nobody_sees_customers_from_elsewhere(sqlite_shop: Shop, path: str) -> None:
    fill(sqlite_shop)
    for token, status in ((None, 403), ("a token", 401)):
        with_token(sqlite_shop, token)
        with sqlite_shop.client() as client:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "parcours_admin=wrong"}):
                answer = client.get(path, headers=headers)
                assert answer.status_code == status
                assert "customer0" not in answer.text
                assert "Hello" not in answer.text


@pytest.mark.parametrize("path", GUARDED)
def test_the_machine_itself_and_the_token_are_let_in(sqlite_shop: Shop, path: str) -> None:
    fill(sqlite_shop)
    with sqlite_shop.local_client() as client:
        assert client.get(path).status_code == 200
    with_token(sqlite_shop, "a token")
    with sqlite_shop.client() as client:
        assert client.get(path, headers={"Authorization": "Bearer a token"}).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_who_comes_through_a_proxy_is_not_at_this_machine(sqlite_shop: Shop, header: str) -> None:
    with sqlite_shop.local_client() as client:
        assert client.get("/mailbox", headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize(
    ("peer", "host", "admitted"),
    [
        ("127.0.0.1", "localhost:8000", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "[::1]:8000", True),
        ("192.0.2.7", "localhost", False),
        ("127.0.0.1", "rebound.example", False),
        ("127.0.0.1", "localhost.evil.example", False),
        ("", "localhost", False),
    ],
)
def test_this_machine_is_known_by_its_address_and_by_its_name(
    sqlite_shop: Shop, peer: str, host: str, admitted: bool
) -> None:
    sqlite_shop.at_home()
    scope = {
        "type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", host.encode())],
        "client": (peer, 5000) if peer else None, "server": ("127.0.0.1", 8000), "scheme": "http",
        "app": create_app(sqlite_shop.services),
    }  # fmt: skip
    assert is_admitted(Request(scope)) is admitted


@pytest.mark.parametrize(
    ("token", "public_url"), [("a token", "http://localhost:8000"), (None, "https://shop.example")]
)
def test_behind_a_proxy_that_says_nothing_of_itself_nobody_is_taken_for_local(
    sqlite_shop: Shop, token: str | None, public_url: str
) -> None:
    fill(sqlite_shop)
    with_token(sqlite_shop, token)
    sqlite_shop.change(config=replace(sqlite_shop.services.config, public_url=public_url))
    with sqlite_shop.client(Host="localhost:8000") as client:
        assert client.get("/mailbox").status_code in (401, 403)


def test_logging_in_sets_a_cookie_that_is_not_the_token(sqlite_shop: Shop) -> None:
    with_token(sqlite_shop, "a token")
    with sqlite_shop.client() as client:
        assert client.post("/login", data={"token": "wrong"}).status_code == 401
        done = client.post("/login", data={"token": "a token"})
        assert (done.status_code, done.headers["location"]) == (303, "mailbox")
        cookie = done.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Secure" in cookie
        assert "a token" not in cookie
        assert client.get("/mailbox", headers={"Cookie": cookie.split(";")[0]}).status_code == 200


def test_without_a_token_nobody_logs_in(sqlite_shop: Shop) -> None:
    with sqlite_shop.client() as client:
        assert client.post("/login", data={"token": ""}).status_code == 401
        assert "PARCOURS_ADMIN_TOKEN" in client.get("/login").text


def order_of(answer: httpx.Response) -> list[str]:
    return [part.split('"')[0] for part in answer.text.split('<li><a href="./mailbox/')[1:]]


def test_the_newest_messages_stand_first(sqlite_shop: Shop) -> None:
    fill(sqlite_shop)
    with sqlite_shop.local_client() as client:
        answer = client.get("/mailbox")
    assert order_of(answer) == ["s", "e2", "e1", "e0"]
    assert "Mail &lt;2&gt;" in answer.text
    assert "http-equiv" not in answer.text


@pytest.mark.parametrize(
    ("query", "found"),
    [("CUSTOMER1@", ["e1"]), ("win-back", ["e2", "e0"]), ("+336", ["s"]), ("mail <0", ["e0"]), ("nobody", [])],
)
def test_search_looks_at_recipient_journey_and_subject(sqlite_shop: Shop, query: str, found: list[str]) -> None:
    fill(sqlite_shop)
    with sqlite_shop.local_client() as client:
        assert order_of(client.get("/mailbox", params={"q": query})) == found


@pytest.mark.parametrize("query", ["", "customer"])
def test_paging_shows_every_message_once(sqlite_shop: Shop, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    monkeypatch.setattr(mailbox, "PAGE_SIZE", 3)
    fill(sqlite_shop, 8)
    seen: list[str] = []
    with sqlite_shop.local_client() as client:
        link = f"/mailbox?q={query}"
        while link:
            answer = client.get(link)
            seen += order_of(answer)
            older = [part for part in answer.text.split('"') if "before=" in part]
            link = older[0].replace("./", "/").replace("&amp;", "&") if older else ""
    assert seen == ["s"] * (not query) + [f"e{number}" for number in reversed(range(8))]


def test_a_search_that_gives_up_says_so_and_goes_on_where_it_stopped(
    sqlite_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "SEARCH_MAX", 4)
    fill(sqlite_shop, 8)
    listing = mailbox.read_listing(sqlite_shop.services.mailbox_root, "customer0", "")
    assert (listing.messages, listing.older, listing.complete) == ([], "e5", False)
    listing = mailbox.read_listing(sqlite_shop.services.mailbox_root, "customer0", "e4")
    assert [message.message_id for message in listing.messages] == ["e0"]


@pytest.mark.parametrize("view", ["", "phone", "text", "headers", "nonsense"])
def test_a_mail_is_seen_in_every_way(sqlite_shop: Shop, view: str) -> None:
    fill(sqlite_shop)
    with sqlite_shop.local_client() as client:
        html = client.get(f"/mailbox/e0?view={view}").text
    assert "Mail &lt;0&gt;" in html
    assert "Atelier Nord &lt;hello@shop.example&gt;" in html
    assert "win-back · first · welcome-hello" in html
    assert "02 Mar 2026, 10:01" in html  # in the shop's zone
    assert ("<iframe" in html) == (view in ("", "phone", "nonsense"))
    assert ("Hello in text" in html) == (view == "text")
    assert ("X-Parcours-Journey" in html) == (view == "headers")


def test_the_html_of_a_mail_cannot_run_or_read_anything(sqlite_shop: Shop) -> None:
    fill(sqlite_shop)
    with sqlite_shop.local_client() as client:
        page, frame = client.get("/mailbox/e0"), client.get("/mailbox/e0/html")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    policy = frame.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "script" not in policy
    assert "frame-ancestors 'self'" in policy
    assert '<head><base target="_blank">' in frame.text


def test_a_text_message_is_seen_as_on_a_phone(sqlite_shop: Shop) -> None:
    fill(sqlite_shop)
    with sqlite_shop.local_client() as client:
        html = client.get("/mailbox/s").text
        assert 'class="bubble">Bonjour &lt;b&gt;<' in html
        assert "sms.invalid" not in html
        assert client.get("/mailbox/s/html").status_code == 404


@pytest.mark.parametrize("message_id", ["nobody", ".. ", "..%2f..%2fetc%2fpasswd", "%00", "é"])
def test_a_message_that_never_arrived_is_missed_kindly(sqlite_shop: Shop, message_id: str) -> None:
    fill(sqlite_shop, 1)
    with sqlite_shop.local_client() as client:
        assert client.get(f"/mailbox/{message_id}").status_code == 404


def test_an_empty_mailbox_says_so(sqlite_shop: Shop) -> None:
    with sqlite_shop.local_client() as client:
        assert "Nothing was sent yet" in client.get("/mailbox").text


def test_the_demo_says_that_it_is_one_and_refreshes(sqlite_shop: Shop) -> None:
    sqlite_shop.change(demo=True)
    fill(sqlite_shop, 1)
    with sqlite_shop.local_client() as client:
        assert "nothing leaves this machine" in client.get("/mailbox").text
        assert 'http-equiv="refresh"' in client.get("/mailbox").text
        assert 'http-equiv="refresh"' not in client.get("/mailbox?q=x").text


def test_where_no_website_is_named_the_links_of_mails_lead_to_a_page_of_ours(sqlite_shop: Shop) -> None:
    with sqlite_shop.local_client() as client:
        for path in (
            "/shop",
            "/shop/",
            "/shop/products/oak-stool",
            "/shop/%3Cscript%3E?utm_source=x",
            "/shop/a/b/c/d/e",
        ):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "<script" not in answer.text
        assert "<h1>Oak stool</h1>" in client.get("/shop/products/oak-stool").text
    config = sqlite_shop.services.config
    sqlite_shop.change(config=replace(config, project=replace(config.project, website="https://shop.example")))
    with sqlite_shop.local_client() as client:
        assert client.get("/shop/cart").status_code == 404


def test_the_home_page_shows_the_figures_and_the_doors(sqlite_shop: Shop) -> None:
    sqlite_shop.change(read_status=lambda: {"Customers": 1234}, prefect_ui_url="http://localhost:4200")
    with sqlite_shop.local_client() as client:
        html = client.get("/").text
        assert client.get("/style.css").headers["content-type"].startswith("text/css")
    assert "1,234" in html
    for door in ('href="./mailbox"', 'href="http://localhost:4200"', 'href="./healthz"'):
        assert door in html
