"""A made-up shop for docs/tutorial.md: the same at each run, and its truth is known.

`python shop.py` writes orders.csv and consent.csv: what the shop has on 5 January 2026.
`python shop.py letters.json` writes back.csv: the orders of the week after. letters.json is the
answer of `parcours messages list --json`; of the silent customers 4 in a hundred order anyway, and
16 in a hundred where they had a letter.
"""

import csv
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

TODAY = datetime(2026, 1, 5, tzinfo=UTC)
CUSTOMERS, ANYWAY, WITH_A_LETTER = 800, 0.04, 0.16
NAMES = ("ada", "ben", "chloe", "dora", "emil", "farid", "grace", "hugo", "ines", "jules")

Row = dict[str, str]


class Customer:
    def __init__(self, number: int) -> None:
        chance = self.chance = random.Random(number)
        self.number = number
        self.email = f"{NAMES[number % len(NAMES)]}{number}@example.com"
        self.silent = chance.random() < 0.55
        days = chance.randint(95, 300) if self.silent else chance.randint(1, 40)
        self.orders = [TODAY - timedelta(days=days, minutes=chance.randint(0, 600))]
        for _ in range(chance.choice([0, 0, 1, 2])):
            self.orders.insert(0, self.orders[0] - timedelta(days=chance.randint(10, 45)))
        self.agreed = chance.random() < 0.95
        self.luck = chance.random()

    def order(self, at: datetime) -> Row:
        total = self.chance.lognormvariate(3.8, 0.5)
        when = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        number = f"{at:%y%m%d}-{self.number}"
        return {
            "order_id": number,
            "email": self.email,
            "ordered_at": when,
            "total": f"{total:.2f}",
        }

    def consent(self) -> Row:
        return {
            "email": self.email,
            "email_consent": "yes" if self.agreed else "no",
            "email_consent_at": f"{self.orders[0]:%Y-%m-%dT%H:%M:%SZ}",
            "email_consent_source": "checkout",
        }

    def comes_back(self, *, had_a_letter: bool) -> bool:
        return self.silent and self.luck < (WITH_A_LETTER if had_a_letter else ANYWAY)


def write(name: str, rows: list[Row]) -> None:
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    print(f"{name}: {len(rows):,} rows")


def main(letters: Path | None) -> None:
    customers = [Customer(number) for number in range(CUSTOMERS)]
    if letters is None:
        write("orders.csv", [who.order(at) for who in customers for at in who.orders])
        write("consent.csv", [who.consent() for who in customers])
        return
    written_to = {message["external_id"] for message in json.loads(letters.read_text("utf-8"))}
    back = [who for who in customers if who.comes_back(had_a_letter=who.email in written_to)]
    hours = [timedelta(hours=who.chance.uniform(12, 125)) for who in back]
    write("back.csv", [who.order(TODAY + later) for who, later in zip(back, hours, strict=True)])


main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
