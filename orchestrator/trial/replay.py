"""Lives of customers, sorted out of their calls and led through the journeys, without a database.

Customers are independent but for rewards, so each is run on its own; a reward for another customer
is put on that one's line, which is then run again. Only where a project asks for accounts are those
who were ever members of the same one run together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from orchestrator.domain.account import group_of
from orchestrator.domain.agreeing import CONFIRMED
from orchestrator.domain.call import Call
from orchestrator.domain.called_later import calls_many
from orchestrator.domain.effects import Effect, Emitted
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.identity import Identities, Person
from orchestrator.domain.program import Program
from orchestrator.domain.run_options import RunOptions
from orchestrator.domain.state import CustomerState
from orchestrator.domain.together import find_teams, run_together
from orchestrator.domain.uniting import Life, run_life
from orchestrator.trial.in_turn import InTurn

ROUNDS_MAX = 10  # of rewards that cause rewards


@dataclass(slots=True)
class OwnEvents:
    """The events of one customer, with the merges that bring others in (`merges` by position in
    `events`).
    """

    person: Person
    events: list[Event] = field(default_factory=list)
    absorbs: list[tuple[datetime, Person]] = field(default_factory=list)


def sort_into_lives(
    calls: Iterable[Call], names: Collection[str] | None = None
) -> dict[Person, OwnEvents]:
    """Each customer's own events; who was absorbed by another is named there. Of activities whose
    name is none of `names` (`names_that_matter`) the first alone is kept, by which their customer
    begins.
    """
    lives: dict[Person, OwnEvents] = {}
    identities = Identities(known=set())
    # At one instant, who somebody is comes before what they did.
    in_order = sorted(enumerate(calls), key=lambda one: (one[1].at, one[1].kind > Kind.GROUP))
    for arrival, call in in_order:
        assert call.at is not None  # read_history refuses calls without a time
        resolution = identities.resolve(call)
        if (life := lives.get(resolution.person)) is None:
            life = lives[resolution.person] = OwnEvents(resolution.person)
        if resolution.absorbed is not None:
            life.absorbs.append((call.at, resolution.absorbed))
        if _matters(call, names) if life.events else _is_told(call):
            life.events.append(_lived(call.event(call.at, arrival)))
    return lives


def _lived(event: Event) -> Event:
    """An event as it was lived: in history nobody else could have confirmed a yes."""
    is_confirmed = event.kind is Kind.TRACK and event.name == CONFIRMED
    return replace(event, kind=Kind.EMITTED) if is_confirmed else event


def _is_told(call: Call) -> bool:
    return call.kind is not Kind.MERGE or "consent" in call.context


def _matters(call: Call, names: Collection[str] | None) -> bool:
    if call.kind < Kind.TRACK or names is None:
        return _is_told(call)
    return call.name in names or "consent" in call.context


class Replay:
    """Runs lives through a program; the rewards of one life become events of another."""

    def __init__(
        self,
        program: Program,
        lives: Mapping[Person, OwnEvents],
        until: datetime,
        options: RunOptions,
    ):
        self.program, self.lives, self.until, self.options = program, lives, until, options
        self.in_turn = InTurn() if calls_many(program) else None
        self.absorbed = {
            absorbed: person for person, life in lives.items() for _, absorbed in life.absorbs
        }
        self.teams = self._find_teams() if program.index.accounts.are_used else {}

    def run_all(self) -> Iterator[tuple[Person, list[Effect]]]:
        """Every surviving customer with the effects of their whole life."""
        done: dict[Person, list[Effect]] = {}
        for person in self.lives:
            if person not in self.absorbed and person not in done:
                done |= self._run(person, {})
        gifts = self._gifts(done)
        before: dict[Person, list[Event]] = {}
        moved = self._give_times()
        for _ in range(ROUNDS_MAX + (self.in_turn.instants if self.in_turn else 0)):
            # also who got something in the round before, and now nothing
            concerned = {*gifts, *before}
            changed = {one for one in concerned if gifts.get(one) != before.get(one)}
            for person in done.keys() & (changed | moved):
                done |= self._run(person, gifts)
            before, gifts, moved = gifts, self._gifts(done), self._give_times()
            if before == gifts and not moved:
                break
        yield from done.items()

    def _give_times(self) -> set[Person]:
        """Who enters at another time than they did, or has another's copy, now that all are known
        who were called."""
        if self.in_turn is None:
            return set()
        moved = self.in_turn.give_times() | self.in_turn.share_out()
        return {self._today(person) for person in moved}

    def _gifts(self, done: Mapping[Person, list[Effect]]) -> dict[Person, list[Event]]:
        gifts: dict[Person, list[Event]] = {}
        for effects in done.values():
            for effect in effects:
                if isinstance(effect, Emitted) and effect.receiver is not None:
                    receiver = self._today(Person(effect.receiver))
                    gifts.setdefault(receiver, []).append(effect.event)
        return gifts

    def _today(self, person: Person) -> Person:
        """Who somebody turned out to be in the end."""
        while person in self.absorbed:
            person = self.absorbed[person]
        return person

    def _run(
        self, person: Person, gifts: Mapping[Person, list[Event]]
    ) -> dict[Person, list[Effect]]:
        """The effects of a life, and of those with which it is run together."""
        team = self.teams.get(person, [person])
        lives = [self._with_gifts(self.lives[one], gifts.get(one, [])) for one in team]
        if person not in self.teams:
            return {person: run_life(self.program, lives[0], self.until)}
        done = run_together(self.program, [(life, self.until) for life in lives])
        return dict(zip(team, done, strict=True))

    def _find_teams(self) -> dict[Person, list[Person]]:
        """Those who were ever members of the same account, by each of them; not who is alone."""
        named = {
            person: self._accounts_of(life)
            for person, life in self.lives.items()
            if person not in self.absorbed
        }
        teams = (team for team in find_teams(named) if named[team[0]])
        return {person: team for team in teams for person in team}

    def _accounts_of(self, life: OwnEvents) -> set[str]:
        """Every account that a life names, and those of whoever turned out to be its customer."""
        groups = (one for one in life.events if one.kind is Kind.GROUP)
        theirs = (self._accounts_of(self.lives[person]) for _, person in life.absorbs)
        return {name for one in groups if (name := group_of(one))}.union(*theirs)

    def _with_gifts(self, life: OwnEvents, gifts: list[Event]) -> Life:
        # Nobody is told anything before they exist.
        begins = min(
            [*(event.at for event in life.events), *(at for at, _ in life.absorbs)], default=None
        )
        heard = [gift for gift in gifts if begins is not None and gift.at >= begins]
        return self._as_life(life, heard)

    def _as_life(self, own: OwnEvents, heard: Sequence[Event] = ()) -> Life:
        """A customer as the time line takes them, with all who turned out to be them."""
        merges = [
            (Event(at, Kind.MERGE, ""), self._as_life(self.lives[one])) for at, one in own.absorbs
        ]
        events, options = [*own.events, *heard], self.options
        if self.in_turn is not None:
            options = replace(
                options,
                appoint=self.in_turn.appoint_for(own.person),
                take_address=self.in_turn.take_address_for(own.person),
            )
        return Life(self._state(own.person), events, merges, options)

    def _state(self, person: Person) -> CustomerState:
        return CustomerState(
            person.id,
            self.program.lifecycle,
            self.program.zone,
            self.program.locale,
            anonymous=person.anonymous,
        )
