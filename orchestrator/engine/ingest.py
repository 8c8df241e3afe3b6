"""Takes calls out of the inbox: finds or makes their customers, links anonymous ids, writes events.

A repeat is harmless: message ids are unique, in the inbox and in the log of events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from orchestrator.domain.agreeing import CONFIRMED
from orchestrator.domain.call import Call, may_be_deep, read_call
from orchestrator.domain.consent import choice_about_address, read_answers
from orchestrator.domain.errors import CallRejected
from orchestrator.domain.event import Kind
from orchestrator.domain.identity import Identities, Person, invited_as
from orchestrator.domain.policy import address
from orchestrator.domain.steps.offers import REWARD_GRANTED
from orchestrator.domain.values import as_mapping
from orchestrator.engine.collecting import collecting_afterwards
from orchestrator.engine.parts import INBOX_MAX, Parts
from orchestrator.engine.report import TickReport
from orchestrator.store import accepted, addresses, customers, events, grants, inbox
from orchestrator.store.account_calls import ACCOUNT
from orchestrator.store.addresses import Destination
from orchestrator.store.events import EventValues
from orchestrator.store.inbox import WaitingCall
from orchestrator.store.line_loading import load_readers
from orchestrator.store.transaction import Transaction
from orchestrator.store.writers import ENGINE

PAGE = "page"  # a page of ours, shown to a customer
MANUAL = "manual"  # a person starts a journey, whose id is the event's name
HAND = "hand"  # a person has done a to-do
_NOTHING: Mapping[str, object] = {}
#: What such calls are, unless they say who somebody is: that is the same from everywhere.
_KIND_BY_SOURCE = {
    ENGINE: Kind.EMITTED,
    ACCOUNT: Kind.ACCOUNT,
    MANUAL: Kind.START,
    HAND: Kind.EMITTED,
}


@dataclass(slots=True, eq=False)
class _Taken:
    """One inbox row that was understood: whose event it is, when, and who was absorbed by it."""

    row: WaitingCall
    call: Call
    at: datetime
    starts: bool
    person: Person
    absorbed: Person | None


@dataclass(slots=True)
class _Batch:
    taken: list[_Taken] = field(default_factory=list)
    rejected: list[tuple[WaitingCall, CallRejected]] = field(default_factory=list)
    ids: dict[Person, int] = field(default_factory=dict)  # of the customers that exist
    asked: set[Person] = field(default_factory=set)  # those who were looked for


@collecting_afterwards
def run(parts: Parts, now: datetime, report: TickReport) -> int:
    """Takes up to 1,000 calls in one transaction; returns how many rows it took."""
    with parts.database.write() as transaction:
        accepted.take_in(transaction, parts.database, INBOX_MAX)
        rows = inbox.take_calls(transaction, now, INBOX_MAX)
        if not rows:
            return 0
        batch = _understand(parts, transaction, rows)
        _write(parts, transaction, batch, now)
        inbox.drop_calls(transaction, [row.id for row in rows])
    report.accepted += len(batch.taken)
    report.rejected += len(batch.rejected)
    return len(rows)


def _understand(parts: Parts, transaction: Transaction, rows: Sequence[WaitingCall]) -> _Batch:
    batch = _Batch()
    calls = _read_calls(transaction, rows, batch)
    identities = _identities(transaction, [call for _, call in calls], batch)
    for row, call in calls:
        try:
            taken = _take(parts, identities, row, call)
        except CallRejected as rejection:
            batch.rejected.append((row, rejection))
        else:
            batch.taken.append(taken)
    customers.save_links(transaction, identities.new_links)
    return batch


def _read_calls(
    transaction: Transaction, rows: Sequence[WaitingCall], batch: _Batch
) -> list[tuple[WaitingCall, Call]]:
    """The calls that are readable and new, in order of arrival."""
    known = events.known_message_ids(
        transaction, {row.message_id for row in rows if row.message_id}
    )
    calls = []
    for row in rows:
        if row.message_id in known:
            continue
        raw = row.raw
        try:
            calls.append((row, read_call(orjson.loads(raw), is_flat=not may_be_deep(raw))))
        except orjson.JSONDecodeError:
            batch.rejected.append((row, CallRejected("invalid_json", "the call is not JSON")))
        except CallRejected as rejection:
            batch.rejected.append((row, rejection))
    return calls


def _identities(transaction: Transaction, calls: Sequence[Call], batch: _Batch) -> Identities:
    """Who is known among those the calls speak of."""
    strangers = {call.anonymous_id for call in calls if call.anonymous_id}
    strangers |= {call.previous_id for call in calls if call.previous_id}
    strangers |= {found for call in calls if (found := invited_as(call))}
    users = {call.user_id for call in calls if call.user_id} | {
        call.previous_id for call in calls if call.previous_id
    }
    batch.asked = {Person(name, anonymous=True) for name in strangers} | {
        Person(name) for name in users
    }
    batch.ids, aliases = customers.find_known(transaction, batch.asked)
    links = customers.find_links(transaction, strangers)
    return Identities(set(batch.ids), links, aliases)


def _take(parts: Parts, identities: Identities, row: WaitingCall, call: Call) -> _Taken:
    if row.source in (ENGINE, ACCOUNT) and not _is_known(identities, call):
        raise CallRejected("unknown_customer", "the customer to be told is not known here")
    resolution, received_at = identities.resolve(call), row.received_at
    # a time in the future is cut to the time of receipt
    at = received_at if call.at is None else min(call.at, received_at)
    starts = row.starts and at >= received_at - parts.config.ingest_max_age
    return _Taken(row, call, at, starts, resolution.person, resolution.absorbed)


def _is_known(identities: Identities, call: Call) -> bool:
    user = Person(identities.today(call.user_id))
    return user in identities.known or Person(call.anonymous_id, anonymous=True) in identities.known


# ---------------------------------------------------------------- writing


def _write(parts: Parts, transaction: Transaction, batch: _Batch, now: datetime) -> None:
    persons = {taken.person for taken in batch.taken}
    ids = batch.ids
    absorbed = {taken.absorbed for taken in batch.taken if taken.absorbed}
    # Whom a link leads to was not looked for yet.
    ids |= customers.find_customers(transaction, (persons | absorbed) - batch.asked)
    missing = [
        person for person in dict.fromkeys(t.person for t in batch.taken) if person not in ids
    ]
    ids |= customers.add_customers(transaction, missing, now)
    customers.mark_due(transaction, {ids[person] for person in persons}, now)
    pairs = [(ids[t.absorbed], ids[t.person]) for t in batch.taken if t.absorbed]
    customers.absorb_customers(transaction, pairs)
    users = [(t.absorbed, t.person) for t in batch.taken if t.absorbed and not t.absorbed.anonymous]
    customers.redirect(transaction, users)
    rows = [row for taken in batch.taken for row in _events_of(taken, ids)]
    events.add_events(transaction, rows)
    grants.hand_out(
        transaction,
        [
            (str(t.call.properties["code"]), ids[t.person])
            for t in batch.taken
            if t.row.source == ENGINE and t.call.name == REWARD_GRANTED
        ],
    )
    addresses.keep_choices(transaction, _said_of_addresses(parts, transaction, batch, now))
    refused = [
        inbox.RejectedEntry(row.received_at, row.source, r.code, str(r), row.raw)
        for row, r in batch.rejected
    ]
    inbox.put_rejections(transaction, refused)


def _said_of_addresses(
    parts: Parts, transaction: Transaction, batch: _Batch, now: datetime
) -> list[dict[str, object]]:
    """What readers said on the page to unsubscribe: it is about the address their message went to,
    and so known to everybody's time lines before any of them is run."""
    told = {taken: email_id for taken in batch.taken if (email_id := _message_behind(taken))}
    found = addresses.messages_by_public_id(transaction, set(told.values()))
    rows = []
    for taken, email_id in told.items():
        message = found.get(email_id)
        if message is not None and (to := _sent_to(parts, transaction, message, now)):
            rows += _choice_rows(taken, message.medium, to)
    return rows


