"""`GET /v1/onsite`: what a page of the shop shows, to whom the shop's server says they are."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.api.customer_tokens import TokenInvalid, read_token
from orchestrator.store.tables import ENROLLMENTS, ONSITE_CONTENTS
from tests.api.site import NOW, ONSITE_SECRET, READ_KEY, WRITE_KEY, Site
from tests.store.rows import ENROLLMENT, add_customer

PAGE = (Path(__file__).parents[2] / "docs/onsite.md").read_text("utf-8")
CONTENT = {
    "customer_id": 1, "enrollment_id": 1, "step": "s", "pass_no": 1, "priority": 50,
    "slot": "hero", "content": {"title": "Sale"}, "at": NOW, "until": NOW + timedelta(days=3),
}  # fmt: skip


def recipe(language: str) -> str:
    """The code of the docs that signs a token."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(code)


def sign(user_id: str, secret: str = ONSITE_SECRET, hours: float = 24) -> str:
    """A token as the recipe for Python makes it, at the time of the shop's clock."""
    names: dict[str, object] = {}
    code = recipe("python").replace("time.time()", str(int(NOW.timestamp())))
    exec(code, names)  # the code of our own page
    made = names["customer_token"](user_id, secret, hours)  # type: ignore[operator]
    return str(made)


def show(shop: Site) -> Site:
    with shop.database.write() as transaction:
        add_customer(transaction, external_id="ada", email=None)
        transaction.execute(ENROLLMENTS.insert(), [ENROLLMENT])
        transaction.execute(ONSITE_CONTENTS.insert(), [CONTENT])
    return shop


def test_a_page_shows_what_a_journey_says(shop: Site) -> None:
    asked = {"slot": "hero", "key": READ_KEY, "customer": sign("ada")}
    with show(shop).client(Origin="https://shop.example") as client:
        answer = client.get("/v1/onsite", params=asked)
        assert answer.json() == {
            "slot": "hero", "content": {"title": "Sale"}, "journey": "j", "step": "s",
            "until": "2026-03-05T09:00:00.000Z",
        }  # fmt: skip
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "no-store"
        for changed in ({"slot": "foot"}, {"customer": sign("bob")}, {"slot": "\x00"}):
            nothing = client.get("/v1/onsite", params=asked | changed)
            assert (nothing.status_code, nothing.json()["content"]) == (200, None)


def test_a_browser_may_ask_with_the_key_in_a_header(sqlite_shop: Site) -> None:
    asked = {"slot": "hero", "customer": sign("ada")}
    with show(sqlite_shop).client(Origin="https://shop.example") as client:
        ask_first = {
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        }
        assert client.options("/v1/onsite", headers=ask_first).status_code == 200
        answer = client.get("/v1/onsite", params=asked, auth=(READ_KEY, ""))
        assert answer.json()["content"] == {"title": "Sale"}


def test_each_fault_is_told_by_its_own_code(sqlite_shop: Site) -> None:
    good = {"slot": "hero", "key": READ_KEY, "customer": sign("ada")}
    with show(sqlite_shop).client() as client:
        for change, status, code in (
            ({"key": WRITE_KEY}, 401, "invalid_read_key"),
            ({"key": ""}, 401, "invalid_read_key"),
            ({"slot": ""}, 400, "invalid_request"),
            ({"customer": ""}, 401, "invalid_customer"),
            ({"customer": "ada"}, 401, "invalid_customer"),
        ):
            answer = client.get("/v1/onsite", params=good | change)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        with sqlite_shop.store_away():
            assert client.get("/v1/onsite", params=good).status_code == 503


@pytest.mark.parametrize("user_id", ["1001", "ada@example.com", "é?ø/+", "x" * 256])
def test_a_token_says_who_somebody_is(user_id: str) -> None:
    assert read_token(sign(user_id), ONSITE_SECRET, NOW) == user_id


def test_a_token_is_good_up_to_its_time() -> None:
    token = sign("ada", hours=2)
    assert read_token(token, ONSITE_SECRET, NOW + timedelta(hours=1, minutes=59)) == "ada"
    with pytest.raises(TokenInvalid, match="too old"):
        read_token(token, ONSITE_SECRET, NOW + timedelta(hours=2))


def test_nobody_else_can_say_who_somebody_is() -> None:
    token = sign("ada")
    who, until, signature = token.split(".")
    for forged in (
        sign("ada", secret="another"),
        f"{sign('bob').split('.')[0]}.{until}.{signature}",
        f"{who}.{int(until) + 1}.{signature}",
        f"{who}.{until}",
        signature,
        "",
        "é.1.x",
    ):
        with pytest.raises(TokenInvalid):
            read_token(forged, ONSITE_SECRET, NOW)


def test_the_recipe_for_javascript_makes_the_same_token() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    code = recipe("javascript").replace("Date.now()", str(int(NOW.timestamp()) * 1000))
    call = f'{code}\nconsole.log(customerToken("é1001", "{ONSITE_SECRET}", 24))'
    done = subprocess.run([node, "-e", call], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == sign("é1001")


def test_the_recipe_for_php_makes_the_same_token() -> None:
    php = shutil.which("php")
    if php is None:
        pytest.skip("no php on this machine")
    code = recipe("php").replace("time()", str(int(NOW.timestamp())))
    call = f'{code}\necho customer_token("é1001", "{ONSITE_SECRET}", 24);'
    done = subprocess.run([php, "-r", call], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == sign("é1001")
