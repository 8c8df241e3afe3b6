"""What the customers of a project lack: numbers only, nobody is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields

from orchestrator.clock import SystemClock
from orchestrator.domain.answer import Notice, Part
from orchestrator.domain.formatting import count
from orchestrator.domain.journey import Journey
from orchestrator.domain.lifecycle import FactKind, unreadable_amounts
from orchestrator.domain.medium import Medium
from orchestrator.domain.phrase import say
from orchestrator.domain.policy import address, has_consent
from orchestrator.domain.region import zone_told_by
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.state import CustomerState
from orchestrator.domain.steps.wait_until import WaitUntil
from orchestrator.engine.edits import Stranded, read_plan
from orchestrator.engine.never_happened import Heard, asked_events, tell_silence
from orchestrator.language.predictions_read import are_written_nightly, predictions_read
from orchestrator.language.program_building import build_program
from orchestrator.language.project import Project
from orchestrator.store import figures
from orchestrator.store.database import Database
from orchestrator.store.figures import CustomerData
from orchestrator.store.settings import read_last_night
from orchestrator.store.transaction import Transaction


@dataclass(slots=True)
class Findings:
    """What the customers lack, in numbers. `stranded` people stand on steps that are gone: nothing
    runs before that is mended. `gone` counts people inside journeys that have no file any more."""

    customers: int = 0
    no_zone: int = 0  # they live by the project's
    unknown_zone: int = 0  # likewise, though they have one written
    told_zone: int = 0  # without a valid one they live by that of their number or country
    no_address: Counter[Medium] = field(default_factory=Counter)  # by medium
    unreadable: Counter[Medium] = field(
        default_factory=Counter
    )  # by medium: something is written, and is no address
    no_consent: Counter[Medium] = field(default_factory=Counter)  # by medium, for marketing
    no_date: Counter[str] = field(
        default_factory=Counter
    )  # by what a wait reads: something is there, and no date
    stranded: list[Stranded] = field(default_factory=list)
    gone: Counter[str] = field(default_factory=Counter)  # by journey
    never: list[str] = field(default_factory=list)  # what journeys wait for and never came
    unpredicted: str = ""  # why predictions that are read stand nowhere
    no_amount: Counter[str] = field(
        default_factory=Counter
    )  # values that a sum cannot read, by fact

    def as_data(self) -> dict[str, object]:
        """The findings for a machine. Not `asdict`, which makes a Counter of a Counter's items."""
        data = {one.name: getattr(self, one.name) for one in fields(self)}
        return data | {"stranded": [asdict(one) for one in self.stranded]}

    def told(self) -> Iterator[Part]:
        """The findings for people."""
        for stranded in self.stranded:
            yield Notice(str(stranded), "error")
        yield from (Notice(one, "warning") for one in self.never)
        if self.unpredicted:
            yield Notice(self.unpredicted, "warning")
        yield count(self.customers, "customer")
        for number, what in self._lacks():
            if number:
                yield say("  {number:,} {what}", number=number, what=what)

    def _lacks(self) -> Iterator[tuple[int, str]]:
        yield self.no_zone, say("without a time zone: the project's holds")
        yield self.unknown_zone, say("with a time zone that does not exist: the project's holds")
        told = say("without a valid time zone: that of their number or country holds")
        yield self.told_zone, told
        for medium, number in self.no_address.items():
            what = say("a number that can be read") if medium.spec.by_number else say("an address")
            yield number, say("without {what}: not reached by {medium}", what=what, medium=medium)
        for medium, number in self.unreadable.items():
            what = say("a number") if medium.spec.by_number else say("an address")
            yield number, say("with {what} written that cannot be read", what=what)
        for medium, number in self.no_consent.items():
            yield number, say("without consent: no marketing by {medium}", medium=medium)
        for name, number in self.no_date.items():
            told = say(
                "whose {name} is no date that can be read: a wait for it takes it as missing",
                name=name,
            )
            yield number, told
        for fact, number in self.no_amount.items():
            told = say("amounts of '{fact}' that are no numbers: they add nothing", fact=fact)
            yield number, told
        for journey, number in self.gone.items():
            told = say(
                "inside '{journey}', a journey that has no file any more: they stand until it has",
                journey=journey,
            )
            yield number, told