def _message_behind(taken: _Taken) -> str:
    """The public id of the message that led to our own page; "" for a call from elsewhere, which
    speaks for nobody's address."""
    if taken.row.source != PAGE or taken.call.kind is not Kind.IDENTIFY:
        return ""
    page = taken.call.context.get("unsubscribe")
    return str(page.get("email_id") or "") if isinstance(page, dict) else ""


def _confirms(taken: _Taken) -> bool:
    """Whether a person confirmed a yes on our own page: what a call of that name from elsewhere
    says is no proof."""
    return taken.row.source == PAGE and taken.call.name == CONFIRMED


def _choice_rows(taken: _Taken, medium: str, to: str) -> list[dict[str, object]]:
    page = as_mapping(taken.call.context["unsubscribe"])
    source = f"unsubscribe, {page.get('origin')}"
    answers = read_answers(taken.call.properties.get("consent", {}))
    choices = [choice_about_address(answer, medium, taken.at) for answer in answers]
    return [
        addresses.choice_row(medium, to, choice, source) for choice in choices if choice is not None
    ]


def _sent_to(
    parts: Parts, transaction: Transaction, message: Destination, now: datetime
) -> str | None:
    """Where a message went; for one from before this was written down, where its customer is
    reached.
    """
    if message.to_address:
        return message.to_address
    readers = load_readers(transaction, parts.program, [message.customer_id], now)
    reader = readers.get(message.customer_id)
    return address(reader, message.medium) if reader is not None else None


def _events_of(taken: _Taken, ids: dict[Person, int]) -> list[EventValues]:
    """The event of a call, after that of a merge where it brings one."""
    if taken.absorbed is None:
        return [_own_event(taken, ids)]
    row, call = taken.row, taken.call
    is_alias = call.kind is Kind.MERGE
    told, context = (row.message_id, call.context) if is_alias else (None, _NOTHING)
    merge = EventValues(
        ids[taken.person], told, taken.at, row.received_at, int(Kind.MERGE), "", taken.starts,
        _NOTHING, context, not call.user_id, ids[taken.absorbed],
    )  # fmt: skip
    return [merge] if is_alias else [merge, _own_event(taken, ids)]


def _own_event(taken: _Taken, ids: dict[Person, int]) -> EventValues:
    row, call = taken.row, taken.call
    return EventValues(
        ids[taken.person], row.message_id, taken.at, row.received_at, int(_kind(taken)), call.name,
        taken.starts, call.properties, call.context, not call.user_id, None,
    )  # fmt: skip


def _kind(taken: _Taken) -> Kind:
    if _confirms(taken):
        return Kind.EMITTED
    kind = taken.call.kind
    return kind if kind is Kind.IDENTIFY else _KIND_BY_SOURCE.get(taken.row.source, kind)
