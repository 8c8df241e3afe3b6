"""One journey: its diagram with how many went where, its messages, and who is inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.domain.formatting import format_whole_span
from orchestrator.domain.journey import Journey, Occasion
from orchestrator.domain.message import MessageState
from orchestrator.domain.phrase import Phrase, say, strung, verbatim
from orchestrator.domain.step import Action, Fork, Step, Wait, Way
from orchestrator.report.experiment_blocks import journey_experiments
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.page_blocks import (
    Alert,
    Alerts,
    Block,
    Diagram,
    DiagramWay,
    Facts,
    Grid,
    Node,
    Page,
    Prose,
    Section,
)
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import Badge, PageLink, Portion, Value, When
from orchestrator.report.result_blocks import journey_results
from orchestrator.report.tones import badge_of
from orchestrator.store import settings
from orchestrator.store.delivery_figures import Recent, newest_of_journey
from orchestrator.store.journey_traffic import (
    Inside,
    Passing,
    count_came,
    count_passages,
    count_ways,
    list_inside,
)
from orchestrator.store.transaction import Transaction

INSIDE_MAX = 50
MESSAGES_MAX = 50


@dataclass(frozen=True, slots=True)
class Traffic:
    """How many came to a journey's steps, went their ways, and stand on them."""

    came: Mapping[str, int]
    ways: Sequence[Passing]
    here: Mapping[str, int]

    @staticmethod
    def read(transaction: Transaction, journey: str) -> Traffic:
        """The traffic of all versions of a journey."""
        here: dict[str, int] = {}
        for (_, _, step), people in settings.people_by_step(transaction, [journey]).items():
            here[step] = here.get(step, 0) + people
        return Traffic(count_came(transaction, journey), count_ways(transaction, journey), here)

    def went(self, step: str, way: Way) -> int:
        """How many went a way of a step."""
        return sum(
            one.people
            for one in self.ways
            if (one.step, one.reason) == (step, way.reason)
            and way.which in (None, one.arm, one.variant)
        )


def journey_page(source: Source, asked: PageAsked) -> Page:
    """The journey of that name; one whose file is gone is told of by what the database has."""
    name = asked.of
    journey = source.journeys.get(name)
    with source.database.read() as transaction:
        passages = count_passages(transaction).get(name)
        if journey is None and passages is None:
            return _unknown(name)
        traffic = Traffic.read(transaction, name)
        inside = list_inside(transaction, name, INSIDE_MAX)
        sent = newest_of_journey(transaction, name, MESSAGES_MAX)
        held = settings.read_gates(transaction)[settings.JOURNEY].get(name, "")
    entered, held_out = passages or (0, 0)
    blocks: list[Block] = [*_alerts(journey, held)]
    if journey is not None:
        blocks += [_facts(journey), *journey_results(source, name)]
        blocks += journey_experiments(source, name)
        blocks += _diagram(journey, traffic, entered, held_out)
    blocks.append(Section(say("Recent messages"), [_messages(sent)]))
    blocks.append(Section(say("People inside"), [_people(inside, sum(traffic.here.values()))]))
    title = journey.title if journey else name
    return Page(verbatim(title), blocks, about=verbatim(journey.description) if journey else "")


def _unknown(name: str) -> Page:
    text = say("There is no journey of this name, and there never was.")
    return Page(verbatim(name), [Prose(text)], is_found=False)


def _alerts(journey: Journey | None, held: str) -> Iterator[Block]:
    alerts = []
    if journey is None:
        alerts.append(Alert(say("Its file is gone, or holds errors: nobody new enters."), "bad"))
    elif journey.draft:
        alerts.append(Alert(say("A draft: checked and tried out, and entered by nobody.")))
    if held:
        alerts.append(Alert(say("It stands still: {reason}", reason=held), "bad"))
    if alerts:
        yield Alerts(alerts)


