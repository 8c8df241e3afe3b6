"""Coupons: pools and how long they last, and what was given and redeemed."""

from __future__ import annotations

from orchestrator.domain.phrase import say
from orchestrator.measure.status import read_pools
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.page_blocks import Block, Grid, Page, Section, Tile, Tiles
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import Badge, Code, PageLink, Portion, Value, When
from orchestrator.store.coupon_figures import Given, count_given, list_newest
from orchestrator.store.grants import KeptGrant
from orchestrator.store.pools import PoolStanding

TITLE = say("Coupons")
NEWEST = 100


def coupon_page(source: Source, asked: PageAsked) -> Page:
    """What there is, what was given by each journey, and the newest codes."""
    with source.database.read() as transaction:
        pools = read_pools(transaction, source.journeys, source.now)
        given, newest = count_given(transaction), list_newest(transaction, NEWEST)
    blocks: list[Block] = [_tiles(given)]
    if pools:
        blocks.append(Section(say("Pools"), [_pools(pools)]))
    blocks.append(Section(say("By journey"), [_given(given)]))
    blocks.append(Section(say("The newest"), [_newest(newest)]))
    return Page(TITLE, blocks)


def _tiles(given: list[Given]) -> Tiles:
    number, redeemed = sum(one.given for one in given), sum(one.redeemed for one in given)
    return Tiles(
        [
            Tile(say("Given"), number),
            Tile(say("Redeemed"), redeemed),
            Tile(say("Redemption rate"), Portion(redeemed / number) if number else None),
        ]
    )


def _pools(pools: tuple[PoolStanding, ...]) -> Grid:
    rows: list[list[Value]] = [
        [
            pool.name,
            pool.free,
            pool.given,
            Badge(say("low"), "bad") if pool.is_low else Badge(say("enough"), "good"),
        ]
        for pool in pools
    ]
    head = (say("Pool"), say("Left"), say("Given in 7 days"), say("For a week"))
    return Grid("pools", say("Pools"), head, rows)


def _given(given: list[Given]) -> Grid:
    rows: list[list[Value]] = [
        [
            PageLink(one.journey, f"journeys/{one.journey}"),
            say("reward") if one.is_reward else say("coupon"),
            one.given,
            one.redeemed,
            Portion(one.redeemed / one.given) if one.given else None,
        ]
        for one in given
    ]
    head = (say("Journey"), say("Kind"), say("Given"), say("Redeemed"), say("Redemption rate"))
    return Grid("coupons", TITLE, head, rows, say("No coupon was given yet."))


def _newest(newest: list[tuple[KeptGrant, int | None]]) -> Grid:
    rows: list[list[Value]] = [
        [
            Code(grant.code),
            PageLink(grant.external_id, f"customers/{number}") if grant.external_id else None,
            PageLink(grant.journey, f"journeys/{grant.journey}"),
            When(grant.at),
            When(grant.redeemed_at) if grant.redeemed_at else None,
        ]
        for grant, number in newest
    ]
    head = (say("Code"), say("Customer"), say("Journey"), say("Given on"), say("Redeemed on"))
    return Grid("newest_coupons", say("The newest"), head, rows, say("No coupon was given yet."))
