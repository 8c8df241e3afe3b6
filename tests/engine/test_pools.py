"""Codes of the shop's own: each is given once, and nobody has what was not written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from orchestrator.domain.program import plain_code
from orchestrator.intake.pool_files import import_pool
from orchestrator.store.grants import list_grants, walk_grants
from orchestrator.store.pools import PoolStanding, list_pools
from tests.engine.conftest import OpenShop
from tests.support.life import instant
from tests.support.shop import Shop

GIFT = """
journey: gift
trigger: {event: Viewed}
reentry: always
steps: [{coupon: {pool: SUMMER, expires: 3d}}, {email: gift}]
"""


def fill(shop: Shop, *codes: str, pool: str = "SUMMER", at: str = "0s") -> list[str]:
    """Puts codes into a pool; returns those left out."""
    file = Path(shop.root) / "codes.txt"
    file.write_text("\n".join(codes), "utf-8")
    return import_pool(shop.context.database, pool, file, instant(at)).duplicates


def view(shop: Shop, at: str, *users: str) -> None:
    for user in users:
        shop.identify(at, user, email=f"{user}@example.com")
        shop.track(at, "Viewed", user)


def given(shop: Shop) -> list[tuple[str | None, str]]:
    with shop.context.database.read() as transaction:
        return [(one.external_id, one.code) for one in walk_grants(transaction, None)]


def standing(shop: Shop, at: str) -> list[PoolStanding]:
    with shop.context.database.read() as transaction:
        return list_pools(transaction, instant(at))


def test_each_code_is_given_once_in_the_order_of_their_import(open_shop: OpenShop) -> None:
    shop = open_shop(GIFT)
    fill(shop, "s3", "s1", "s2")
    view(shop, "1s", "ada", "bob")
    shop.tick("2s")
    view(shop, "1h", "cleo", "dan")
    shop.tick("2h")
    codes = [code for _, code in given(shop)]
    assert codes == ["s3", "s1", "s2"]
    assert len({user for user, _ in given(shop)}) == 3
    assert [row[0] for row in shop.decisions("not_granted")] == ["not_granted"]
    assert len(shop.decisions("queued", "not_sent")) == 4  # the journey goes on


def test_a_code_is_known_once_whatever_its_case_and_its_pool(open_shop: OpenShop) -> None:
    shop = open_shop(GIFT)
    assert fill(shop, "A1", "a1", "B2") == ["a1"]
    assert fill(shop, "b2 ", "C3", pool="WINTER") == ["b2"]
    assert standing(shop, "1d") == [PoolStanding("SUMMER", 2, 0), PoolStanding("WINTER", 1, 0)]


def test_the_code_of_a_coupon_that_was_made_here_is_no_code_of_a_pool(
    open_shop: OpenShop,
) -> None:
    shop = open_shop("journey: a\ntrigger: {event: Viewed}\nsteps: [{coupon: {percent: 5}}]\n")
    view(shop, "1s", "ada")
    shop.tick("2s")
    ((_, made),) = given(shop)
    assert fill(shop, made, "other") == [made]


def break_for_ada(key: str) -> str:
    """Codes that are made here, for everybody but ada."""
    if key.startswith("ada:"):
        raise ZeroDivisionError
    return plain_code(key)


def test_a_life_that_cannot_be_run_has_taken_no_code(open_shop: OpenShop) -> None:
    shop = open_shop(GIFT.replace("{email: gift}", "{coupon: {id: made, percent: 5}}"))
    fill(shop, "s1", "s2")
    view(shop, "1s", "ada", "bob")
    shop.use(program=replace(shop.context.program, coupon_code=break_for_ada))
    shop.tick("2s")
    assert given(shop)[0] == ("bob", "s1")
    assert standing(shop, "3s") == [PoolStanding("SUMMER", 1, 1)]


def test_a_pool_is_low_when_it_does_not_last_for_another_week(open_shop: OpenShop) -> None:
    shop = open_shop(GIFT)
    fill(shop, *(f"s{number}" for number in range(5)))
    view(shop, "1s", "ada", "bob")
    shop.tick("2s")
    (pool,) = standing(shop, "1d")
    assert (pool.free, pool.given, pool.is_low) == (3, 2, False)
    view(shop, "2d", "ada", "bob")
    shop.tick("2d 1s")
    (pool,) = standing(shop, "3d")
    assert (pool.free, pool.given, pool.is_low) == (1, 4, True)
    (pool,) = standing(shop, "9d 2s")
    assert (pool.free, pool.given, pool.is_low) == (1, 0, False)
    assert PoolStanding("NONE").is_low


def test_what_was_given_is_read_page_by_page(open_shop: OpenShop) -> None:
    shop = open_shop(GIFT)
    fill(shop, "s1", "s2", "s3")
    for hours, user in enumerate(("ada", "bob", "cleo")):
        view(shop, f"{hours}h", user)
        shop.tick(f"{hours}h")
    with shop.context.database.read() as transaction:
        first = list_grants(transaction, None, 0, 2)
        assert [one.code for one in first] == ["s1", "s2"]
        assert [one.code for one in list_grants(transaction, None, first[-1].id, 2)] == ["s3"]
        late = list_grants(transaction, instant("1h"), 0, 9)
        assert [one.code for one in late] == ["s2", "s3"]


def test_a_late_call_changes_no_code_and_blames_none(open_shop: OpenShop) -> None:
    """What a pool gave is foreseen by nobody: another order of calls might have given another."""
    shop = open_shop(GIFT.replace("{email: gift}", "{delay: 9d}"))
    fill(shop, "s1")
    view(shop, "2h", "ada", "bob")
    shop.tick("3h")
    for user in ("ada", "bob"):
        shop.call("1h", "track", user, received="3h", event="Seen", properties={})
    shop.tick("4h")
    assert shop.decisions("overtaken") == []
    assert [code for _, code in given(shop)] == ["s1"]
