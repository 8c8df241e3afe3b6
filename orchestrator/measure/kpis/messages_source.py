"""Numbers of messages, of the passages that they belong to, and of what those gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestrator.measure.figures.figure import Value
from orchestrator.measure.kpis.numbers import By, Grouping
from orchestrator.measure.kpis.purchases import count_of
from orchestrator.measure.kpis.window import Span
from orchestrator.measure.trade.deal_rows import column_of
from orchestrator.measure.trade.trade import Truth, Whole, as_micros, whole
from orchestrator.store.message_numbers import (
    GivenRow,
    PassageRow,
    SentRow,
    walk_given,
    walk_passages,
    walk_sent,
)
from orchestrator.store.transaction import Transaction

NOBODY = -1
_FATES = ("delivered", "opened", "clicked", "bounced", "complained")
Groups = dict[str, dict[str, Value]]
Columns = Mapping[str, NDArray[np.object_]]


@dataclass(frozen=True, slots=True)
class HappenedColumns:
    """What happened to customers, as columns: when, to whom (a place among people; NOBODY), in
    which journey, by which channel ("" of what has none), and what is said of it.
    """

    at: Whole
    who: Whole
    names: Columns
    said: Mapping[str, Truth]

    def in_span(self, span: Span) -> Truth:
        """What happened in a time."""
        inside: Truth = (self.at >= span.start) & (self.at < span.end)
        return inside

    def of_people(self, members: Truth) -> Truth:
        """What happened to some people."""
        theirs: Truth = (self.who != NOBODY) & members[self.who] if len(members) else self.at < 0
        return theirs

    def count(self, said: str, chosen: Truth) -> int:
        """Of how much of what is chosen something is said."""
        return count_of(self.said[said] & chosen)


@dataclass(frozen=True, slots=True)
class MessageSource:
    """What the database knows of messages."""

    sent: HappenedColumns
    passages: HappenedColumns
    given: HappenedColumns

    def numbers(self, span: Span, currency: str) -> dict[str, Value]:
        """Of all messages of a time, whatever the currency."""
        return self._count([table.in_span(span) for table in self._tables])

    def groups(self, grouping: Grouping, span: Span, currency: str) -> Groups:
        """Likewise by journey or channel, or of the people of each group."""
        inside = [table.in_span(span) for table in self._tables]
        if grouping.by in (By.JOURNEY, By.CHANNEL):
            return {
                name: self._count(
                    [
                        chosen & np.equal(table.names[grouping.by], name)
                        for table, chosen in zip(self._tables, inside, strict=True)
                    ]
                )
                for name in self._named(grouping.by, inside)
            }
        return {
            name: self._count(
                [
                    chosen & table.of_people(members)
                    for table, chosen in zip(self._tables, inside, strict=True)
                ]
            )
            for name, members in grouping.members.items()
        }

    @property
    def _tables(self) -> tuple[HappenedColumns, HappenedColumns, HappenedColumns]:
        return self.sent, self.passages, self.given

    def _named(self, by: By, inside: Sequence[Truth]) -> list[str]:
        """The journeys or channels in which something happened."""
        tables = zip(self._tables, inside, strict=True)
        return sorted({n for table, chosen in tables for n in table.names[by][chosen]} - {""})

    def _count(self, chosen: Sequence[Truth]) -> dict[str, Value]:
        """Numbers of what is chosen of each table; what nothing is known of is left out."""
        sent, passages, given = chosen
        told: dict[str, Value] = {}
        if sent.any():
            readers = np.unique(self.sent.who[sent])
            told |= {"sent": count_of(sent), "followers": len(readers)} | self._fates(sent)
        if passages.any():
            converted = self.passages.count("converted", passages)
            told |= {"interactions": count_of(passages), "conversions": converted}
        if given.any():
            redeemed = self.given.count("redeemed", given)
            told |= {"rewards_given": count_of(given), "rewards_redeemed": redeemed}
        return told

    def _fates(self, sent: Truth) -> dict[str, Value]:
        """What became of them; without any receipt nothing is known."""
        counted = {name: self.sent.count(name, sent) for name in _FATES}
        if not any(counted.values()):
            return {}
        return {
            **counted,
            "unopened": counted["delivered"] - counted["opened"],
            "engagements": counted["opened"] + counted["clicked"],
        }


def read_messages(transaction: Transaction, keys: Whole) -> MessageSource:
    """All that the database has; `keys` are the ids of people there, by their place."""
    sent, passages = list(walk_sent(transaction)), list(walk_passages(transaction))
    given = list(walk_given(transaction))
    return MessageSource(
        _columns(sent, keys, [row.channel for row in sent], _FATES),
        _columns(passages, keys, [""] * len(passages), ("converted",)),
        _columns(given, keys, [""] * len(given), ("redeemed",)),
    )


def _columns(
    rows: Sequence[SentRow] | Sequence[PassageRow] | Sequence[GivenRow],
    keys: Whole,
    channels: Sequence[str],
    said: Iterable[str],
) -> HappenedColumns:
    journeys = column_of([row.journey for row in rows])
    return HappenedColumns(
        whole([as_micros(row.at) for row in rows]),
        _places(whole([row.customer_id or NOBODY for row in rows]), keys),
        {By.JOURNEY: journeys, By.CHANNEL: column_of(channels)},
        {name: np.asarray([getattr(row, name) for row in rows], np.bool_) for name in said},
    )


def _places(ids: Whole, keys: Whole) -> Whole:
    """Where each id stands among keys, which count up; NOBODY where it does not."""
    if not len(keys):
        return np.full(len(ids), NOBODY, dtype=np.int64)
    found = np.minimum(np.searchsorted(keys, ids), len(keys) - 1)
    return np.where(keys[found] == ids, found, NOBODY)
