"""One customer as the time line sees them: loaded in a few statements, changed in memory, written
back once.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from orchestrator.domain.account import KnownAccount
from orchestrator.domain.consent import AddressBook, ConsentKey, asked_of, know_no_address, topic_of
from orchestrator.domain.event import Event
from orchestrator.domain.lifecycle import Fact, Lifecycle, read_windowed
from orchestrator.domain.medium import Medium
from orchestrator.domain.pace import Appointment
from orchestrator.domain.region import region_of, zone_told_by
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.traits import sortable, take_newest, trait_of
from orchestrator.domain.value_class import value_class


@value_class
class Choice:
    """What a customer said about being written to, when and where. `granted` None: an earlier
    choice was taken back.
    """

    granted: bool | None
    at: datetime
    source: str = ""


def newest_choice(choices: Mapping[ConsentKey, Choice], *keys: ConsentKey) -> Choice | None:
    """The newest choice about one of these keys."""
    newest: Choice | None = None
    for key in keys:
        choice = choices.get(key)
        if choice is not None and (newest is None or choice.at > newest.at):
            newest = choice
    return newest


class CaselessMap(dict[str, object]):
    """A map whose keys are lower case, asked for in any."""

    def get(self, key: object, default: object = None) -> object:
        return super().get(key.lower(), default) if isinstance(key, str) else default

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and super().__contains__(key.lower())


class Status(StrEnum):
    """Whether somebody is inside a journey, and how they left it."""

    ACTIVE = "active"
    COMPLETED = "completed"  # came to an end of the steps, `exit` included
    EXITED = "exited"
    CONVERTED = "converted"
    FILTERED = "filtered"
    MERGED = "merged"


@dataclass(slots=True)
class Enrollment:
    """One passage of one customer through one journey. `number` counts the customer's entries into
    it from 1.
    """

    journey: str
    version: str
    number: int
    entered_at: datetime
    entry: dict[str, object] = field(default_factory=dict)
    step: str | None = None
    arrived_at: datetime | None = None
    due_at: datetime | None = None
    deferred_since: datetime | None = None
    pass_no: int = 1
    held_out: bool = False
    variables: dict[str, object] = field(default_factory=dict)
    coupon: dict[str, object] | None = None
    status: Status = Status.ACTIVE
    reason: str = ""
    ended_at: datetime | None = None
    converted_at: datetime | None = None
    goal_until: datetime | None = None  # the goal still counts up to here; None: only while inside
    goal_value: float | None = None  # what reaching it was worth, where that is a number
    kept: dict[str, object] | None = None  # what steps know of this passage, by their id
    key: str | None = None  # what the journey has one passage per, beside the customer
    id: int | None = None  # the database's; None until written
    changed: bool = True
    # when the date was said by which somebody entered earlier; within that instant alone
    known_at: datetime | None = None

    def was_due_before_it_was_known(self, due: datetime) -> bool:
        """Whether a step belongs to a time when nobody knew yet that there was this passage."""
        return self.known_at is not None and due < self.known_at

    @property
    def is_open(self) -> bool:
        """Whether the customer is inside."""
        return self.status is Status.ACTIVE

    def kept_for(self, step: str) -> object:
        """What a step knows of this passage, as JSON types; None for nothing."""
        return None if self.kept is None else self.kept.get(step)

    def keep(self, step: str, known: object) -> None:
        """Has a step know something of this passage; None: nothing any more."""
        kept = {**(self.kept or {}), step: known}
        self.kept = {name: one for name, one in kept.items() if one is not None} or None
        self.changed = True


#: Under this name, which no expression can write, an `entry` keeps the element it is about.
ITEM = "$item"


def entries_of(journey: str, key: str | None) -> str:
    """The name of a customer's entries into a journey, or into one with a key."""
    return journey if key is None else f"{journey}\n{key}"


@dataclass(slots=True)
class SentMessage:
    """What caps and `received()` remember of a message that left or is about to."""

    at: datetime
    medium: Medium
    journey: str
    template: str
    marketing: bool


