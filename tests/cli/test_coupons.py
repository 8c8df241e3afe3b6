"""`parcours coupons`: codes of the shop's own go in, and those that customers have come out."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest

from tests.cli.conftest import ShopFolder, identify, now, track

GIFT = """\
journey: gift
trigger: {event: Joined}
steps: [{coupon: {pool: SUMMER, percent: 10, minimum: 40, products: [Tea, Cup], expires: 3d}}]
"""


@pytest.fixture
def gifts(stored_shop: ShopFolder) -> ShopFolder:
    stored_shop.write("journeys/gift.yaml", GIFT)
    stored_shop.begin()
    return stored_shop


def fill(shop: ShopFolder, text: str, encoding: str = "utf-8") -> str:
    file = shop.folder / "codes.csv"
    file.write_bytes(text.encode(encoding))
    answer = shop.run("coupons", "import", "SUMMER", file)
    return answer.out or answer.err


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("a\nb\n\n c \n", "3 codes"),
        ("code\na\nb\n", "2 codes"),
        ("\ufeffId;Code\n1;a\n2;b\n3;\n", "2 codes"),
        ("a,10%\nb,10%", "2 codes"),
        ('Name,Discount code,Worth\nx,"a,b",10\n', "1 code"),
        ("", "0 codes"),
    ],
)
def test_codes_stand_one_a_line_or_in_a_column(gifts: ShopFolder, text: str, codes: str) -> None:
    assert fill(gifts, text) == f"{codes} imported into SUMMER\n"


def test_codes_that_are_known_are_told(gifts: ShopFolder) -> None:
    fill(gifts, "a\nb\n")
    assert fill(gifts, "A\nc\n") == (
        "1 code imported into SUMMER\n1 code left out, since it is known already: A\n"
    )
    many = "\n".join(f"k{number}\nk{number}" for number in range(12))
    assert fill(gifts, many).endswith("k8, k9 and 2 more\n")
    told = gifts.run("coupons", "import", "SUMMER", gifts.write("x.txt", "a\nz\n"), "--json").json
    assert told == {"pool": "SUMMER", "imported": 1, "duplicates": ["a"]}


def test_what_is_no_file_of_codes_is_refused_whole(gifts: ShopFolder) -> None:
    assert "line 2 holds no code" in fill(gifts, "a\n" + "x" * 101)
    assert "is no text in UTF-8" in fill(gifts, "é", "latin-1")
    assert fill(gifts, "a") == "1 code imported into SUMMER\n"
    assert gifts.run("coupons", "import", "my pool", gifts.write("x", "a")).code == 2


def test_the_codes_that_customers_have_reach_the_shop(gifts: ShopFolder) -> None:
    fill(gifts, "S-1\nS-2")
    at = now() - timedelta(minutes=2)
    gifts.ingest(identify("ada", at), track("ada", "Joined", at))
    gifts.run("tick")
    later = at + timedelta(minutes=1)
    gifts.ingest(track("ada", "Order Completed", later, coupon="s-1"))
    gifts.run("tick")
    (row,) = csv.DictReader(gifts.run("coupons", "export").out.splitlines())
    told = ("code", "user_id", "pool", "journey", "percent", "amount", "minimum", "products")
    assert [row[name] for name in told] == [
        "S-1", "ada", "SUMMER", "gift", "10", "", "40", '["Tea", "Cup"]',
    ]  # fmt: skip
    assert row["granted_at"] < row["redeemed_at"] < row["expires_at"]
    file = gifts.folder / "given.csv"
    answer = gifts.run("coupons", "export", file, "--since", now().isoformat())
    assert (answer.code, answer.err) == (0, f"0 codes written to {file}\n")
    assert "gets the coupon S-1" in gifts.run("explain", "ada").out


def test_status_warns_of_a_pool_before_it_is_empty(gifts: ShopFolder) -> None:
    assert "The pool SUMMER is empty: `parcours coupons import" in gifts.run("status").out
    fill(gifts, "S-1\nS-2\nS-3")
    assert "The pool" not in gifts.run("status").out
    at = now() - timedelta(minutes=2)
    for user in ("ada", "bob"):
        gifts.ingest(identify(user, at), track(user, "Joined", at))
    gifts.run("tick")
    told = gifts.run("status")
    assert "The pool SUMMER is empty within 7 days" in told.out
    assert gifts.run("status", "--json").json["pools"] == [
        {"name": "SUMMER", "free": 1, "given": 2}
    ]
    for user in ("cleo", "dan"):
        gifts.ingest(identify(user, at), track(user, "Joined", at))
    gifts.run("tick")
    assert "gets no coupon: the pool SUMMER is empty" in gifts.run("explain", "dan").out
