"""What a line reads of its past, on a tick after the one that brought the events: only what something
asks about is loaded, and nothing less.
"""

from __future__ import annotations

import pytest

from orchestrator.store.changed_columns import open_json
from tests.engine.conftest import OpenShop

LIFECYCLE = """
lifecycle: shop
facts:
  spent:  {sum: Bought, of: total, within: 90d, minus: Returned}
  red:    {count: Bought, within: 90d, if: event.colour == "red"}
  bought: {count: Bought, within: 90d}
"""
ASK = """
journey: ask
trigger: {event: Asked}
steps:
  - set: {answer: "{{ %s }}"}
  - delay: 1d
"""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("customer.spent", 15),
        ("customer.red", 1),
        ("customer.bought", 2),
        ("performed('Seen', category='shoes')", True),
        ("performed('Seen', category='hats')", False),
        ("performed('Seen', at_least=2)", False),
        ("performed('any event', colour='red')", True),
        ("performed('any event', colour='green')", False),
    ],
)
def test_what_was_said_is_known_later_where_something_asks(
    open_shop: OpenShop, question: str, answer: object
) -> None:
    shop = open_shop(ASK % question, lifecycle=LIFECYCLE)
    shop.track("0h", "Bought", total=20, colour="red")
    shop.track("1h", "Bought", total=5, colour="blue")
    shop.track("2h", "Returned", total=10)
    shop.track("3h", "Seen", category="shoes")
    shop.tick("4h")
    shop.track("5h", "Asked")
    shop.tick("6h")
    (kept,) = [row.variables for row in shop.rows("SELECT variables FROM enrollments")]
    assert open_json(kept) == {"answer": answer}
