"""Pools of coupons: codes that the shop made, each given once, in the order of their import."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, func, select

from orchestrator.domain.values import folded
from orchestrator.store.prepared import Query
from orchestrator.store.tables import GRANTS, POOL_CODES
from orchestrator.store.transaction import Transaction, chunked

USE = timedelta(days=7)  # what a pool should last
READ_AT_ONCE = 500

_p = POOL_CODES.c
_FREE = Query(
    select(_p.id, _p.code)
    .where(_p.pool == bindparam("pool"), _p.granted_at.is_(None), _p.id > bindparam("after"))
    .order_by(_p.id)
    .limit(READ_AT_ONCE)
)


class PoolCodes:
    """The codes that one transaction may give. That they are taken is written with the grants: if
    the transaction fails, nobody has them."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._free: dict[str, Iterator[str]] = {}

    def take(self, pool: str, key: str) -> str | None:
        """The next code of a pool; None where it is empty. Read when the first is asked for."""
        if pool not in self._free:
            self._free[pool] = self._read(pool)
        return next(self._free[pool], None)

    def _read(self, pool: str) -> Iterator[str]:
        last = 0
        while rows := list(self._transaction.rows(_FREE, pool=pool, after=last)):
            yield from (code for _, code in rows)
            last = rows[-1][0]


@dataclass(frozen=True, slots=True)
class PoolStanding:
    """A pool: how many codes nobody has, and how many were given within the last 7 days."""

    name: str
    free: int = 0
    given: int = 0

    @property
    def is_low(self) -> bool:
        """Whether it may be empty within 7 days."""
        return self.free == 0 or self.free < self.given


def add_codes(
    transaction: Transaction, pool: str, codes: Sequence[str], now: datetime
) -> list[str]:
    """Puts codes into a pool; returns those that were left out, since they are known already, in
    whatever pool, or as the code of a coupon that was made here.
    """
    fresh: dict[str, str] = {}
    left_out = []
    known = _known(transaction, codes)
    for code in codes:
        key = str(folded(code))
        if key in known or key in fresh:
            left_out.append(code)
        else:
            fresh[key] = code
    rows = [
        {"pool": pool, "code": code, "folded": key, "imported_at": now}
        for key, code in fresh.items()
    ]
    transaction.insert_new(POOL_CODES, rows)
    return left_out


def _known(transaction: Transaction, codes: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for some in chunked(codes):
        keys = [str(folded(code)) for code in some]
        known.update(transaction.scalars(select(_p.folded).where(_p.folded.in_(keys))))
        made = transaction.scalars(select(GRANTS.c.code).where(GRANTS.c.code.in_(some)))
        known.update(str(folded(code)) for code in made)
    return known


def list_pools(transaction: Transaction, now: datetime) -> list[PoolStanding]:
    """Every pool, by name."""
    free = func.count(case((_p.granted_at.is_(None), 1)))
    given = func.count(case((_p.granted_at > now - USE, 1)))
    query = select(_p.pool, free, given).group_by(_p.pool).order_by(_p.pool)
    return [PoolStanding(*row) for row in transaction.execute(query)]
