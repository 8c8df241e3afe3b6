"""The pages for those who run the shop: who is let in, and what they see."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from starlette.requests import Request

from channels.channel_settings import ChannelSettings
from channels.mailbox import MailboxChannel
from orchestrator.api import mailbox_pages
from orchestrator.api.admission import is_admitted
from orchestrator.api.app import create_app
from orchestrator.api.mailbox_index import MailboxIndex
from orchestrator.clock import VirtualClock
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from tests.api.site import NOW, Site

GUARDED = ["/", "/mailbox", "/mailbox/e0", "/mailbox/e0/html"]
HTML = (
    "<html><head></head><body><h1>Hello</h1><script>alert(1)</script><a "
    'href="https://shop.example">x</a></body></html>'
)


def fill(shop: Site, count: int = 3) -> None:
    """E-mails e0, e1, …, one a minute, then an SMS s."""
    clock = VirtualClock(NOW)
    settings = ChannelSettings(
        shop.services.mailbox_root.parent, clock.now, "hello@shop.example", "Atelier Nord"
    )
    email = MailboxChannel(Medium.EMAIL, shop.services.mailbox_root, settings)
    for number in range(count):
        clock.advance(timedelta(minutes=1))
        send(
            email,
            RenderedMessage(
                f"e{number}",
                Medium.EMAIL,
                f"customer{number}@example.com",
                "Hello in text",
                subject=f"Mail <{number}>",
                html=HTML,
                journey="welcome" if number % 2 else "win-back",
                step="first",
                template="welcome-hello",
            ),
        )
    clock.advance(timedelta(minutes=1))
    sms = MailboxChannel(Medium.SMS, shop.services.mailbox_root, settings)
    send(
        sms,
        RenderedMessage(
            "s", Medium.SMS, "+33612345678", "Bonjour <b>", journey="cart", step="nudge"
        ),
    )


def send(channel: MailboxChannel, message: RenderedMessage) -> None:
    list(channel.send_batch([message], time.monotonic() + 5))


def with_token(shop: Site, token: str | None) -> None:
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
def test_nobody_sees_customers_from_elsewhere(sqlite_shop: Site, path: str) -> None:
    fill(sqlite_shop)
    for token, status in ((None, 403), ("a token", 401)):
        with_token(sqlite_shop, token)
        with sqlite_shop.client() as client:
            for headers in (
                {},
                {"Authorization": "Bearer wrong"},
                {"Cookie": "parcours_admin=wrong"},
            ):
                answer = client.get(path, headers=headers)
                assert answer.status_code == status
                assert "customer0" not in answer.text
                assert "Hello" not in answer.text


@pytest.mark.parametrize("path", GUARDED)
def test_the_machine_itself_and_the_token_are_let_in(sqlite_shop: Site, path: str) -> None:
    fill(sqlite_shop)
    with sqlite_shop.local_client() as client:
        assert client.get(path).status_code == 200
    with_token(sqlite_shop, "a token")
    with sqlite_shop.client() as client:
        assert client.get(path, headers={"Authorization": "Bearer a token"}).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_who_comes_through_a_proxy_is_not_at_this_machine(sqlite_shop: Site, header: str) -> None:
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
    sqlite_shop: Site, peer: str, host: str, admitted: bool
) -> None:
    sqlite_shop.at_home()
    scope = {
        "type": "http", "method": "GET", "path": "/", "query_string": b"",
        "headers": [(b"host", host.encode())], "client": (peer, 5000) if peer else None,
        "server": ("127.0.0.1", 8000), "scheme": "http", "app": create_app(sqlite_shop.services),
    }  # fmt: skip
    assert is_admitted(Request(scope)) is admitted


@pytest.mark.parametrize(
    ("token", "public_url"), [("a token", "http://localhost:8000"), (None, "https://shop.example")]
)
def test_behind_a_proxy_that_says_nothing_of_itself_nobody_is_taken_for_local(
    sqlite_shop: Site, token: str | None, public_url: str
) -> None:
    fill(sqlite_shop)
    with_token(sqlite_shop, token)
    sqlite_shop.change(config=replace(sqlite_shop.services.config, public_url=public_url))
    with sqlite_shop.client(Host="localhost:8000") as client:
        assert client.get("/mailbox").status_code in (401, 403)


def test_logging_in_sets_a_cookie_that_is_not_the_token(sqlite_shop: Site) -> None:
    with_token(sqlite_shop, "a token")
    with sqlite_shop.client() as client:
        assert client.post("/login", data={"token": "wrong"}).status_code == 401
        done = client.post("/login", data={"token": "a token"})
        assert (done.status_code, done.headers["location"]) == (303, "./")
        cookie = done.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Secure" in cookie
        assert "a token" not in cookie
        assert client.get("/mailbox", headers={"Cookie": cookie.split(";")[0]}).status_code == 200


def test_without_a_token_nobody_logs_in(sqlite_shop: Site) -> None:
    with sqlite_shop.client() as client:
        assert client.post("/login", data={"token": ""}).status_code == 401
        assert "PARCOURS_ADMIN_TOKEN" in client.get("/login").text


def order_of(answer: httpx.Response) -> list[str]:
    return [part.split('"')[0] for part in answer.text.split('<li><a href="./mailbox/')[1:]]


def test_the_newest_messages_stand_first(sqlite_shop: Site) -> None:
    fill(sqlite_shop)
    with sqlite_shop.local_client() as client:
        answer = client.get("/mailbox")
    assert order_of(answer) == ["s", "e2", "e1", "e0"]
    assert "Mail &lt;2&gt;" in answer.text
    assert "http-equiv" not in answer.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("CUSTOMER1@", ["e1"]),
        ("win-back", ["e2", "e0"]),
        ("+336", ["s"]),
        ("mail <0", ["e0"]),
        ("nobody", []),
    ],
)
def test_search_looks_at_recipient_journey_and_subject(
    sqlite_shop: Site, query: str, found: list[str]
) -> None:
    fill(sqlite_shop)
    with sqlite_shop.local_client() as client:
        assert order_of(client.get("/mailbox", params={"q": query})) == found


@pytest.mark.parametrize("query", ["", "customer"])
def test_paging_shows_every_message_once(
    sqlite_shop: Site, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(mailbox_pages, "PAGE_SIZE", 3)
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


def test_a_search_that_gives_up_says_so_and_goes_on_where_it_stopped(sqlite_shop: Site) -> None:
    fill(sqlite_shop, 8)
    index = MailboxIndex(sqlite_shop.services.mailbox_root)
    listing = index.search("customer0", 50, read_max=4)
    assert (listing.messages, listing.older, listing.complete) == ([], "e5", False)
    listing = index.search("customer0", 50, read_max=4, before="e5")
    assert (listing.messages, listing.older, listing.complete) == ([], "e1", False)
    listing = index.search("customer0", 50, read_max=4)  # what was read before costs nothing
    assert [message.message_id for message in listing.messages] == ["e0"]


def test_every_mail_is_read_once_however_often_the_list_is_shown(sqlite_shop: Site) -> None:
    fill(sqlite_shop, 20)
    root = sqlite_shop.services.mailbox_root
    with sqlite_shop.local_client() as client:
        shown = order_of(client.get("/mailbox"))
        for path in (root / "new").iterdir():
            path.write_bytes(b"altered: who reads it again shows that")
        assert order_of(client.get("/mailbox")) == shown
        assert order_of(client.get("/mailbox?q=customer")) == [
            f"e{number}" for number in reversed(range(20))
        ]
        (root / "new" / "e19").rename(root / "cur" / "e19:2,S")  # a mail program has shown it
        (root / "new" / "e18").unlink()
        assert order_of(client.get("/mailbox")) == [
            "s",
            "e19",
            *(f"e{number}" for number in reversed(range(18))),
        ]


def write_mail(shop: Site, name: str, **headers: str) -> None:
    folder = shop.services.mailbox_root / "new"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
    (folder / name).write_bytes("\r\n".join([*lines, "", "text"]).encode("latin-1"))


def test_whatever_lies_in_the_folder_the_list_is_shown(sqlite_shop: Site) -> None:
    fill(sqlite_shop, 1)
    write_mail(sqlite_shop, "plain")
    write_mail(
        sqlite_shop,
        "odd",
        Date="no date",
        Subject="=?klingon?Q?=FF?=",
        To="<<>",
        X_Parcours_Medium="pigeon",
    )
    write_mail(
        sqlite_shop, "old", Date="Mon, 99 Foo 99999 99:99:99 +9999", Subject="=?utf-8?B?%%?="
    )
    write_mail(sqlite_shop, "latin", Date="Mon, 02 Mar 2026 09:00:00 -0000", Subject="caf\xe9")
    new = sqlite_shop.services.mailbox_root / "new"
    (new / "folder").mkdir()
    (new / "nowhere").symlink_to(new / "missing")
    (new / "nothing").write_bytes(b"")
    with sqlite_shop.local_client() as client:
        assert set(order_of(client.get("/mailbox"))) == {
            "s",
            "e0",
            "plain",
            "odd",
            "old",
            "latin",
            "nothing",
        }
        for name in ("plain", "odd", "old", "latin", "nothing"):
            for view in ("", "text", "headers"):
                assert client.get(f"/mailbox/{name}?view={view}").status_code == 200
        assert [client.get(f"/mailbox/{name}").status_code for name in ("folder", "nowhere")] == [
            404,
            404,
        ]


def put(shop: Site, message: RenderedMessage) -> None:
    clock = VirtualClock(NOW)
    settings = ChannelSettings(
        shop.services.mailbox_root.parent, clock.now, "hello@shop.example", "Atelier Nord"
    )
    send(MailboxChannel(message.medium, shop.services.mailbox_root, settings), message)


@pytest.mark.parametrize(
    "query",
    [
        "10 %",
        "10%",
        "10\u00a0%",
        "moreau elise",
        "élise",
        "ELISE",
        "cœur",
        "coeur",
        "l'hiver",
        "l’hiver",
        "  elise  ",
        "e\u0301lise",
        "sous le titre",
        "strasse",
        "e-mail",
    ],
)
def test_search_finds_what_people_type(sqlite_shop: Site, query: str) -> None:
    put(
        sqlite_shop,
        RenderedMessage(
            "e",
            Medium.EMAIL,
            "elise@example.com",
            "text",
            subject="Moreau Élise : −10\u202f% au cœur de l’hiver",
            html=(
                "<body><div style='display:none'>Sous\u00a0le titre, "
                "Straße&#847;&zwnj;&nbsp;</div></body>"
            ),
        ),
    )
    put(sqlite_shop, RenderedMessage("s", Medium.SMS, "+33612345678", "Bonjour"))
    with sqlite_shop.local_client() as client:
        assert order_of(client.get("/mailbox", params={"q": query})) == ["e"]
        for word in ("sms", "SMS", "text", "bonjour"):
            assert order_of(client.get("/mailbox", params={"q": word})) == ["s"]


def test_the_list_shows_the_preheader_beside_the_subject_and_each_name_once(
    sqlite_shop: Site,
) -> None:
    html = (
        '<body><div style="font-size:1px;display:none">It &amp; '
        "waits&#847;&zwnj;&nbsp;&#847;</div><p>Hello</p></body>"
    )
    names = {"journey": "welcome", "step": "welcome-hello", "template": "welcome-hello"}
    put(
        sqlite_shop,
        RenderedMessage("a", Medium.EMAIL, "a@x.example", "t", subject="Cart", html=html, **names),
    )
    other = {"journey": "welcome", "step": "second", "template": "welcome-hello"}
    put(
        sqlite_shop,
        RenderedMessage(
            "b", Medium.EMAIL, "b@x.example", "t", subject="None", html="<p>x</p>", **other
        ),
    )
    with sqlite_shop.local_client() as client:
        page = client.get("/mailbox").text
    assert 'Cart <span class="preheader">It &amp; waits</span>' in page
    assert page.count('class="preheader"') == 1
    assert "welcome · welcome-hello<" in page
    assert "welcome · second · welcome-hello<" in page


def test_a_message_leads_to_the_next_and_to_the_story_of_its_reader(shop: Site) -> None:
    fill(shop, 3)
    shop.add_message(shop.add_customer("it's 7", email="customer1@example.com"), "e1")
    with shop.local_client() as client:
        page = client.get("/mailbox/e1?view=text").text
        first, last = client.get("/mailbox/s").text, client.get("/mailbox/e0").text
    assert 'rel="prev" href="../mailbox/e2?view=text"' in page
    assert 'rel="next" href="../mailbox/e0?view=text"' in page
    assert "parcours explain &#39;it&#39;&#34;&#39;&#34;&#39;s 7&#39; welcome</code>" in page
    assert 'rel="prev"' not in first
    assert 'rel="next"' not in last
    assert "parcours explain" not in last  # nobody knows of that message


def test_the_story_of_the_demo_is_asked_of_its_own_database(sqlite_shop: Site) -> None:
    fill(sqlite_shop, 1)
    sqlite_shop.add_message(sqlite_shop.add_customer("7"), "e0")
    sqlite_shop.change(demo=True)
    with sqlite_shop.local_client() as client:
        page = client.get("/mailbox/e0").text
    assert f"PARCOURS_DATABASE_URL={sqlite_shop.database.url} parcours explain 7 win-back" in page


def mark_of(answer: httpx.Response) -> str:
    return answer.text.split('data-mark="')[1].split('"')[0]


def test_the_page_asks_for_the_list_alone_and_only_when_something_is_new(sqlite_shop: Site) -> None:
    with sqlite_shop.local_client() as client:
        mark = mark_of(client.get("/mailbox"))
        assert client.get("/mailbox", params={"seen": mark}).status_code == 204
        fill(sqlite_shop)
        answer = client.get("/mailbox", params={"seen": mark})
        assert order_of(answer) == ["s", "e2", "e1", "e0"]
        assert "<html" not in answer.text
        assert client.get("/mailbox", params={"seen": mark_of(answer)}).status_code == 204


def test_only_the_list_of_the_newest_looks_for_more(sqlite_shop: Site) -> None:
    fill(sqlite_shop, 1)
    with sqlite_shop.local_client() as client:
        newest = client.get("/mailbox")
        assert '<script src="./mailbox.js" defer></script>' in newest.text
        assert "script-src 'self'" in newest.headers["content-security-policy"]
        assert client.get("/mailbox.js").headers["content-type"].startswith("text/javascript")
        for page in ("/mailbox?q=x", "/mailbox?before=s", "/mailbox/e0", "/"):
            assert "<script" not in client.get(page).text
        assert "script-src" not in client.get("/mailbox/e0/html").headers["content-security-policy"]


@pytest.mark.parametrize("view", ["", "phone", "text", "headers", "nonsense"])
def test_a_mail_is_seen_in_every_way(sqlite_shop: Site, view: str) -> None:
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


def test_the_html_of_a_mail_cannot_run_or_read_anything(sqlite_shop: Site) -> None:
    fill(sqlite_shop)
    with sqlite_shop.local_client() as client:
        page, frame = client.get("/mailbox/e0"), client.get("/mailbox/e0/html")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    policy = frame.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "script" not in policy
    assert "frame-ancestors 'self'" in policy
    assert '<head><base target="_blank">' in frame.text


def test_a_text_message_is_seen_as_on_a_phone(sqlite_shop: Site) -> None:
    fill(sqlite_shop)
    with sqlite_shop.local_client() as client:
        html = client.get("/mailbox/s").text
        assert 'class="bubble">Bonjour &lt;b&gt;<' in html
        assert "sms.invalid" not in html
        assert client.get("/mailbox/s/html").status_code == 404


@pytest.mark.parametrize("message_id", ["nobody", ".. ", "..%2f..%2fetc%2fpasswd", "%00", "é"])
def test_a_message_that_never_arrived_is_missed_kindly(sqlite_shop: Site, message_id: str) -> None:
    fill(sqlite_shop, 1)
    with sqlite_shop.local_client() as client:
        assert client.get(f"/mailbox/{message_id}").status_code == 404


def test_an_empty_mailbox_says_so(sqlite_shop: Site) -> None:
    with sqlite_shop.local_client() as client:
        assert "Nothing was sent yet" in client.get("/mailbox").text


def test_the_demo_says_that_it_is_one(sqlite_shop: Site) -> None:
    sqlite_shop.change(demo=True)
    fill(sqlite_shop, 1)
    with sqlite_shop.local_client() as client:
        assert "nothing leaves this machine" in client.get("/mailbox").text


def test_where_no_website_is_named_the_links_of_mails_lead_to_a_page_of_ours(
    sqlite_shop: Site,
) -> None:
    with sqlite_shop.local_client() as client:
        for path in (
            "/shop",
            "/shop/",
            "/shop/products/oak-stool",
            "/shop/pictures/oak-stool.svg",
            "/shop/%3Cscript%3E?utm_source=x",
            "/shop/a/b/c/d/e",
        ):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "<script" not in answer.text
        assert "<h1>Oak stool</h1>" in client.get("/shop/products/oak-stool").text
    config = sqlite_shop.services.config
    sqlite_shop.change(
        config=replace(config, project=replace(config.project, website="https://shop.example"))
    )
    with sqlite_shop.local_client() as client:
        assert client.get("/shop/cart").status_code == 404
