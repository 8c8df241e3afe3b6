"""Every page and path, asked for in every wrong way: no answer is a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from orchestrator.links import LinkPurpose
from orchestrator.store.inbox import has_call
from tests.api.site import WRITE_KEY, Site, path_of

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]
PATHS = [
    "/", "/mailbox", "/mailbox/{token}", "/mailbox/{token}/html", "/u/{token}", "/s/{token}",
    "/r/{token}", "/m/{token}", "/o/{token}", "/c/{token}", "/p/{token}", "/login", "/healthz", "/metrics", "/style.css",
    "/mailbox.js", "/desk.css", "/journeys", "/journeys/{token}", "/customers", "/customers/{token}",
    "/deliverability", "/gaps", "/kpis", "/tasks", "/coupons", "/shop/{token}", "/v1/batch", "/v1/track", "/v1/coupons", "/v1/onsite",
    "/v1/{token}", "/{token}",
]  # fmt: skip
TOKENS = [
    "x", "%00", "%0d%0aX:%201", "%ff", "%ed%a0%80", "..", "..%2f..%2fetc%2fpasswd", "é", "a.b.c",
    "=" * 40, "A" * 4_000, "%F0%9F%98%80", "{{7*7}}", "%25", " ", "-", ".",
]  # fmt: skip
QUERIES = [
    "", "?q=%00", "?q=%ff%fe", "?q=" + "a" * 3_000, "?before=%00", "?before=../x", "?seen=%00",
    "?view=%00", "?score=%D9%A3", "?score=999999999999999999999", "?answer=%00", "?=&&=&",
    "?q=a&q=b", "?%00=1", "?journey=%00", "?done=%00", "?from=%00", "?to=9999-99-99", "?by=%ff",
]  # fmt: skip
HEADERS = [
    {}, {"Content-Type": "application/json"}, {"Content-Type": "multipart/form-data"},
    {"Content-Type": "é;;;="}, {"Content-Type": "multipart/form-data; boundary=b"},
    {"Content-Encoding": "gzip"}, {"Content-Encoding": "br"},
    {"Accept-Language": ",;q=x,*;q=-1,fr-\x7f" + ",a" * 500},
    {"Cookie": 'parcours_admin="\\377"; a=b=c;;'}, {"Host": "[::1"}, {"Host": "a b"}, {"Host": ""},
    {"Host": "localhost:99999999"}, {"Range": "bytes=9-1"}, {"Authorization": "Basic"},
    {"Authorization": "Basic " + "=" * 50}, {"Authorization": "Bearer é"},
    {"Origin": "null", "Access-Control-Request-Method": "é"}, {"X-Forwarded-For": "\x80"},
    {"If-None-Match": "é"},
]  # fmt: skip
BODIES = [
    b"", b"\x00", b"{", b"=&=&%", b"a=%ff&a=%00&email=%00",
    b"--b\r\nContent-Disposition: form-data; name=\"a", b"--b--", b"--b\r\n\r\n\r\n--b--\r\n",
    b"email=a%40b&email=c%40d", b"x" * 70_000, b"&".join([b"a=1"] * 50),
    b'--b\r\nContent-Disposition: form-data; name="email"; filename="x"\r\n\r\n1\r\n--b--\r\n',
]  # fmt: skip


def fine(answer: httpx.Response) -> bool:
    return answer.status_code < 500


def ask(client: httpx.Client, method: str, path: str, **options: object) -> httpx.Response:
    headers = options.pop("headers", {})
    assert isinstance(headers, dict)
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return client.request(method, path, headers=raw, **options)  # type: ignore[arg-type]


@pytest.fixture
def client(sqlite_shop: Site) -> Iterator[httpx.Client]:
    sqlite_shop.at_home()
    with sqlite_shop.client(Host="localhost:8000") as opened:
        yield opened


@pytest.mark.parametrize("path", PATHS)
def test_no_token_query_or_method_is_a_fault_of_ours(client: httpx.Client, path: str) -> None:
    tokens = TOKENS if "{token}" in path else [""]
    asked = [(method, path.replace("{token}", token)) for method in METHODS for token in tokens]
    asked += [
        (method, path.replace("{token}", "x") + query)
        for method in ("GET", "POST")
        for query in QUERIES
    ]
    found = {(method, one): ask(client, method, one).status_code for method, one in asked}
    assert {key: status for key, status in found.items() if status >= 500} == {}


@pytest.mark.parametrize("path", PATHS)
def test_no_header_or_body_is_a_fault_of_ours(client: httpx.Client, path: str) -> None:
    asked = [(headers, body) for headers in HEADERS for body in (b"", b"x=1")]
    asked += [({"Content-Type": kind}, body) for body in BODIES for kind in (
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json",
    )]  # fmt: skip
    for headers, body in asked:
        for method in ("GET", "POST"):
            answer = ask(
                client, method, path.replace("{token}", "x"), headers=headers, content=body
            )
            assert fine(answer), (method, headers, body[:50])


def genuine(shop: Site, purpose: LinkPurpose, *ids: str) -> str:
    """A link that we signed, whatever stands in it."""
    return path_of(shop.services.signer._url(purpose, *ids))


@pytest.mark.parametrize("purpose", LinkPurpose)
def test_a_genuine_link_to_what_is_gone_says_so(shop: Site, purpose: LinkPurpose) -> None:
    shop.change(render_copy=lambda public_id: None)
    ids = ["", "gone", "0", "-1", "9" * 18, "9" * 19, "9" * 30, "٣", "\x00", "é" * 500, "1\n2\n3"]
    with shop.client() as client:
        for one in ids:
            for method in ("GET", "POST"):
                answer = client.request(method, genuine(shop, purpose, one, "nps"))
                assert answer.status_code in (404, 405, 410), (one, method, answer.status_code)


@pytest.mark.parametrize(
    "path",
    [path for path in PATHS if path not in ("/style.css", "/desk.css", "/mailbox.js", "/healthz")],
)
def test_while_the_database_is_away_no_answer_is_a_fault_of_ours(
    sqlite_shop: Site, path: str
) -> None:
    shop = sqlite_shop
    customer = shop.add_customer("u1", email="ada@example.com")
    shop.add_message(customer)
    shop.at_home()
    links = {"/u/": LinkPurpose.UNSUBSCRIBE, "/s/": LinkPurpose.SURVEY, "/r/": LinkPurpose.REFERRAL,
             "/m/": LinkPurpose.BROWSER, "/c/": LinkPurpose.CONFIRM,
             "/p/": LinkPurpose.PREFERENCES}  # fmt: skip
    purpose = next((links[start] for start in links if path.startswith(start)), None)
    if purpose is not None:
        ids = ("m1", "nps") if purpose is LinkPurpose.SURVEY else (str(customer),)
        path = genuine(shop, purpose, *ids)
    call = {"type": "track", "userId": "u", "event": "E"}
    with shop.client(Host="localhost:8000") as client, shop.store_away():
        for method in ("GET", "POST"):
            body = {"batch": [call]} if path == "/v1/batch" else call
            answer = client.request(
                method, path.replace("{token}", quote("x")), json=body, auth=(WRITE_KEY, "")
            )
            assert answer.status_code < 500 or answer.status_code == 503, (method, path)
            if purpose not in (None, LinkPurpose.BROWSER):
                assert answer.status_code == 503
                assert answer.headers["retry-after"]


def test_figures_and_web_copies_that_cannot_be_read_just_now_say_so(sqlite_shop: Site) -> None:
    shop = sqlite_shop
    shop.at_home()
    shop.change(render_copy=lambda _: str(has_call(shop.database, "m")))
    copy = path_of(shop.services.signer.browser("m1"))
    with shop.client(Host="localhost:8000") as client:
        with shop.store_away():
            assert [client.get(path).status_code for path in ("/", copy)] == [503, 503]
        assert [client.get(path).status_code for path in ("/", copy)] == [200, 200]
