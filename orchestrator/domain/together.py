"""The lines of the members of an account, run together: what happens to one may end a journey of
another, or keep them out of one.

They are walked in the order of time, one instant of one line after the other. So what one member
does at an instant is known to the others from that instant on, however far a run reaches. At one
instant events go before timers, those that arrived first before others, and then who came first.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from operator import attrgetter
from typing import TypeVar

from orchestrator.domain.account import KnownAccount, group_of
from orchestrator.domain.account_news import tell_all, tell_change, tell_event, tell_traits
from orchestrator.domain.effects import Effect, Emitted, Logged, RuleChange
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.known_alike import KnownAlike
from orchestrator.domain.line import Line
from orchestrator.domain.program import Program
from orchestrator.domain.record import Record
from orchestrator.domain.state import CustomerState
from orchestrator.domain.timeline import begin, end, is_late
from orchestrator.domain.uniting import Life, Recall, Union, is_behind, recall_nothing
from orchestrator.domain.values import INSTANT, as_mapping
from orchestrator.domain.walk import next_instant, walk

K = TypeVar("K", bound=Hashable)
#: When a line goes on, the arrival of the event that it takes then, and its place.
Turn = tuple[datetime, int, int]
#: Behind every event of an instant: what time alone brings.
_TIMER = 2**63


def find_teams(accounts: Mapping[K, Iterable[str]]) -> list[list[K]]:
    """Those who have an account in common, directly or by way of others: key → the accounts that it
    names. Who names none is alone.
    """
    leader, first = {key: key for key in accounts}, dict[str, K]()

    def leader_of(key: K) -> K:
        while leader[key] != key:
            key = leader[key] = leader[leader[key]]
        return key

    for key, names in accounts.items():
        for name in names:
            leader[leader_of(key)] = leader_of(first.setdefault(name, key))
    teams: dict[K, list[K]] = {}
    for key in accounts:
        teams.setdefault(leader_of(key), []).append(key)
    return list(teams.values())


def share(states: Sequence[CustomerState]) -> list[CustomerState]:
    """Has all members of an account know what one of them knows best; returns to whom that is
    news.
    """
    known = [(state, state.account) for state in states if state.account and state.account.id]
    best: dict[str, KnownAccount] = {}
    for _, account in known:
        if account is not None:
            best.setdefault(account.id, account.copy()).learn(account)
    return [state for state, account in known if account and account.learn(best[account.id])]


@dataclass(slots=True, eq=False)
class Strand:
    """One of the lines: the events that it has still to take, up to when it goes, and its `place`
    among those of one instant. `taken` are events that it has taken before, which the others have
    not heard of; `record` is needed where events are late.
    """

    line: Line
    waiting: list[Event]
    until: datetime
    place: int
    record: Record | None = None
    taken: Sequence[Event] = ()
    next_at: datetime | None = field(default=None, init=False)

    @property
    def state(self) -> CustomerState:
        """The customer."""
        return self.line.state

    @property
    def turn(self) -> Turn:
        """Its place among all; asked where it goes on."""
        assert self.next_at is not None
        coming = self.waiting[-1] if self.waiting else None
        is_event = coming is not None and coming.at <= self.next_at
        return self.next_at, coming.arrival if coming and is_event else _TIMER, self.place

    def begin(self) -> None:
        """Makes the line ready to go on; late events are put in their place."""
        happened = self.state.happened_at
        late = [one for one in self.waiting if happened is not None and is_late(one, happened)]
        self.taken = [*self.taken, *late]
        self.waiting = begin(self.line, self.waiting, self.record)
        self._put_in_order()

    def look_ahead(self) -> None:
        """Finds out when it goes on."""
        at = next_instant(self.line, self.waiting)
        self.next_at = None if at is None or at > self.until else at

    def pop_events(self) -> list[Event]:
        """The events of the instant at which it goes on."""
        popped = []
        while self.waiting and self.next_at is not None and self.waiting[-1].at <= self.next_at:
            popped.append(self.waiting.pop())
        return popped

    def is_past(self, news: Event) -> bool:
        """Whether something happened on the line behind what is told now: it must be retraced."""
        happened = self.state.happened_at
        return news.starts and happened is not None and news.at < happened

    def hear(self, news: Event) -> None:
        """Puts news on the line, in their place, and in its customer's log."""
        self.line.effects.append(Logged(news.at, news))
        state = self.state
        if state.cursor is not None and news.starts:
            state.cursor = min(state.cursor, news.at)
        self.waiting.append(news)
        self._put_in_order()

    def _put_in_order(self) -> None:
        """The next event comes last."""
        self.waiting.sort(key=attrgetter("at", "arrival"), reverse=True)


def run_together(
    program: Program, lives: Sequence[tuple[Life, datetime]], recall: Recall = recall_nothing
) -> list[list[Effect]]:
    """Runs some lines, each up to its instant, and before them those of the customers who turned
    out to be one of them; returns the effects of each. Of two at one instant the first goes before.
    """
    strands, ends = list[Strand](), list[int]()
    for life, until in lives:
        union = _Union(program, recall, place=len(ends), strands=strands)
        union.add(life, until)
        ends.append(len(strands))
    _run_strands(strands)
    begins = [0, *ends]
    return [
        [effect for one in strands[begin:end] for effect in one.line.effects]
        for begin, end in zip(begins, ends, strict=False)
    ]