class Membership(NamedTuple):
    """Whether a customer is in a segment, and since when that holds."""

    answer: str | None
    since: datetime | None


class Entries(NamedTuple):
    """A customer's entries into one journey."""

    first: datetime
    last: datetime
    number: int


@dataclass(slots=True)
class CustomerState:
    """Everything the time line needs of one customer.

    `facts` holds stored facts (JSON types) by name; `history` the events of declared names, oldest
    first; `consent` the choices by medium ("email"), topic ("topic:offers"; "topic:*" for all),
    "opens" or "clicks"; `suppressed` holds "marketing" with its reason, for who wants none;
    `address_book` knows what was said of addresses. `trait_times` holds when each trait was last
    set or deleted, as text that sorts by time; `home_zone` is the project's, for who has none;
    `cursor` is the instant up to which this line was already run, `happened_at` the last one at
    which anything happened on it; `entries` those into each journey; `assignments` the variant by
    (journey, step); `rewarded` the roles already rewarded because this customer was referred.
    """

    external_id: str
    lifecycle: Lifecycle
    home_zone: ZoneInfo
    locale: str = ""
    id: int | None = None
    anonymous: bool = False
    traits: dict[str, object] = field(default_factory=dict)
    trait_times: dict[str, str] = field(default_factory=dict)
    account: KnownAccount | None = None
    facts: dict[str, object] = field(default_factory=dict)
    stage: str | None = None
    stage_since: datetime | None = None
    segments: dict[str, Membership] = field(default_factory=dict)  # those that are watched
    consent: dict[ConsentKey, Choice] = field(default_factory=dict)
    suppressed: dict[str, str] = field(default_factory=dict)
    address_book: AddressBook = know_no_address
    muted_until: datetime | None = None
    history: dict[str, list[Event]] = field(default_factory=dict)
    sent: list[SentMessage] = field(default_factory=list)
    enrollments: list[Enrollment] = field(default_factory=list)
    entries: MutableMapping[str, Entries] = field(default_factory=dict)
    appointments: list[Appointment] = field(default_factory=list)  # to enter, after a call
    assignments: dict[tuple[str, str], str] = field(default_factory=dict)
    coupons: dict[str, dict[str, object]] = field(default_factory=dict)
    rewarded: set[str] = field(default_factory=set)
    cursor: datetime | None = None
    happened_at: datetime | None = None
    next_due_at: datetime | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Where the customer lives: their own valid zone, else what their number or country tells,
        else the project's."""
        own = self.traits.get("timezone")
        valid = find_zone(own) if isinstance(own, str) else None
        return valid or zone_told_by(self.traits, self.region) or self.home_zone

    @property
    def region(self) -> str:
        """The country by whose rules the customer's number is read."""
        return region_of(self.traits, self.locale, self.home_zone.key)

    # ------------------------------------------------------------ what expressions read

    def get(self, name: str, now: datetime) -> object:
        """A fact, a built-in property or a trait, in this order; None when missing."""
        fact = self.lifecycle.by_name.get(name)
        if fact is not None:
            return self._fact(fact, now)
        built_in = _BUILT_IN.get(name)
        if built_in is not None:
            return built_in(self)
        return trait_of(self.traits, name)

    def of_account(self, name: str) -> object:
        """A trait of the account that they belong to; None when missing."""
        return None if self.account is None else self.account.get(name)

    def _fact(self, fact: Fact, now: datetime) -> object:
        if fact.within is None:
            return fact.read(self.facts.get(fact.name))
        return read_windowed(fact, self.fact_events(fact), now)

    def fact_events(self, fact: Fact) -> Iterable[Event]:
        """The events a windowed fact is counted from."""
        yield from self.history.get(fact.event, ())
        if fact.minus:
            yield from self.history.get(fact.minus, ())

    def first_within(self, fact: Fact, now: datetime) -> Iterable[datetime]:
        """The times of the events that leave a windowed fact's window next."""
        assert fact.within is not None  # only windowed facts come here
        for name in filter(None, (fact.event, fact.minus)):
            events = self.history.get(name, [])
            position = bisect_right(events, now - fact.within, key=attrgetter("at"))
            if position < len(events):
                yield events[position].at

    def _consent(self) -> dict[str, object]:
        chosen = {
            key: choice.granted
            for key, choice in self.consent.items()
            if choice.granted is not None
        }
        topics = CaselessMap()
        others: dict[str, object] = {"topics": topics}
        asked = [asked_of(key) for key in chosen if asked_of(key) is not None]
        if asked:
            others["asked"] = sorted(filter(None, asked))
        for key, said in chosen.items():
            if asked_of(key) is not None:
                continue
            topic = topic_of(key)
            (others if topic is None else topics)[key if topic is None else topic] = said
        return others

    def events(self, name: str) -> Iterable[Event]:
        """Earlier events of a declared name, oldest first."""
        return self.history.get(name, ())

    def received(self, name: str, since: datetime | None) -> bool:
        """Whether a message of this template or journey went out after `since`."""
        return any(
            name in (m.template, m.journey) and (since is None or m.at > since) for m in self.sent
        )

    def as_of_now(self) -> CustomerState:
        """A copy that stays as it is while the line goes on."""
        seen = CustomerState(*_values_of(self))
        seen.traits, seen.facts = dict(self.traits), dict(self.facts)
        seen.consent, seen.sent, seen.enrollments = dict(self.consent), list(self.sent), []
        seen.history = {name: list(events) for name, events in self.history.items()}
        seen.account = self.account and self.account.copy()
        return seen

    # ------------------------------------------------------------ small changes

    def remember(self, name: str, event: Event, window: timedelta | None, now: datetime) -> None:
        """Keeps an event under a declared name, in the order of its own time, and lets go of what
        left its window.
        """
        events = self.history.setdefault(name, [])
        insort(events, event, key=attrgetter("order"))
        if window is not None:
            while events and events[0].at + window < now:
                events.pop(0)

    @property
    def referrer(self) -> str | None:
        """Who referred the customer, by their id; None for nobody, or themselves."""
        known = self.traits.get("referred_by")
        if not isinstance(known, str) or known in ("", self.external_id):
            return None
        return known

    def open_enrollments(self) -> list[Enrollment]:
        """The journeys the customer is inside, in no particular order."""
        return [enrollment for enrollment in self.enrollments if enrollment.is_open]

    def take_traits(self, traits: Mapping[str, object], at: datetime) -> None:
        """Applies traits said at `at`, each unless a newer word about it is known: a deletion
        (None) leaves its time behind.
        """
        take_newest(self.traits, self.trait_times, traits, sortable(at))

    def chosen(self, *keys: ConsentKey) -> bool | None:
        """What the newest choice about one of these keys says; None where there is none."""
        newest = newest_choice(self.consent, *keys)
        return None if newest is None else newest.granted

    def agreed_after(self, key: ConsentKey, at: datetime) -> bool:
        """Whether the choice about a key is a yes that was said later than `at`."""
        choice = self.consent.get(key)
        return choice is not None and choice.granted is True and choice.at > at

    def take_choice(self, key: ConsentKey, choice: Choice) -> bool:
        """Applies a consent choice unless a newer one is known. True when it changed something."""
        known = self.consent.get(key)
        if known is not None and known.at > choice.at:
            return False
        # also when it says the same: an older no that comes late must not overrule it
        self.consent[key] = choice
        return known is None or known.granted != choice.granted


_values_of = attrgetter(*[one.name for one in fields(CustomerState)])

_BUILT_IN: Mapping[str, Callable[[CustomerState], object]] = {
    "id": lambda state: state.external_id,
    "stage": lambda state: state.stage,
    "stage_since": lambda state: state.stage_since,
    "anonymous": lambda state: state.anonymous,
    "timezone": lambda state: state.zone.key,
    "locale": lambda state: state.traits.get("locale") or state.locale or None,
    "consent": CustomerState._consent,
}