def check_customers(project: Project, database: Database) -> Findings:
    """Walks over all customers of a project; numbers only, nobody is named."""
    found = Findings()
    dates, now = _dates_waited_for(project.journeys.values()), SystemClock().now()
    with database.read() as transaction:
        found.stranded = read_plan(transaction, build_program(project)).stranded
        inside = figures.count_inside(transaction)
        gone = [name for name in inside if name.partition("/")[0] not in project.journeys]
        found.gone.update({name: inside[name] for name in gone})
        for row in figures.walk_customers(transaction):
            state = _look_at(project, row, found)
            found.no_date.update(
                name for name, step in dates.items() if step.cannot_read(state, now)
            )
        sums = [fact for fact in project.lifecycle.facts if fact.kind is FactKind.SUM]
        names = {name for fact in sums for name in (fact.event, fact.minus) if name}
        for event in figures.walk_events(transaction, names) if names else ():
            found.no_amount.update({fact.name: unreadable_amounts(fact, event) for fact in sums})
        found.never += _never_happened(project.journeys, transaction)
        found.unpredicted = _tell_unpredicted(project, transaction)
    return found


def _tell_unpredicted(project: Project, transaction: Transaction) -> str:
    """Why the predictions that a project reads are undefined of everybody; "" where they are not,
    or `check` has said so of the files.
    """
    names = sorted(predictions_read(project))
    if not names or not are_written_nightly(project):
        return ""
    last = read_last_night(transaction)
    listed = ", ".join(f"customer.{name}" for name in names)
    if last is None:
        return say(
            "{listed}: no night has written predictions yet; `parcours up` does at 03:00, and "
            "`parcours predict --write` at once",
            listed=listed,
        )
    if last.told == 0:
        return say(
            "{listed}: too little data, {repeaters:,} ordered again; the risk, the next order and "
            "the value are undefined of everybody",
            listed=listed,
            repeaters=last.repeaters,
        )
    return ""


def _never_happened(journeys: Mapping[str, Journey], transaction: Transaction) -> Iterator[str]:
    """What journeys wait for and never came in, and why nobody entered."""
    heard = Heard(Counter(figures.count_events(transaction)))
    entered = figures.count_entries(transaction)
    empty = [one for name, one in journeys.items() if not entered.get(name)]
    if names := asked_events(empty):
        heard.listen(empty, figures.walk_events(transaction, names))
    if heard.total:
        what = say("the {number} of the database", number=count(heard.total, "event"))
        yield from tell_silence(journeys, entered, heard, what)


def _dates_waited_for(journeys: Iterable[Journey]) -> dict[str, WaitUntil]:
    """The dates that are read of the customer alone, by what the author wrote, each with a wait for
    it.
    """
    steps = (step for journey in journeys for step in journey.walk_steps())
    waits = [step for step in steps if isinstance(step, WaitUntil) and step.date]
    return {step.date_name: step for step in waits if step.reads_the_customer_alone}


def _look_at(project: Project, row: CustomerData, found: Findings) -> CustomerState:
    found.customers += 1
    zone = row.traits.get("timezone")
    home = find_zone(project.config.project.timezone)
    assert home is not None  # config refuses unknown zones
    locale = project.config.project.locale
    state = CustomerState(
        "", project.lifecycle, home, locale, traits=row.traits, facts=row.facts, consent=row.consent
    )
    if not isinstance(zone, str) or find_zone(zone) is None:
        if zone_told_by(row.traits, state.region) is not None:
            found.told_zone += 1
        elif zone is None:
            found.no_zone += 1
        else:
            found.unknown_zone += 1
    for medium in dict.fromkeys(project.config.channels.media.values()):
        unreached = address(state, medium) is None
        found.no_address[medium] += unreached
        written = row.traits.get(medium.spec.trait)
        found.unreadable[medium] += unreached and written not in (None, "")
        found.no_consent[medium] += not has_consent(project.config.policy, state, medium, topic="")
    return state