@dataclass(slots=True)
class _Union(Union):
    """Who was absorbed goes on beside the others up to the merge; where it is known late, their
    line is over already, and run at once.
    """

    place: int = 0
    strands: list[Strand] = field(default_factory=list)
    taken: list[Event] = field(default_factory=list)

    def add(self, life: Life, until: datetime) -> None:
        """Makes a strand of a life, behind those of who was absorbed."""
        events = self.bring_together(life)
        record, line = self.recall_for(life, events), Line(self.program, life.state, life.options)
        line.effects = self.effects
        self.strands.append(Strand(line, events, until, self.place, record, self.taken))

    def end(self, other: Life, before: list[Event], merged_at: datetime, survivor: Life) -> None:
        if is_behind(merged_at, survivor):
            Union.end(self, other, before, merged_at, survivor)
            self.taken += before
            return
        line = Line(self.program, other.state, other.options.of_who_was_absorbed())
        record = self.recall_own(other, before)
        self.strands.append(Strand(line, before, merged_at - INSTANT, self.place, record))


def _run_strands(strands: Sequence[Strand]) -> None:
    states = [strand.state for strand in strands]
    for strand in strands:
        strand.line.colleagues = states
    marks = [len(strand.line.effects) for strand in strands]
    for strand in strands:
        strand.begin()
    team = _Team(strands)
    for strand in strands:
        team.alike.count(strand, strand.state.account)
    for strand, mark in zip(strands, marks, strict=True):
        changed = strand.line.effects[mark:]
        for event in strand.taken:
            team.tell(strand, _about_event(strand, event, None))
        team.tell(strand, _about_changes(strand, changed))
        team.look_ahead(strand)
    while (coming := team.next()) is not None:
        team.step(coming)
    for strand in strands:
        end(strand.line, strand.waiting, strand.until)


@dataclass(frozen=True, slots=True)
class _Team:
    """Lines under way. `queue` holds the turns to come, also such as are none any more."""

    strands: Sequence[Strand]
    queue: list[tuple[Turn, int, Strand]] = field(default_factory=list)
    alike: KnownAlike = field(default_factory=KnownAlike)
    numbers: Iterator[int] = field(default_factory=count)

    def look_ahead(self, strand: Strand) -> None:
        """Finds out when a line goes on, and queues it for then."""
        strand.look_ahead()
        if strand.next_at is not None:
            heappush(self.queue, (strand.turn, next(self.numbers), strand))

    def next(self) -> Strand | None:
        """Whose turn it is; None: all are at their ends."""
        while self.queue:
            turn, _, strand = heappop(self.queue)
            if strand.next_at is not None and strand.turn == turn:
                return strand
        return None

    def step(self, strand: Strand) -> None:
        """Walks a line through one instant, and tells the others."""
        line, at, before = strand.line, strand.next_at, strand.state.account
        assert at is not None  # it is its turn
        mark, events = len(line.effects), list(self._with_what_is_known(strand))
        walk(line, events, at)
        self.alike.count(strand, strand.state.account)
        done = line.effects[mark:]
        emitted = [one.event for one in done if isinstance(one, Emitted) and one.receiver is None]
        for event in (*events, *emitted):
            self.tell(strand, _about_event(strand, event, before))
        self.tell(strand, _about_changes(strand, done))
        self.look_ahead(strand)

    def tell(self, teller: Strand, news: Iterable[Event]) -> None:
        """Brings news to the other members of the account; to a line that is past them, as a call
        that comes late.
        """
        for one in news:
            said = as_mapping(one.context.get("traits"))
            if said and self.alike.all_know(group_of(one), said):
                continue  # as of nearly all: who joins says what the others know
            for strand in self.strands:
                if strand is teller or not _is_news(one, strand.state.account):
                    continue
                if strand.is_past(one):
                    who = strand.state
                    teller.line.effects.append(Emitted(one, who.external_id, who.anonymous))
                else:
                    strand.hear(one)
                    self.look_ahead(strand)

    def _with_what_is_known(self, strand: Strand) -> Iterator[Event]:
        """The events of an instant; who joins an account by one hears what its members know."""
        for event in strand.pop_events():
            yield event
            if event.kind is Kind.GROUP and (more := self._known_of(strand, event)) is not None:
                strand.line.effects.append(Logged(event.at, more))
                yield more

    def _known_of(self, strand: Strand, joining: Event) -> Event | None:
        """All that the members know of an account that somebody joins; None of their own."""
        name, own = group_of(joining), strand.state.account
        if own is not None and own.id == name:
            return None
        others = (one.state.account for one in self.strands if one is not strand)
        known = next((one for one in others if name and one is not None and one.id == name), None)
        return None if known is None else tell_all(known, joining)


def _is_news(news: Event, known: KnownAccount | None) -> bool:
    """Whether a member of an account, by what they know of it, has not heard it yet."""
    if known is None or known.id != group_of(news):
        return False
    said = as_mapping(news.context.get("traits"))
    return not said or known.lacks(said)


def _about_event(strand: Strand, event: Event, before: KnownAccount | None) -> Iterator[Event]:
    """What others hear of an event: the traits that it says, or that their journeys listen for it;
    `before` is the account that its customer had then, who may have left it by the event.
    """
    if event.kind is Kind.GROUP:
        if event.properties:
            yield tell_traits(group_of(event), event, event.properties)
        return
    use, now = strand.line.program.index.accounts, strand.state.account
    account = now if now is not None and now.id else before
    is_heard = Kind.TRACK <= event.kind <= Kind.EMITTED and event.name in use.events
    if is_heard and account is not None and account.id:
        yield tell_event(account.id, event)


def _about_changes(strand: Strand, done: Iterable[Effect]) -> Iterator[Event]:
    use, account = strand.line.program.index.accounts, strand.state.account
    if account is None or not account.id:
        return
    for change in done:
        if not isinstance(change, RuleChange) or change.cause not in ("event", "time"):
            continue
        if (change.kind, change.name, change.to) in use.changes:
            yield tell_change(account.id, change)
