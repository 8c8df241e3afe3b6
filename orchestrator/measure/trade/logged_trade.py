"""The trade that files of calls tell of, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from orchestrator.domain.call import Call
from orchestrator.domain.event import Kind
from orchestrator.domain.identity import Identities, Person
from orchestrator.domain.values import as_text
from orchestrator.intake.history import History, read_history
from orchestrator.measure.trade.deal_rows import column_of, gather, read_deal
from orchestrator.measure.trade.trade import (
    NAMES_TOLD,
    CallColumns,
    People,
    ToldEvent,
    Trade,
    as_micros,
    whole,
)
from orchestrator.store.trade_rows import CHANNEL_TRAIT


def read_logged_trade(paths: Iterable[Path], currency: str) -> Trade:
    """Reads a log; `currency` is the project's, for orders that name none. Raises FileDamaged."""
    return trade_of(read_history(paths), currency)


def trade_of(history: History, currency: str) -> Trade:
    """The trade that a history tells of."""
    people = find_people_behind(history.calls)
    place = {person: number for number, person in enumerate(dict.fromkeys(people))}
    who = [place[person] for person in people]
    instants = [as_micros(call.at) for call in history.calls if call.at is not None]
    told = [
        deal
        for customer, at, call in zip(who, instants, history.calls, strict=True)
        if call.kind is Kind.TRACK
        and (deal := read_deal(customer, at, call.name, call.properties)) is not None
    ]
    dealt = gather(told, currency)
    return Trade(
        _people(place, who, history.calls),
        _columns(history.calls, who, instants),
        dealt.orders,
        dealt.refunds,
        tuple(_deeds(history.calls, who, instants)),
        dealt.unpriced,
        history.duplicates,
        history.rejected,
    )


def _people(place: Mapping[Person, int], who: Sequence[int], calls: Sequence[Call]) -> People:
    """Everybody; the newest word on their channel holds."""
    channels = [""] * len(place)
    for customer, call in zip(who, calls, strict=True):
        if call.kind is Kind.IDENTIFY and CHANNEL_TRAIT in call.properties:
            channels[customer] = as_text(call.properties[CHANNEL_TRAIT])
    return People(
        np.arange(len(place), dtype=np.int64),
        tuple(person.id for person in place),
        np.asarray([not person.anonymous for person in place], dtype=np.bool_),
        column_of(channels),
        column_of([""] * len(place)),
    )


def _deeds(calls: Sequence[Call], who: Sequence[int], at: Sequence[int]) -> Iterator[ToldEvent]:
    for customer, instant, call in zip(who, at, calls, strict=True):
        if call.kind is Kind.TRACK and call.name in NAMES_TOLD:
            yield ToldEvent(customer, instant, call.name, call.properties)


def _columns(calls: Sequence[Call], who: Sequence[int], at: Sequence[int]) -> CallColumns:
    names = [call.name if call.kind is Kind.TRACK else "" for call in calls]
    known = {name: number for number, name in enumerate(dict.fromkeys(["", *names]))}
    return CallColumns(whole(who), whole(at), whole([known[name] for name in names]), tuple(known))


def find_people_behind(calls: Sequence[Call]) -> list[Person]:
    """Whose each call is, by what is known of everybody in the end: what an anonymous visitor did
    is their customer's, and so is what was done under an id that was given up.
    """
    identities, absorbed = Identities(known=set()), dict[Person, Person]()
    people: list[Person] = [Person("")] * len(calls)
    # At one instant, who somebody is comes before what they did.
    in_order = sorted(enumerate(calls), key=lambda one: (one[1].at, one[1].kind > Kind.GROUP))
    for number, call in in_order:
        found = identities.resolve(call)
        people[number] = found.person
        if found.absorbed is not None:
            absorbed[found.absorbed] = found.person
    return [_in_the_end(person, absorbed) for person in people]


def _in_the_end(person: Person, absorbed: dict[Person, Person]) -> Person:
    while person in absorbed:
        person = absorbed[person]
    return person
