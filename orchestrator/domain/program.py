"""A project made ready to run: journeys indexed by what they listen to, and the names whose history
they read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

from orchestrator.domain.account_use import AccountUse, find_account_use
from orchestrator.domain.errands import errands_of
from orchestrator.domain.event import ANY_EVENT, Event, Kind
from orchestrator.domain.expression import (
    Condition,
    Expr,
    Scope,
    Value,
    calls,
    customer_names,
    read_performed,
    read_received_window,
)
from orchestrator.domain.journey import Journey
from orchestrator.domain.lifecycle import Fact, Lifecycle
from orchestrator.domain.matching import Matching
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.outlets import Outlets
from orchestrator.domain.own_dates import Dated
from orchestrator.domain.policy import Policy
from orchestrator.domain.route import PLAIN
from orchestrator.domain.schedule import all_zones
from orchestrator.domain.state import ITEM, CustomerState, Enrollment
from orchestrator.domain.timetable import Calendar, Timetable, UpTo
from orchestrator.domain.triggers import (
    BusinessTrigger,
    Called,
    DateTrigger,
    EventTrigger,
    SegmentTrigger,
    Watched,
)
from orchestrator.domain.watched_segments import segments_of
from orchestrator.domain.watches import SegmentWatch, StageWatch, Watch


def plain_code(key: str) -> str:
    """A coupon code from a key, for back-tests; the live engine signs the key with the project's
    secret.
    """
    return blake2b(key.encode(), digest_size=6).hexdigest().upper()


def invent_code(pool: str, key: str) -> str | None:
    """A code in place of one of a pool, for back-tests and `tests:`: they take none away, and no
    pool is empty to them.
    """
    return plain_code(f"{pool}:{key}")


@dataclass(slots=True)
class Index:
    """What a run looks up, derived from a program once. Nobody changes it."""

    errands: dict[str, Journey] = field(default_factory=dict)  # by their ids
    by_event: dict[str, list[tuple[Journey, EventTrigger]]] = field(default_factory=dict)
    # by the kind and name of the watch, and its new answer
    by_answer: dict[tuple[str, str, str], list[tuple[Journey, Watched]]] = field(
        default_factory=dict
    )
    again: list[tuple[Journey, SegmentTrigger]] = field(default_factory=list)
    segments: frozenset[str] = frozenset()  # those that are watched
    called: list[tuple[Journey, Called]] = field(default_factory=list)
    by_business: dict[str, list[tuple[Journey, BusinessTrigger]]] = field(default_factory=dict)
    dated: list[Dated] = field(default_factory=list)
    follows_customers: bool = False  # somebody is called by their own clock
    # what calls somebody somewhere, and what calls who lives in a zone
    everywhere: Timetable[tuple[Journey, Called]] = field(default_factory=lambda: Timetable([]))
    timetables: dict[ZoneInfo, Timetable[tuple[Journey, Called]]] = field(default_factory=dict)
    history: dict[str, timedelta | None] = field(default_factory=dict)
    # those of them of which something reads what they say, not only that they happened
    told: set[str] = field(default_factory=set)
    # the facts that an activity of a name changes, and those that one of any other name does
    facts_by_event: dict[str, list[Fact]] = field(default_factory=dict)
    any_event_facts: list[Fact] = field(default_factory=list)
    watches: tuple[Watch, ...] = ()
    watches_by_event: dict[str, tuple[Watch, ...]] = field(default_factory=dict)
    segment_tests: dict[str, Callable[[Scope], bool]] = field(default_factory=dict)
    # how far back caps and received() look; None: for ever
    sent_window: timedelta | None = timedelta(0)
    has_splits: bool = False  # or holdouts, which are splits of their own
    has_grants: bool = False
    calls_out: bool = False  # a journey asks servers outside
    accounts: AccountUse = field(default_factory=AccountUse)

    @classmethod
    def of(cls, program: Program) -> Index:
        """Looks through a program."""
        index, lifecycle, trees = cls(), program.lifecycle, list(_trees(program))
        index.segment_tests = {one.name: one.condition.test for one in lifecycle.segments}
        for journey in program.journeys.values():
            if not journey.draft:
                index._add_triggers(journey, program.dated_since)
        for journey in program.all_journeys():
            index._add_errands(journey)
        everywhere = [(_up_to_its_end(j, one.everywhere()), (j, one)) for j, one in index.called]
        index.everywhere = Timetable(everywhere)
        for fact in lifecycle.facts:
            index._add_fact(fact)
        for facts in index.facts_by_event.values():
            facts += index.any_event_facts
        for call in (call for tree in trees for call in calls(tree, "performed")):
            performed = read_performed(call)
            index._keep_history(performed.event, performed.within)
            if performed.filters:
                index.told.add(performed.event)
        # what a template asks of an event is known only when it is rendered
        asked = (call for tree in program.template_calls for call in calls(tree, "performed"))
        index.told |= {read_performed(call).event for call in asked}
        index.segments = frozenset().union(*map(segments_of, program.all_journeys()))
        watched = [one for one in lifecycle.segments if one.name in index.segments]
        segments = (SegmentWatch(one, lifecycle) for one in watched)
        index._add_watches(StageWatch(lifecycle), *segments)
        index.accounts = find_account_use(program.all_journeys(), trees)
        index.sent_window = _sent_window(program.policy, trees)
        index._look_ahead(program)
        return index

    def history_names(self, event: Event) -> list[str]:
        """The names under which an event is kept for windows: its own, and `any event`."""
        own = [event.name] if event.name in self.history else []
        return [*own, ANY_EVENT] if event.is_activity and ANY_EVENT in self.history else own

    def facts_read_from(self, event: Event) -> list[Fact]:
        """The stored facts that an event may change."""
        if event.is_activity:
            return self.facts_by_event.get(event.name, self.any_event_facts)
        return [one for one in self.facts_by_event.get(event.name, ()) if one.event != ANY_EVENT]

    def timetable(self, state: CustomerState) -> Timetable[tuple[Journey, Called]]:
        """What calls a customer, and when: by their own clock, if any trigger asks that."""
        return self._timetable_in(state.zone if self.follows_customers else state.home_zone)

    def zones_not_called(self, trigger: Called, at: datetime) -> list[str]:
        """The zones in which a trigger does not call at an instant at which it does elsewhere."""
        if not trigger.follows_customers:
            return []
        return [one.key for one in all_zones() if not self.is_called_in(one, trigger, at)]

    def is_called_in(self, zone: ZoneInfo, trigger: Called, at: datetime) -> bool:
        """Whether a trigger calls who lives in a zone at an instant."""
        return any(one is trigger for _, one in self._timetable_in(zone).called_at(at))

    def _timetable_in(self, zone: ZoneInfo) -> Timetable[tuple[Journey, Called]]:
        found = self.timetables.get(zone)
        if found is None:
            calls = [
                (_up_to_its_end(journey, trigger.calendar(zone)), (journey, trigger))
                for journey, trigger in self.called
            ]
            found = self.timetables[zone] = Timetable(calls)
        return found

    def next_call(self, after: datetime) -> datetime | None:
        """The first instant > `after` that calls somebody, wherever they live."""
        return self.everywhere.next_after(after) if self.called else None

    def watches_moved_by(self, event: Event) -> tuple[Watch, ...]:
        """The watches whose answer an event may change: all, where it tells who somebody is."""
        if event.kind < Kind.TRACK:
            return self.watches
        moved = self.watches_by_event.get(event.name)
        return self.watches_by_event[ANY_EVENT] if moved is None else moved

    def _add_errands(self, journey: Journey) -> None:
        for errand in errands_of(journey):
            if not journey.draft and errand.id not in self.errands:
                self.errands[errand.id] = errand
                self._add_triggers(errand, {})

    def _add_triggers(self, journey: Journey, since: Mapping[str, datetime]) -> None:
        for trigger in journey.triggers:
            match trigger:
                case EventTrigger():
                    self.by_event.setdefault(trigger.event, []).append((journey, trigger))
                case Watched():
                    key = trigger.word, trigger.of, trigger.to
                    self.by_answer.setdefault(key, []).append((journey, trigger))
                    if isinstance(trigger, SegmentTrigger) and trigger.while_inside:
                        self.again.append((journey, trigger))
                case BusinessTrigger():
                    self.by_business.setdefault(trigger.event, []).append((journey, trigger))
                case DateTrigger():
                    known = since.get(f"{journey.id} {trigger.key}")
                    self.dated.append((journey, trigger, known))
                case Called():
                    self.called.append((journey, trigger))
                    self.follows_customers |= trigger.follows_customers

    def _add_watches(self, *watches: Watch) -> None:
        self.watches = watches
        for name in {ANY_EVENT}.union(*(watch.events for watch in watches)):
            read = {name, ANY_EVENT}
            self.watches_by_event[name] = tuple(w for w in watches if w.events & read)

    def _add_fact(self, fact: Fact) -> None:
        if fact.within is not None:
            for name in filter(None, (fact.event, fact.minus)):
                self._keep_history(name, fact.within)
                if fact.of or fact.condition:
                    self.told.add(name)
        elif fact.event == ANY_EVENT:
            self.any_event_facts.append(fact)
        else:
            for event in {fact.event, fact.minus or fact.event}:
                self.facts_by_event.setdefault(event, []).append(fact)

    def _keep_history(self, event: str, window: timedelta | None) -> None:
        known = self.history.get(event, timedelta(0))
        self.history[event] = None if window is None or known is None else max(window, known)

    def _look_ahead(self, program: Program) -> None:
        """Learns what need not be loaded because no journey uses it."""
        steps = [step for journey in program.all_journeys() for step in journey.walk_steps()]
        holdouts = [program.holdout_global, *(one.holdout for one in program.journeys.values())]
        self.has_splits = any(holdouts) or any(step.draws for step in steps)
        self.has_grants = any(step.grants for step in steps)
        self.calls_out = program.outlets.are_open or any(step.calls_out for step in steps)


class _LifeScope(Scope):
    """What an expression sees of an enrollment and an event, put together when it looks up the
    first name: most read the customer only."""

    __slots__ = ("_about", "_names")

    def __init__(
        self,
        state: CustomerState,
        now: datetime,
        segments: Mapping[str, Callable[[Scope], bool]],
        about: tuple[Enrollment | None, Event | None],
    ) -> None:
        self.customer, self.now, self.segments = state, now, segments
        self._about = about
        self._names: dict[str, object] | None = None

    @property
    def names(self) -> dict[str, object]:  # type: ignore[override]  # an attribute of a plain scope
        """The enrollment's names and the event's."""
        if self._names is None:
            self._names = _names_of(*self._about)
        return self._names


def _names_of(enrollment: Enrollment | None, event: Event | None) -> dict[str, object]:
    names: dict[str, object] = {}
    if enrollment is not None:
        names = {
            "entry": {**enrollment.entry, "at": enrollment.entered_at},
            "vars": enrollment.variables,
            "coupon": enrollment.coupon,
            "journey": {"id": enrollment.journey, "number": enrollment.number},
            "item": enrollment.entry.get(ITEM),
        }
    if event is not None:
        names["event"] = event.seen
    return names


@dataclass(frozen=True, slots=True)
class Program:
    """Everything a run needs besides the customer. Built once per project version.

    `pinned` holds earlier versions of journeys by (id, version) for the people who finish them;
    `edits` what became of the steps of those versions whose people follow the text of today.
    `edited_at`, on a virtual clock only: everything up to then was done before those edits.
    """

    lifecycle: Lifecycle
    journeys: Mapping[str, Journey]
    policy: Policy
    zone: ZoneInfo
    locale: str = "en"
    currency: str = "EUR"
    channels: Mapping[ChannelName, Medium] = field(default_factory=lambda: dict(PLAIN))
    holdout_global: float = 0.0
    max_age: timedelta = timedelta(hours=24)  # up to when an event counts for more than facts
    pinned: Mapping[tuple[str, str], Journey] = field(default_factory=dict)
    edits: Mapping[tuple[str, str], Matching] = field(default_factory=dict)
    edited_at: datetime | None = None
    without_file: frozenset[str] = frozenset()  # journeys whose people stand
    # since when the project knows each of its `dated_keys`; of a virtual clock alone: always
    dated_since: Mapping[str, datetime] = field(default_factory=dict)
    keeps_appointments: bool = False  # somebody may have been called, and enter later
    coupon_code: Callable[[str], str] = plain_code
    outlets: Outlets = field(default_factory=Outlets)
    template_calls: tuple[Expr, ...] = ()  # the functions of the language that templates call
    index: Index = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", Index.of(self))  # the one thing that is derived

    def journey_of(self, journey_id: str, version: str) -> Journey | None:
        """The journey an enrollment follows: the version it entered when that one is pinned, else
        today's.
        """
        if self.pinned and (earlier := self.pinned.get((journey_id, version))) is not None:
            return earlier
        return self.journeys.get(journey_id) or self.index.errands.get(journey_id)

    def scope(
        self,
        state: CustomerState,
        now: datetime,
        enrollment: Enrollment | None = None,
        event: Event | None = None,
    ) -> Scope:
        """What an expression sees of a customer now, for one enrollment and one event."""
        if enrollment is None and event is None:
            return Scope(state, now, {}, self.index.segment_tests)
        return _LifeScope(state, now, self.index.segment_tests, (enrollment, event))

    def changes_with_time(self, value: Value) -> bool:
        """Whether time alone may give a value another answer: it reads a window."""
        by_name = self.lifecycle.by_name
        facts = (by_name.get(name) for tree in value.trees for name in customer_names(tree))
        windowed = any(fact is not None and fact.within is not None for fact in facts)
        return windowed or any(
            calls(tree, "performed") or calls(tree, "received") for tree in value.trees
        )

    @property
    def rules_version(self) -> str:
        """The rules by which customers are known, as a hash: another one is another lifecycle, or
        other segments that are watched.
        """
        watched = "\n".join([*sorted(self.index.segments), *self.index.accounts.marks])
        version = self.lifecycle.version
        return plain_code(f"{version}\n{watched}").lower() if watched else version

    @property
    def dated_keys(self) -> list[str]:
        """Every trigger by a date, as text."""
        return sorted({f"{journey.id} {trigger.key}" for journey, trigger, _ in self.index.dated})

    def all_journeys(self) -> Iterator[Journey]:
        """Those of today, and the earlier versions that people finish."""
        yield from self.journeys.values()
        yield from self.pinned.values()


def without_idle_facts(program: Program) -> Program:
    """The program for lives that nobody keeps and in which nothing is rendered: without the facts
    that only templates and people read.
    """
    ruled = replace(program, template_calls=())
    read = {name for tree in _trees(ruled) for name in customer_names(tree)}
    facts = tuple(fact for fact in program.lifecycle.facts if fact.name in read)
    return replace(ruled, lifecycle=replace(program.lifecycle, facts=facts, by_name={}))


def _up_to_its_end(journey: Journey, calendar: Calendar) -> Calendar:
    """The instants of a calendar at which a journey still takes somebody in."""
    return calendar if journey.ends_at is None else UpTo(calendar, journey.ends_at)


def _sent_window(policy: Policy, trees: Iterable[Expr]) -> timedelta | None:
    windows = [read_received_window(call) for tree in trees for call in calls(tree, "received")]
    windows.append(policy.longest_window)
    return None if None in windows else max(window for window in windows if window is not None)


def _trees(program: Program) -> Iterator[Expr]:
    yield from (stage.condition.tree for stage in program.lifecycle.stages)
    yield from (segment.condition.tree for segment in program.lifecycle.segments)
    yield from program.template_calls
    yield from (rule.condition.tree for rule in program.policy.never)
    for journey in program.all_journeys():
        yield from find_trees(journey)


def find_trees(part: object) -> Iterable[Expr]:
    """Every expression tree in a journey or a part of one."""
    if isinstance(part, Condition):
        yield part.tree
    elif isinstance(part, Value):
        yield from part.trees
    elif isinstance(part, tuple):
        for item in part:
            yield from find_trees(item)
    elif isinstance(part, Journey):
        yield from find_trees(
            (part.triggers, part.only_if, part.one_per, part.exits, part.goal, part.steps)
        )
    elif hasattr(part, "__dataclass_fields__"):
        for name in part.__dataclass_fields__:
            yield from find_trees(getattr(part, name))
