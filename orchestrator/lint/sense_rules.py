"""Rules about what can never be: conditions that never hold, steps that nobody reaches, waits
without an end, journeys that do nothing, numbers that mean something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise

from orchestrator.clock import SystemClock
from orchestrator.domain.expression import (
    OF_RECEIPTS,
    All,
    Attribute,
    Compare,
    Const,
    Expr,
    Filter,
    Invoke,
    Name,
    calls,
)
from orchestrator.domain.journey import Journey
from orchestrator.domain.lifecycle import FactKind
from orchestrator.domain.message import Purpose
from orchestrator.domain.phrase import say
from orchestrator.domain.step import Action, Step
from orchestrator.domain.steps.offers import Coupon
from orchestrator.domain.steps.task import Task
from orchestrator.domain.steps.wait_until import WaitUntil
from orchestrator.domain.steps.waits import WaitFor
from orchestrator.domain.steps.ways import Branch, Split
from orchestrator.domain.triggers import StageTrigger, Trigger
from orchestrator.domain.values import iso_time
from orchestrator.lint.impossible import contradiction, find_impossible, implies
from orchestrator.lint.knowledge import Knowledge
from orchestrator.lint.rules import Finding, Rules, Spot
from orchestrator.lint.uses import Usage, path_of, usages, walk_values

SENSE: Rules[Knowledge] = Rules()

_LONG_WAIT = timedelta(days=400)  # as long as a back-test and a test run on
_NUMBERS = frozenset({FactKind.COUNT, FactKind.SUM, FactKind.UNIQUE})
_TO_NUMBERS = frozenset({"float", "int", "round", "abs", "length", "count"})


def _spot(known: Knowledge, journey: Journey, step: str = "", option: str = "") -> Spot:
    return f"journeys/{journey.id}.yaml", *known.project.position(journey.id, step, option)


def _at(known: Knowledge, journey: Journey, *path: str | int) -> Spot:
    document = known.project.documents[journey.id]
    return document.file, *document.position(path)


# ---------------------------------------------------------------- conditions


@SENSE.rule(
    "never-holds",
    why="A condition that can never hold lets nobody in, out or through, and nobody notices.",
    mend="Compare numbers with numbers (`event.price >= 20`); ask only for what can be at once.",
)
def impossible_conditions(known: Knowledge) -> Iterator[Finding]:
    """Comparisons of numbers with text, and contradictions."""
    for usage in usages(known.project):
        is_rule = usage.path[-1] in ("if", "only_if") or usage.path[0] == "segments"
        told = find_impossible(usage.tree, partial(_kind, known, usage))
        for why in dict.fromkeys(told) if is_rule or usage.tree != Const(False) else ():
            yield usage.spot, why


def _kind(known: Knowledge, usage: Usage, of: Expr) -> str:
    """Whether an expression is surely a number, or surely text."""
    match of:
        case Invoke(function=("days_since" | "hours_since" | "sum")):
            return "number"
        case Filter(name=name):
            return "number" if name in _TO_NUMBERS else ""
        case Attribute(Name("customer"), name) if name in known.project.lifecycle.by_name:
            fact = known.project.lifecycle.by_name[name]
            return "number" if fact.kind in _NUMBERS else ""
    path = path_of(of)
    if path[:1] == ("event",) and usage.events:
        shape = known.shape_of(usage.events, path[1:])
    elif path[:1] == ("customer",) and len(path) == 2:
        shape = known.project.plan.traits.get(path[1])
    elif path[:1] == ("account",) and len(path) == 2:
        shape = known.project.plan.account.get(path[1])
    else:
        return ""
    if shape is None:
        return ""
    return "number" if shape.is_number else "text" if shape.is_text else ""


@SENSE.rule(
    "nobody-passes",
    why="Whoever the trigger lets in, `only_if` sends away: the journey never sends anything.",
    mend="Have `only_if` and the trigger's `if` allow the same people.",
)
def nobody_passes(known: Knowledge) -> Iterator[Finding]:
    """`only_if` that contradicts every trigger."""
    for journey in known.project.journeys.values():
        if journey.only_if is None:
            continue
        only = journey.only_if.tree
        asked = [[*_asked_by(trigger), only] for trigger in journey.triggers]
        if all(any(True for _ in contradiction(parts)) for parts in asked) and not any(
            True for _ in contradiction([only])
        ):
            told = say("no customer whom the trigger lets in can pass this `only_if`")
            yield _at(known, journey, "only_if"), told


def _asked_by(trigger: Trigger) -> Iterator[Expr]:
    if isinstance(trigger, StageTrigger):
        yield Compare(Attribute(Name("customer"), "stage"), "==", Const(trigger.stage))
    if trigger.condition is not None:
        yield _as_entry(trigger.condition.tree)


def _as_entry(tree: Expr) -> Expr:
    """What a trigger asks of `event`, asked of `entry`, as `only_if` knows it."""
    match tree:
        case All(parts):
            return All(tuple(_as_entry(part) for part in parts))
        case Compare(left, operator, right):
            return Compare(_as_entry(left), operator, _as_entry(right))
        case Attribute(of, name):
            return Attribute(_as_entry(of), name)
        case Name("event"):
            return Name("entry")
    return tree


@SENSE.rule(
    "received-nothing",
    why="received() of what no step sends is never true.",
    mend="Name a template that a step sends, or a journey with messages.",
)
def received_nothing(known: Knowledge) -> Iterator[Finding]:
    """`received()` of a template or journey that nobody gets a message of."""
    journeys = known.project.journeys.values()
    steps = [(journey.id, step) for journey in journeys for step in journey.walk_steps()]
    sent = {name for id_, step in steps if step.sends for name in (id_, _template(step))}
    for spot, call in _asked(known, "received"):
        match call.args[0]:
            case Const(str() as name) if name not in sent:
                yield spot, say("no step sends '{name}', so nobody ever received it", name=name)


def _asked(known: Knowledge, function: str) -> Iterator[tuple[Spot, Invoke]]:
    """Every call of a function, in files of journeys and in templates, and where it stands."""
    for usage in usages(known.project):
        yield from ((usage.spot, call) for call in calls(usage.tree, function))
    for spot, one in known.asked:
        if one.call.function == function:
            yield spot, one.call


@SENSE.rule(
    "no-receipts",
    why="opened() and clicked() are undefined: what readers do with messages does not come in yet.",
    mend="Ask for what they did in the shop, such as performed(), or for received().",
)
def no_receipts(known: Knowledge) -> Iterator[Finding]:
    """`opened()` and `clicked()`, in conditions and templates."""
    for function in sorted(OF_RECEIPTS):
        for spot, _ in _asked(known, function):
            told = say(
                "{function}() is undefined until receipts of messages come in", function=function
            )
            yield spot, told


def _template(step: Step) -> str:
    return str(getattr(step, "template", ""))


# ---------------------------------------------------------------- ways


@SENSE.rule(
    "unreachable-step",
    why="What stands there never happens.",
    mend="Take it away, or move it to where somebody comes by; ask for the narrower case first.",
)
def unreachable(known: Knowledge) -> Iterator[Finding]:
    """Steps behind a fork of which every way ends, ways behind one that is always gone before
    them, and what a wait would do with an event that ends the journey.
    """
    for journey in known.project.journeys.values():
        targets = {str(getattr(step, "target", "")) for step in journey.walk_steps()}
        for block in _blocks(journey):
            for step, following in pairwise(block):
                if step.blocks and _ends(step) and following.id not in targets:
                    told = say(
                        "nobody ever comes here: every way of '{id}' ends before", id=step.id
                    )
                    yield _spot(known, journey, following.id), told
        for step in journey.walk_steps():
            if isinstance(step, Branch):
                yield from _hidden_ways(known, journey, step)
            elif isinstance(step, WaitFor) and step.then and _ends_with(journey, step):
                told = say("'{event}' ends the journey, so `then` is never gone", event=step.event)
                yield _spot(known, journey, step.id, "event"), told


def _blocks(journey: Journey) -> Iterator[Sequence[Step]]:
    yield journey.steps
    for step in journey.walk_steps():
        yield from step.blocks


def _ends(step: Step) -> bool:
    """Whether nobody goes on behind a step."""
    match step:
        case Branch(arms=arms):
            has_else = bool(arms) and arms[-1].condition is None
            return has_else and all(_ends_block(arm.then) for arm in arms)
        case Split() | WaitFor():
            return all(_ends_block(block) for block in step.blocks)
    return step.word in ("exit", "goto")


def _ends_block(block: Sequence[Step]) -> bool:
    return any(_ends(step) for step in block)


def _ends_with(journey: Journey, wait: WaitFor) -> bool:
    goal = journey.goal
    ends = [*journey.exits, *([goal] if goal is not None and goal.ends_journey else [])]
    return any(rule.event == wait.event and rule.condition is None for rule in ends)


def _hidden_ways(known: Knowledge, journey: Journey, branch: Branch) -> Iterator[Finding]:
    for number, arm in enumerate(branch.arms):
        before = [one.condition.tree for one in branch.arms[:number] if one.condition is not None]
        always = Const(True) in before
        tree = arm.condition.tree if arm.condition is not None else None
        if always or (tree is not None and any(implies(tree, one) for one in before)):
            told = say("nobody ever goes this way: one before it takes all whom it would")
            yield _spot_of_arm(known, journey, branch, number), told


def _spot_of_arm(known: Knowledge, journey: Journey, branch: Branch, number: int) -> Spot:
    document, at = (
        known.project.documents[journey.id],
        known.project.position(journey.id, branch.id),
    )
    for path, value in walk_values(document.map.get("steps"), ("steps",)):
        is_arm = path[-2:] == ("branch", number) and isinstance(value, Mapping)
        if is_arm and document.position(path[:-2]) == at:
            return document.file, *document.position(path)
    return document.file, *at


@SENSE.rule(
    "endless-wait",
    why="Nobody tests and no back-test sees what comes after more than 400 days.",
    mend="Write a shorter one, or wait for a date of the customer's.",
)
def endless_waits(known: Knowledge) -> Iterator[Finding]:
    """Waits of more than 400 days, and those for a day that is past."""
    now = SystemClock().now()
    for journey in known.project.journeys.values():
        for step in journey.walk_steps():
            span = getattr(step, "duration", None) or getattr(step, "within", None)
            if step.takes_time and isinstance(span, timedelta) and span > _LONG_WAIT:
                told = say(
                    "{days:,} days are more than a back-test or a test runs on (400)",
                    days=span.days,
                )
                yield _spot(known, journey, step.id), told
            if isinstance(step, WaitUntil) and step.date is not None:
                day = iso_time(str(step.date.source))
                if day is not None and day + step.offset + timedelta(days=1) < now:
                    told = say(
                        "{source} is past: nobody waits here any more", source=step.date.source
                    )
                    yield _spot(known, journey, step.id, "date"), told


# ---------------------------------------------------------------- journeys


@SENSE.rule(
    "no-steps",
    why="A journey without steps does nothing.",
    mend="Write its `steps:`; a journey that is not ready is a `draft: true`.",
)
def no_steps(known: Knowledge) -> Iterator[Finding]:
    """Journeys that write `steps: []`."""
    for journey in known.project.journeys.values():
        if not journey.steps:
            yield _at(known, journey, "steps"), say("no step: whoever enters leaves at once")


@SENSE.rule(
    "no-message",
    why="People walk through it, and nothing is sent or done.",
    mend="Put in a message, or whatever it should do.",
)
def no_message(known: Knowledge) -> Iterator[Finding]:
    """Journeys whose steps only wait, choose and set variables."""
    for journey in known.project.journeys.values():
        does = any(step.sends or isinstance(step, Action) for step in journey.walk_steps())
        if journey.steps and not does:
            told = say("no step sends a message or does anything: they only wait and choose")
            yield _at(known, journey, "steps"), told
        elif journey.steps and journey.holdout >= _ALL:
            told = say("the control group is everybody, so nothing is ever sent or done")
            yield _at(known, journey, "holdout"), told


_ALL = 100  # percent


@SENSE.rule(
    "transactional-offer",
    why="An offer is advertising: as transactional it passes by consent, caps and quiet hours.",
    mend="Write `purpose: marketing`, or leave the coupon or the holdout out.",
)
def transactional_offers(known: Knowledge) -> Iterator[Finding]:
    """Coupons and holdouts in a journey whose messages are no marketing."""
    for journey in known.project.journeys.values():
        if journey.purpose is not Purpose.TRANSACTIONAL:
            continue
        if journey.holdout:
            told = say("a control group never gets what the customer is owed: leave `holdout` out")
            yield _at(known, journey, "holdout"), told
        for step in journey.walk_steps():
            if isinstance(step, Coupon):
                told = say("a coupon is advertising, and `purpose: transactional` asks no consent")
                yield _spot(known, journey, step.id), told


@SENSE.rule(
    "task-for-nobody",
    why="A task that nobody is told to do is a promise to the customer that nobody keeps.",
    mend="Write who does it (`assignee: ada`), or wait for its end with `event: Task Done`.",
)
def tasks_for_nobody(known: Knowledge) -> Iterator[Finding]:
    """Tasks without an assignee, in a project that never waits for the end of one."""
    heard = any(mention.event == "Task Done" and not mention.is_test for mention in known.mentions)
    for journey in known.project.journeys.values() if not heard else ():
        for step in journey.walk_steps():
            if isinstance(step, Task) and not step.assignee:
                told = say("nobody is told of this {type}: write `assignee`", type=step.type)
                yield _spot(known, journey, step.id), told


# ---------------------------------------------------------------- numbers


@SENSE.rule(
    "looks-like-share",
    why="Shares are written in percent: 0.1 is one in a thousand.",
    mend="Write `10%`; where 0.1 % is meant, write `0.1%`.",
)
def shares(known: Knowledge) -> Iterator[Finding]:
    """Numbers up to 1 without a percent sign, where percent are meant."""
    for journey in known.project.journeys.values():
        for path, value in walk_values(known.project.documents[journey.id].data):
            is_share = path == ("holdout",) or (path[-1] == "percent" and path[0] == "steps")
            if is_share and type(value) in (int, float) and 0 < float(str(value)) <= 1:
                told = say(
                    "{value} is {value} %, not {share:g} %: write {share:g}%",
                    value=value,
                    share=float(str(value)) * 100,
                )
                yield _at(known, journey, *path), told


@SENSE.rule(
    "whole-price",
    why="A coupon of 100 % gives the goods away, to whoever has its code.",
    mend="Write the share that is taken off the price.",
)
def whole_prices(known: Knowledge) -> Iterator[Finding]:
    """Coupons of 100 percent and more."""
    for journey in known.project.journeys.values():
        for path, value in walk_values(
            known.project.documents[journey.id].map.get("steps"), ("steps",)
        ):
            number = str(value).rstrip("% ")
            if path[-1] == "percent" and number.isdecimal() and int(number) >= 100:
                told = say("{number} % off leaves nothing to pay", number=number)
                yield _at(known, journey, *path), told
