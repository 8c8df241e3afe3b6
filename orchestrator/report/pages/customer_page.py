"""A customer: found by id, address or number; what is known, what happened, and why not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from orchestrator.domain.formatting import format_value
from orchestrator.domain.message import MessageState
from orchestrator.domain.phrase import say, verbatim
from orchestrator.domain.values import as_time
from orchestrator.measure.explained import Explained, explain
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.page_blocks import (
    Alert,
    Alerts,
    Block,
    Facts,
    Grid,
    Occurrence,
    Page,
    Prose,
    Search,
    Section,
    Timeline,
    Views,
)
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import PageLink, Value, When
from orchestrator.report.tones import badge_of, tone_of
from orchestrator.store import one_customer as records
from orchestrator.store.customers import FoundCustomer, read_customer
from orchestrator.store.delivery_figures import newest_of_customer

TITLE = say("Customers")
PEOPLE_MAX = 50
LINES_MAX = 300  # of the newest: a customer of many years has more


def customer_page(source: Source, asked: PageAsked) -> Page:
    """The customer of a row's number, or those whom the words of the search mean."""
    wanted = asked.get("q")
    if asked.of:
        return _known(source, asked, _by_number(source, asked.of))
    if not wanted:
        return Page(TITLE, [_search(wanted), Prose(HOW)])
    people = _find(source, wanted)
    if len(people) == 1:
        return _known(source, asked, people[0])
    return Page(TITLE, [_search(wanted), *_choose(people)])


HOW = say(
    "A customer is found by any of their ids, by their e-mail address, or by their phone number "
    "however it is written."
)


def _search(wanted: str) -> Search:
    label, hint = say("Id, e-mail address or phone number"), say("Id, e-mail or phone…")
    return Search(label, hint, say("Search"), "customers", wanted)


def _by_number(source: Source, number: str) -> FoundCustomer | None:
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        return None
    with source.database.read() as transaction:
        return read_customer(transaction, int(number))


def _find(source: Source, wanted: str) -> list[FoundCustomer]:
    if "\x00" in wanted:  # PostgreSQL cannot be asked for it
        return []
    with source.database.read() as transaction:
        return records.find_people(transaction, wanted)[:PEOPLE_MAX]


def _choose(people: list[FoundCustomer]) -> Iterator[Block]:
    rows: list[list[Value]] = [
        [
            PageLink(one.external_id, f"customers/{one.id}"),
            _text(one.traits.get("email")),
            one.stage,
        ]
        for one in people
    ]
    head = (say("Customer"), say("E-mail"), say("Stage"))
    empty = say("Nobody has this id, address or number.")
    yield Grid("customers", TITLE, head, rows, empty)


def _link(customer: FoundCustomer) -> PageLink:
    return PageLink(customer.external_id, f"customers/{customer.id}")


def _known(source: Source, asked: PageAsked, customer: FoundCustomer | None) -> Page:
    if customer is None:
        return Page(TITLE, [_search(""), Prose(say("There is no such customer."))], is_found=False)
    journey = asked.get("journey")
    journey = journey if journey in source.journeys else ""
    told = explain(source.database, customer, source.project, source.zone, journey=journey or None)
    blocks: list[Block] = [
        _search(""),
        _about(told, source),
        *_alerts(told),
        Section(say("What happened"), [_journeys(source, told, journey), _timeline(told)]),
        Section(say("Consent"), [_consent(source, customer)]),
        Section(say("Messages"), [_messages(source, customer)]),
    ]
    return Page(verbatim(_name(customer)), blocks)


def _name(customer: FoundCustomer) -> str:
    traits = customer.traits
    parts = (
        traits.get("first_name") or traits.get("firstName"),
        traits.get("last_name") or traits.get("lastName"),
    )
    name = traits.get("name") or " ".join(str(part) for part in parts if part)
    return _text(name) or customer.external_id


def _text(value: object) -> str:
    return "" if value in (None, "") else format_value(value)


def _about(told: Explained, source: Source) -> Facts:
    one = told.customer
    since = When(one.stage_since) if one.stage_since else None
    facts: list[tuple[str, Value]] = [
        (say("Id"), one.external_id),
        (say("Known as"), say("anonymous: by a device only") if one.anonymous else None),
        (say("E-mail"), _text(one.traits.get("email"))),
        (say("Phone"), _text(one.traits.get("phone"))),
        (say("Stage"), one.stage or say("without a stage yet")),
        (say("Since"), since),
    ]
    facts += [(verbatim(name.replace("_", " ")), _fact(value)) for name, value in _facts(told)]
    return Facts(facts)


def _facts(told: Explained) -> Iterator[tuple[str, object]]:
    yield from told.facts.items()
    for name, value in told.account.items():
        if isinstance(value, str | int | float):
            yield f"account {name}", value


def _fact(value: object) -> Value:
    """A fact's value; an instant on the project's clock."""
    may_be_time = isinstance(value, datetime) or (isinstance(value, str) and "T" in value)
    at = as_time(value) if may_be_time else None
    return format_value(value) if at is None else When(at)


def _alerts(told: Explained) -> Iterator[Block]:
    said = [text for text in (told.clock, told.absence) if text]
    if said:
        yield Alerts([Alert(text, "plain") for text in said])


def _journeys(source: Source, told: Explained, shown: str) -> Views:
    """All journeys, or one of them: then it is asked of each event why it did not let them in."""
    path = f"customers/{told.customer.id}"
    views = [(say("All journeys"), path, not shown)]
    views += [(verbatim(name), f"{path}?journey={name}", name == shown) for name in source.journeys]
    return Views(say("Journeys"), views)


def _timeline(told: Explained) -> Timeline:
    """The newest first."""
    lines = [
        Occurrence(line.at, line.told, line.journey, tone_of(line.kind))
        for line in reversed(told.lines[-LINES_MAX:])
    ]
    return Timeline(lines, say("Nothing was decided about this customer yet."))


def _consent(source: Source, customer: FoundCustomer) -> Grid:
    with source.database.read() as transaction:
        rows = records.consents_of(transaction, customer.id)
    said: list[list[Value]] = [
        [When(row.at), row.key, _answer(row.granted), row.source, row.until and When(row.until)]
        for row in reversed(rows)
    ]
    head = (say("When"), say("About"), say("Answer"), say("Where it was said"), say("Until"))
    default = (
        say("Nothing was said: what the project assumes holds, which is yes.")
        if source.config.consent_granted
        else say("Nothing was said: no marketing is sent.")
    )
    return Grid("consent", say("Consent"), head, said, default)


def _answer(granted: bool | None) -> Value:
    if granted is None:
        return say("taken back")
    return say("yes") if granted else say("no")


def _messages(source: Source, customer: FoundCustomer) -> Grid:
    with source.database.read() as transaction:
        found = newest_of_customer(transaction, customer.id, LINES_MAX)
    rows: list[list[Value]] = [
        [
            When(row.at),
            PageLink(row.journey, f"journeys/{row.journey}"),
            row.template,
            row.channel,
            badge_of(MessageState(row.state)),
            row.reason.replace("_", " "),
        ]
        for row in found
    ]
    head = (
        say("When"), say("Journey"), say("Template"), say("Channel"), say("State"), say("Why"),
    )  # fmt: skip
    return Grid("messages", say("Messages"), head, rows, say("No message was decided yet."))
