"""A tick is a handful of statements, however many customers it is about."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import event

from orchestrator.domain.medium import Medium
from tests.engine.conftest import OpenShop
from tests.support.journeys import HELLO
from tests.support.project import CONSENTING
from tests.support.shop import Shop

TEXT = """
journey: cart
trigger: {event: Added}
exit: [{event: Order Completed}]
goal: {event: Order Completed, within: 5d}
only_if: not performed("Viewed", within="1h") and not received("cart", within="3d")
holdout: 5%
steps:
  - delay: 1h
  - split:
      - {variant: a, share: 50%, then: [{set: {x: 1}}]}
      - {variant: b, share: 50%, then: [{coupon: {percent: 10}}]}
  - email: cart
  - task: {type: call}
"""

FIND = "SELECT customers.external_id, customers.anonymous"
SUPPRESSED = "SELECT suppressions.scope"
LIFE = "SELECT customers.traits"


def counted_tick(shop: Shop, at: str) -> tuple[int, Counter[str]]:
    """How many statements a tick executed, and each kind how often."""
    seen: Counter[str] = Counter()

    def note(
        _connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
    ) -> None:
        seen[" ".join(statement.split())[:60]] += 1

    engine = shop.context.database.engine
    event.listen(engine, "before_cursor_execute", note)
    shop.tick(at)
    event.remove(engine, "before_cursor_execute", note)
    return seen.total(), seen


def fill(shop: Shop, users: range, at: str) -> None:
    for number in users:
        shop.identify(at, f"c{number}", email=f"c{number}@example.com")
        shop.track(at, "Added", f"c{number}")


def test_a_stranger_is_looked_for_together_with_the_known(open_shop: OpenShop) -> None:
    shop = open_shop(TEXT)
    asked = []
    for number in range(2):  # made by the first call, found by the second
        shop.call(f"{number}m", "track", None, anonymousId="x", event="Seen", properties={})
        _, kinds = counted_tick(shop, f"{number}m")
        asked.append(sum(n for kind, n in kinds.items() if kind.startswith(FIND)))
    assert asked == [1, 1]


def test_a_tick_over_400_customers_is_as_many_statements_as_over_20_but_for_batches(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(TEXT, toml=CONSENTING + '[caps]\nemail = ["1/day"]\n')
    fill(shop, range(20), "0s")
    few = [counted_tick(shop, at)[0] for at in ("1m", "1h")]
    fill(shop, range(20, 420), "2h")
    many = [counted_tick(shop, at) for at in ("2h 1m", "3h")]
    assert len(shop.delivered(Medium.EMAIL)) > 350
    for before, (after, kinds) in zip(few, many, strict=True):
        assert after <= before + 60, kinds.most_common(5)
        assert after < 120


def test_what_is_known_of_new_addresses_is_read_at_once(open_shop: OpenShop) -> None:
    shop, asked = open_shop(HELLO), []
    for at, users in (("0s", range(2)), ("1m", range(2, 22))):
        for number in users:
            shop.identify(at, f"c{number}", email=f"c{number}@example.com")
            shop.track(at, "Viewed", f"c{number}")
        _, kinds = counted_tick(shop, at)
        asked.append(sum(n for kind, n in kinds.items() if kind.startswith(SUPPRESSED)))
    assert len(shop.delivered()) == 22
    assert asked[0] == asked[1]


def test_who_a_message_is_for_is_not_read_again_where_it_leaves_as_decided(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO, toml=CONSENTING)
    shop.identify("0s")
    shop.track("1s", "Viewed")
    _, kinds = counted_tick(shop, "1m")
    assert shop.delivered() == ["hello"]
    assert sum(n for kind, n in kinds.items() if kind.startswith(LIFE)) == 1