def _facts(journey: Journey) -> Facts:
    goal = journey.goal
    within = goal.within if goal else None
    facts: list[tuple[str, Value]] = [
        (say("Begins"), strung([one.words() for one in journey.triggers], "; ")),
        (say("For the stage"), journey.serves),
        (say("Purpose"), str(journey.purpose)),
        (say("Topic"), journey.subscription_topic),
        (say("Goal"), _occasion(goal) if goal else say("none")),
        (say("Counted for"), format_whole_span(within) if within else None),
        (say("Leaves with"), strung([_occasion(one) for one in journey.exits], ", ")),
        (say("Control group"), Portion(journey.holdout / 100) if journey.holdout else say("none")),
        (say("Again"), _reentry(journey)),
    ]
    return Facts(facts)


def _occasion(one: Occasion) -> str:
    return one.name


def _reentry(journey: Journey) -> Phrase:
    again = journey.reentry
    if isinstance(again, timedelta):
        return say("after {span}", span=format_whole_span(again))
    return say("always") if again == "always" else say("never")


# ---------------------------------------------------------------- the diagram


def _diagram(journey: Journey, traffic: Traffic, entered: int, held_out: int) -> Iterator[Block]:
    note = say("{number:,} of them in the control group", number=held_out) if held_out else ""
    begin = Node(say("Entered"), "", "begin", came=entered, note=note)
    nodes = [begin, *_nodes(journey.steps, traffic)]
    about = say("How many came to each step and went each way, since the journey began.")
    yield Section(say("The journey"), [Diagram(say("The journey"), nodes)], about)


def _nodes(steps: Sequence[Step], traffic: Traffic) -> list[Node]:
    return [_node(step, traffic) for step in steps]


def _node(step: Step, traffic: Traffic) -> Node:
    words = step.words()
    return Node(
        title=verbatim(step.label),
        text=words if isinstance(words, Phrase) else verbatim(words.replace("`", "")),
        family=family_of(step),
        came=traffic.came.get(step.id, 0),
        here=traffic.here.get(step.id, 0),
        ways=[_branch(step, way, traffic) for way in step.ways] or _inside(step, traffic),
    )


def _branch(step: Step, way: Way, traffic: Traffic) -> DiagramWay:
    return DiagramWay(verbatim(way.words), traffic.went(step.id, way), _nodes(way.steps, traffic))


def _inside(step: Step, traffic: Traffic) -> list[DiagramWay]:
    """The steps inside one that has no ways: those that it repeats."""
    return [DiagramWay(say("each time"), None, _nodes(block, traffic)) for block in step.blocks]


def family_of(step: Step) -> str:
    """By what a step is drawn."""
    if step.sends:
        return "message"
    if step.word == "exit":
        return "end"
    for kind, family in ((Wait, "wait"), (Fork, "fork"), (Action, "action")):
        if isinstance(step, kind):
            return family
    return "wait" if step.takes_time else "action"


# ---------------------------------------------------------------- messages and people


def _messages(sent: Sequence[Recent]) -> Grid:
    rows: list[list[Value]] = [
        [
            When(row.at),
            PageLink(row.external_id, f"customers/{row.customer_id}"),
            row.template,
            row.channel,
            badge_of(MessageState(row.state)),
            row.reason.replace("_", " "),
        ]
        for row in sent
    ]
    head = (
        say("When"), say("Customer"), say("Template"), say("Channel"), say("State"), say("Why"),
    )  # fmt: skip
    empty = say("This journey has sent nothing yet.")
    return Grid("journey_messages", say("Recent messages"), head, rows, empty)


def _people(inside: Sequence[Inside], number: int) -> Grid:
    rows: list[list[Value]] = [
        [
            PageLink(one.external_id, f"customers/{one.customer_id}"),
            (one.step or "").replace("-", " "),
            When(one.entered_at),
            When(one.due_at) if one.due_at else None,
            Badge(say("control group")) if one.held_out else None,
        ]
        for one in inside
    ]
    head = (say("Customer"), say("Stands at"), say("Entered"), say("Next look"), say("Group"))
    more = say("The newest {shown:,} of {all:,}.", shown=len(rows), all=number)
    note = more if number > len(rows) else ""
    return Grid("people_inside", say("People inside"), head, rows, say("Nobody is inside."), note)
