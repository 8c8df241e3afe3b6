"""`parcours spend import`: files of spending, and what they make of the key figures."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tests.cli.conftest import ShopFolder, database_of, track

FILE = """\
date,channel,campaign,amount,currency,leads,impressions,clicks
2026-01-05,google,brand,100.10,EUR,10,1000,50
2026-01-06,google,brand,50.00,EUR,,,
2026-01-06,meta,lookalike,49.90,,4,9000,20
2026-02-01,google,brand,7,USD,,,
"""


def spent(shop: ShopFolder) -> list[tuple[object, ...]]:
    query = (
        "SELECT CAST(date AS varchar), channel, amount, currency, leads FROM spend ORDER BY 1, 2"
    )
    with database_of(shop) as database, database.read() as transaction:
        return [tuple(row) for row in transaction.execute(text(query))]


def test_a_file_that_is_taken_in_twice_counts_once(stored_shop: ShopFolder) -> None:
    file = stored_shop.write("spend.csv", FILE)
    first = stored_shop.run("spend", "import", file)
    assert (first.code, first.out) == (0, "4 lines taken in: 0 replace what was known\n")
    assert stored_shop.run("spend", "import", file, "--json").json == {
        "lines": 4, "new": 0, "replaced": 4,
    }  # fmt: skip
    assert spent(stored_shop) == [
        ("2026-01-05", "google", 100.1, "EUR", 10),
        ("2026-01-06", "google", 50.0, "EUR", None),
        ("2026-01-06", "meta", 49.9, "EUR", 4),  # the project's currency
        ("2026-02-01", "google", 7.0, "USD", None),
    ]


def test_the_newest_word_on_a_day_holds(shop: ShopFolder) -> None:
    shop.run("spend", "import", shop.write("a.csv", "date;channel;amount\n2026-01-05;google;10\n"))
    told = "\ufeffDate\tChannel\tAmount\n\n2026-01-05\tgoogle\t12.5\n"
    answer = shop.run("spend", "import", shop.write("b.csv", told))
    assert answer.out == "1 line taken in: 1 replace what was known\n"
    assert [row[2] for row in spent(shop)] == [12.5]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("date,chanel,amount\n", "no column channel"),
        ("date,channel,amount,click\n", "no column 'click'; did you mean 'clicks'?"),
        ("date,channel,amount\n2026-01-05,google,10\n05/01/2026,google,10\n", "line 3: '05/01/2026' is no day"),
        ("date,channel,amount\n2026-01-05,google,1 000\n", "line 2: '1 000' is no amount"),
        ("date,channel,amount\n2026-01-05,google,-5\n", "'-5' is no amount"),
        ("date,channel,amount\n2026-01-05,google,NaN\n", "'NaN' is no amount"),
        ("date,channel,amount\n2026-01-05,,5\n", "it names no channel"),
        ("date,channel,amount,currency\n2026-01-05,google,5,euro\n", "is no currency"),
        ("date,channel,amount,leads\n2026-01-05,google,5,3.5\n", "is no number of leads"),
        ("date,channel,amount\n2026-01-05,google,5\n\n2026-01-05,google,6\n", "line 4: line 2 is of the same day"),
        ("", "no column date or channel or amount"),
    ],
)  # fmt: skip
def test_a_line_that_is_wrong_is_named_and_nothing_of_its_file_is_taken(
    shop: ShopFolder, lines: str, said: str
) -> None:
    answer = shop.run("spend", "import", shop.write("spend.csv", lines))
    assert answer.code == 1
    assert said in answer.err
    assert spent(shop) == []


def test_what_is_no_text_is_told(shop: ShopFolder) -> None:
    file = shop.write("spend.csv", "")
    file.write_bytes(b"\xff\xfe\x00")
    assert "is no text in UTF-8" in shop.run("spend", "import", file).err


def test_spending_makes_the_costs_of_customers(stored_shop: ShopFolder) -> None:
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    stored_shop.ingest(
        track("ada", "Order Completed", at, total=300, currency="EUR"),
        track("bob", "Order Completed", at, total=100, currency="EUR"),
    )
    stored_shop.run("tick")
    figures = stored_shop.run("kpi", "--json").json["figures"]
    assert (figures["cac"], figures["roas"], figures["cost_per_lead"]) == (None, None, None)
    stored_shop.run("spend", "import", stored_shop.write("spend.csv", FILE))
    months = ["--from", "2026-01-01", "--to", "2026-02-01"]
    figures = stored_shop.run("kpi", "--json", *months).json["figures"]
    assert figures["cac"] == 100.0  # 200 for two new customers
    assert (figures["roas"], figures["roi"]) == (2.0, 1.0)
    assert figures["cost_per_lead"] == 14.29
    assert figures["cost_per_impression"] == 0.02
    assert figures["cost_of_churn"] == 0.0
