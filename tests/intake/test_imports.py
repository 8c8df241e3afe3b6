"""Tables of other tools: what becomes of their rows, and that nothing counts twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from orchestrator.domain.errors import ParcoursError
from orchestrator.intake.imports.csv_table import open_table
from orchestrator.intake.imports.importing import Import, TableTaken
from orchestrator.intake.imports.mapping import find_mapping, read_mapping, shipped_mappings
from tests.support.shop import Shop, read_instant

SHOPIFY = """\
Name,Email,Financial Status,Total,Currency,Discount Code,Created at,Lineitem name,Lineitem price,Lineitem quantity,Lineitem sku,Refunded Amount
#1001,Ada@Example.com,paid,80.00,EUR,WELCOME,2025-03-01 10:00:00 +0100,Lamp,40.00,1,L1,0.00
#1001,Ada@Example.com,,,,,2025-03-01 10:00:00 +0100,"Rug, ""blue""
woven",20.00,2,R1,
#1002,bob@example.com,voided,10,EUR,,2025-03-02 10:00:00 +0100,Mug,10,1,M1,0
#1003,cy@example.com,partially_refunded,20,EUR,,2025-03-02 10:00:00 +0100,Mug,10,2,M1,5.50
"""
WOOCOMMERCE = """\
order_id,order_date,status,order_total,order_currency,billing_email,line_items
7,2025-05-01 12:00:00,completed,30.00,USD,dee@example.com,name:Lamp|product_id:12|quantity:2|total:20;name:Mug|product_id:9|quantity:1|total:10
8,5/2/2025 09:30:00,wc-processing,12.50,USD,dee@example.com,name:Pen|product_id:3|quantity:1
9,2025-05-03 12:00:00,cancelled,99,USD,dee@example.com,name:Bed|product_id:1|quantity:1
"""
KLAVIYO = """\
Email,First Name,Phone Number,Email Marketing Consent,Email Marketing Consent Timestamp,SMS Marketing Consent
ada@example.com,Ada,+33612345678,SUBSCRIBED,2024-01-02 10:00:00,
bob@example.com,Bob,,UNSUBSCRIBED,2024-01-03T10:00:00+02:00,SUBSCRIBED
cy@example.com,Cy,,NEVER_SUBSCRIBED,,
"""


@pytest.fixture
def shop(migrated_url: str, tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(
        tmp_path / "shop",
        migrated_url,
        ["journey: hi\ntrigger: {event: Order Completed}\nsteps:\n  - email: hi\n"],
    )
    yield opened
    opened.close()


def take(
    shop: Shop,
    tmp_path: Path,
    text: str | bytes,
    mapping: str,
    *,
    dry: bool = False,
    starts: bool = False,
) -> TableTaken:
    file = tmp_path / "table.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    read = read_mapping(*find_mapping(mapping))
    parts = shop.context
    with open_table(file) as table:
        return Import(parts.database, parts.config, read, shop.clock.now(), starts, dry).take(table)


def utc(value: object) -> str:
    return read_instant(value).astimezone(UTC).isoformat()


def events(shop: Shop) -> list[tuple[str, str, str]]:
    rows = shop.rows(
        "SELECT c.external_id, e.at, e.name FROM events e JOIN customers c ON c.id = e.customer_id"
        " WHERE e.name <> '' ORDER BY e.at, e.name"
    )
    return [(row[0], utc(row[1]), row[2]) for row in rows]


def test_the_rows_of_an_order_are_one_order_with_its_products_and_its_refund(
    shop: Shop, tmp_path: Path
) -> None:
    done = take(shop, tmp_path, SHOPIFY, "shopify-orders")
    assert done.counts == Counter({"new customers": 2, "new orders": 2, "new refunds": 1})
    assert done.left_out == Counter({"Financial Status: voided": 1})
    assert done.rows == 4
    shop.tick("1h")
    assert events(shop) == [
        ("ada@example.com", "2025-03-01T09:00:00+00:00", "Order Completed"),
        ("cy@example.com", "2025-03-02T09:00:00+00:00", "Order Completed"),
        ("cy@example.com", "2025-03-02T09:00:00+00:00", "Order Refunded"),
    ]
    (order,) = shop.rows(
        "SELECT e.properties FROM events e JOIN customers c ON c.id = e.customer_id"
        " WHERE c.external_id = 'ada@example.com' AND e.name = 'Order Completed'"
    )
    assert "#1001" in str(order[0])
    assert "blue" in str(order[0])
    assert "WELCOME" in str(order[0])
    assert shop.ledger() == []  # history starts nothing


def test_a_table_taken_in_twice_counts_once_before_and_behind_a_tick(
    shop: Shop, tmp_path: Path
) -> None:
    take(shop, tmp_path, SHOPIFY, "shopify-orders")
    again = take(shop, tmp_path, SHOPIFY, "shopify-orders").counts
    assert again["known orders"] == 2
    assert again["new orders"] == 0
    shop.tick("1h")
    first = events(shop)
    later = take(shop, tmp_path, SHOPIFY, "shopify-orders").counts
    assert later == Counter({"unchanged customers": 2, "known orders": 2, "known refunds": 1})
    shop.tick("2h")
    assert events(shop) == first


def test_a_dry_run_counts_the_same_and_writes_nothing(shop: Shop, tmp_path: Path) -> None:
    dry = take(shop, tmp_path, SHOPIFY, "shopify-orders", dry=True)
    assert shop.rows("SELECT * FROM inbox") == []
    assert take(shop, tmp_path, SHOPIFY, "shopify-orders").counts == dry.counts


def test_products_in_one_cell_and_american_dates_are_read(shop: Shop, tmp_path: Path) -> None:
    done = take(shop, tmp_path, WOOCOMMERCE, "woocommerce-orders")
    assert done.counts["new orders"] == 2
    assert done.left_out == Counter({"status: cancelled": 1})
    shop.tick("1h")
    assert [at for _, at, _ in events(shop)] == [
        "2025-05-01T12:00:00+00:00",
        "2025-05-02T09:30:00+00:00",
    ]
    (row,) = shop.rows(
        "SELECT properties FROM events WHERE name = 'Order Completed' ORDER BY at LIMIT 1"
    )
    assert '"quantity": 2' in str(row[0]).replace("'", '"').replace(":2", ": 2")


def test_consent_comes_with_its_own_time_and_its_proof(shop: Shop, tmp_path: Path) -> None:
    done = take(shop, tmp_path, KLAVIYO, "klaviyo-profiles")
    assert done.counts == Counter({"new customers": 3, "new answers about consent": 3})
    shop.tick("1h")
    rows = shop.rows(
        "SELECT c.external_id, l.key, l.granted, l.at, l.proof FROM consent_log l JOIN customers c"
        " ON c.id = l.customer_id ORDER BY l.at, c.external_id"
    )
    said = [(row[0], row[1], bool(row[2])) for row in rows]
    assert said == [
        ("ada@example.com", "email", True),
        ("bob@example.com", "email", False),
        ("bob@example.com", "sms", True),
    ]
    assert utc(rows[0][3]) == "2024-01-02T10:00:00+00:00"
    assert utc(rows[1][3]) == "2024-01-03T08:00:00+00:00"
    assert "table.csv" in str(rows[0][4])


def test_who_is_known_by_another_id_is_found_by_the_address(shop: Shop, tmp_path: Path) -> None:
    shop.identify("0h", "u17", email="ada@example.com")
    shop.identify("0h", "u18", email="twice@example.com")
    shop.identify("0h", "u19", email="twice@example.com")
    shop.tick("1h")
    table = "order_id,ordered_at,total,email\nA1,2025-01-01,10,ADA@example.com\nA2,2025-01-01,10,twice@example.com\n"
    take(shop, tmp_path, table, "orders")
    shop.tick("2h")
    assert [user for user, _, _ in events(shop)] == ["u17", "twice@example.com"]


def test_a_row_that_cannot_be_read_is_named_and_costs_no_other(shop: Shop, tmp_path: Path) -> None:
    table = (
        "order_id;ordered_at;total;email\n"
        "A1;2025-01-01;1.234,50;ada@example.com\n"
        "A2;yesterday;10;ada@example.com\n"
        "A3;2025-01-01;ten;ada@example.com\n"
        "A4;2025-01-01;10;\n"
        ";2025-01-01;10;ada@example.com\n"
        "A1;2025-01-01;10;ada@example.com\n"
        "A5;2025-01-01;;ada@example.com\n"
    )
    done = take(shop, tmp_path, table, "orders")
    assert done.counts["new orders"] == 1
    assert {one.text: one.lines for one in done.faults.values()} == {
        "'yesterday' in 'ordered_at' is no time that is known": [3],
        "'ten' in 'total' is no amount": [4],
        "nobody is named: 'user_id' or 'email' must hold who it is": [5],
        "'order_id' is empty": [6],
        "order A1 stands in line 2 already": [7],
        "order A5: 'total' is empty": [8],
    }
    shop.tick("1h")
    (row,) = shop.rows("SELECT properties FROM events WHERE name = 'Order Completed'")
    assert "1234.5" in str(row[0])


def test_what_is_young_starts_journeys_where_that_is_asked_for(shop: Shop, tmp_path: Path) -> None:
    at = (shop.clock.now() - timedelta(hours=1)).isoformat()
    table = f"order_id,ordered_at,total,email\nA1,{at},10,ada@example.com\n"
    take(shop, tmp_path, table, "orders", starts=True)
    shop.tick("1h")
    assert shop.delivered() == ["hi"]


def test_suppressions_are_kept_by_address_and_once(shop: Shop, tmp_path: Path) -> None:
    table = "Email,Reason\nBounced@Example.com,HARD_BOUNCE\nnowhere,\n"
    dry = take(shop, tmp_path, table, "klaviyo-suppressions", dry=True)
    assert shop.rows("SELECT * FROM suppressions") == []
    done = take(shop, tmp_path, table, "klaviyo-suppressions")
    assert done.counts == dry.counts == Counter({"new suppressions": 1})
    assert done.refused == 1
    (row,) = shop.rows("SELECT scope, address, reason FROM suppressions")
    assert (row[0], row[1]) == ("email", "bounced@example.com")
    assert "HARD_BOUNCE" in row[2]
    assert take(shop, tmp_path, table, "klaviyo-suppressions").counts["known suppressions"] == 1


def test_western_european_text_is_read_as_spreadsheets_write_it(shop: Shop, tmp_path: Path) -> None:
    take(shop, tmp_path, "email;first_name\nada@example.com;Zoé\n".encode("cp1252"), "customers")
    shop.tick("1h")
    (row,) = shop.rows("SELECT traits FROM customers")
    assert "Zoé" in str(row[0])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty: its first line names the columns"),
        ("a,a\n1,2\n", "has two columns 'a': rename one"),
        ("order,ordered_at,total,email\n", "has no column 'order_id'"),
        ("order_id,ordered_at,total,mail\n", "has none of the columns that say who it is (user_id, email)"),
        ('order_id,ordered_at,total,email\n"' + "x" * 200_000, "this is no CSV"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_table_is_refused_whole(
    shop: Shop, tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(ParcoursError) as refused:
        take(shop, tmp_path, text, "orders")
    assert told in str(refused.value)
    assert shop.rows("SELECT * FROM inbox") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind: orders\nwho: {email: e}\n", "needs `order`"),
        ("kind: consent\nwho: {email: e}\n", "needs `consent`"),
        ("kind: customers\ntraits: {name: n}\n", "`who` names the column"),
        ("kind: customers\nwho: {mail: e}\n", "m.yaml: who.mail:"),
        ("kind: customers\nzone: Mars/Base\nwho: {email: e}\n", "no time zone 'Mars/Base'"),
        ("kind: [\n", "m.yaml:"),
    ],
)  # fmt: skip
def test_a_mapping_says_what_is_wrong_with_it(text: str, told: str) -> None:
    with pytest.raises(ParcoursError) as refused:
        read_mapping("m.yaml", text)
    assert told in str(refused.value)


@pytest.mark.parametrize("name", shipped_mappings())
def test_a_shipped_mapping_is_sound(name: str) -> None:
    assert read_mapping(*find_mapping(name)).columns()


def test_a_mapping_that_is_not_there_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(ParcoursError, match="did you mean 'shopify-orders'"):
        find_mapping("shopify-order")
