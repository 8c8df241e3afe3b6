"""What is told of one customer: who it is, what is known of them today, and their story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from orchestrator.domain.answer import Heading, Part
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.formatting import format_instant, format_value
from orchestrator.domain.predicted_traits import PREDICTED
from orchestrator.domain.values import as_time
from orchestrator.engine.last_tick import LAST_TICK
from orchestrator.language.project import Project
from orchestrator.measure.decisions_told import Reading
from orchestrator.measure.known_customers import read_facts
from orchestrator.measure.story import Sentence, in_order, read_story, tell_predicted
from orchestrator.measure.whose_clock import tell_clock
from orchestrator.measure.why_not import OnRecord, tell_absence, tell_why_not
from orchestrator.store.customers import FoundCustomer
from orchestrator.store.database import Database
from orchestrator.store.one_customer import events_of
from orchestrator.store.settings import read_time

#: Decisions that answer a trigger: at their instants nothing else has to say why nobody entered.
_ANSWERS = (DecisionKind.ENTERED, DecisionKind.IGNORED, DecisionKind.RESTARTED)


@dataclass(frozen=True, slots=True)
class Explained:
    """The answer of `explain`. `absence` says that nothing could ever let them in."""

    customer: FoundCustomer
    zone: ZoneInfo
    lines: list[Sentence]
    facts: dict[str, object] = field(default_factory=dict)
    account: dict[str, object] = field(default_factory=dict)
    absence: str = ""
    clock: str = ""  # by which they live, where that is not the project's or not what they say

    def told(self) -> Iterator[Part]:
        """The answer for people."""
        yield from self._introduce()
        wide = max((len(line.journey) for line in self.lines), default=0)
        for line in self.lines:
            yield f"{format_instant(line.at, self.zone)}  {line.journey:<{wide}}  {line.told}"
        if not self.lines:
            yield "Nothing was decided about this customer yet."
        if self.absence:
            yield self.absence

    def _introduce(self) -> Iterator[Part]:
        customer = self.customer
        who = f"{format_value(customer.external_id)}{' (anonymous)' if customer.anonymous else ''}"
        yield Heading(f"{who}, {self._stage()}")
        if about := [format_value(value) for value in _about(customer).values() if value]:
            yield " · ".join(about)
        if self.facts:
            yield ", ".join(f"{name} {self._fact(value)}" for name, value in self.facts.items())
        if predicted := customer.traits.keys() & set(PREDICTED):
            known = {name: customer.traits[name] for name in predicted}
            yield f"predicted: {tell_predicted(known)}"
        if self.account:
            yield f"of the account {', '.join(self._account())}"
        yield " ".join(filter(None, (f"Times are those of {self.zone.key}.", self.clock))) + "\n"

    def _stage(self) -> str:
        stage, since = self.customer.stage, self.customer.stage_since
        if stage is None:
            return "without a stage yet"
        return f"{stage} since {format_instant(since, self.zone)}" if since else str(stage)

    def _account(self) -> Iterator[str]:
        yield format_value(self.account["id"])
        for name, value in self.account.items():
            if name != "id" and isinstance(value, str | int | float):
                yield f"{name} {self._fact(value)}"

    def _fact(self, value: object) -> str:
        """A fact's value; an instant on the project's clock."""
        may_be_time = isinstance(value, datetime) or (isinstance(value, str) and "T" in value)
        at = as_time(value) if may_be_time else None
        return format_value(value) if at is None else format_instant(at, self.zone)

    def as_data(self) -> dict[str, object]:
        """The answer for machines."""
        return {
            "user_id": self.customer.external_id,
            "anonymous": self.customer.anonymous,
            **_about(self.customer),
            "stage": self.customer.stage,
            "stage_since": self.customer.stage_since,
            "clock": self.clock,
            "facts": self.facts,
            "account": self.account or None,
            "story": [
                {name: value for name, value in asdict(line).items() if name != "place"}
                for line in self.lines
            ],
        }


def explain(
    database: Database,
    customer: FoundCustomer,
    project: Project | None,
    zone: ZoneInfo,
    *,
    journey: str | None,
) -> Explained:
    """The story of a customer, in all journeys or in one. Without a project, because its files hold
    errors, the ledger alone is told.
    """
    reading = Reading(zone, project.journeys if project else {})
    lines = read_story(database, customer.id, journey, reading)
    if project is None:
        return Explained(customer, zone, lines)
    facts, account = read_facts(database, project, customer.id)
    clock = tell_clock(customer.traits, project.config.project.locale, zone)
    if journey not in project.journeys:
        return Explained(customer, zone, lines, facts, account, clock=clock)
    told = {line.at for line in lines if line.kind in _ANSWERS}
    with database.read() as transaction:
        until = read_time(transaction, LAST_TICK)
        past = OnRecord(customer, events_of(transaction, customer.id), told, until)
    asked = project.journeys[journey]
    lines = in_order([*lines, *tell_why_not(project, asked, past)])
    absence = "" if told else tell_absence(asked, past)
    return Explained(customer, zone, lines, facts, account, absence, clock)


def _about(customer: FoundCustomer) -> dict[str, object]:
    """Name, address and number, as the shop wrote them."""
    traits = customer.traits
    names = (
        traits.get("first_name") or traits.get("firstName"),
        traits.get("last_name") or traits.get("lastName"),
    )
    name = traits.get("name") or " ".join(str(part) for part in names if part)
    return {"name": name or None, "email": traits.get("email"), "phone": traits.get("phone")}
