"""Rules about names that nothing knows: events, their properties, traits and facts, variables and
coupons. What nobody sends is a condition that never holds, or a hole in somebody's mail.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from orchestrator.documents.document import Document
from orchestrator.domain.expression import Compare, Const, calls, walk
from orchestrator.domain.phrase import Phrase, all_of, say
from orchestrator.domain.suggestion import closest, did_you_mean
from orchestrator.domain.values import is_number
from orchestrator.domain.webhook_port import ANSWERED
from orchestrator.lint.inner_names import names_inside
from orchestrator.lint.knowledge import Knowledge
from orchestrator.lint.rules import Finding, Rules, Spot
from orchestrator.lint.template_reads import template_reads
from orchestrator.lint.uses import Usage, path_of, paths_of, usages, walk_values

NAMES: Rules[Knowledge] = Rules()

_LIKE_OPTIONS = {
    "last": 'within="30d"', "since": 'within="30d"', "in_last": 'within="30d"',
    "days": 'within="30d"', "window": 'within="30d"', "times": "at_least=2", "min": "at_least=2",
    "count": "at_least=2", "more_than": "at_least=2", "minimum": "at_least=2",
}  # fmt: skip
_NO_TRAITS = {
    "traits": say("a trait is written `customer.vip`, without `traits`"),
    "properties": say("a trait is written `customer.vip`, without `properties`"),
    "segment": say('write `in_segment("vip")`'), "segments": say('write `in_segment("vip")`'),
    "events": say('write `performed("Order Completed")`'),
}  # fmt: skip
_OPTIONS = frozenset({"within", "at_least"})
_LIKENESS = 0.84  # of two long words that differ by one letter


@NAMES.rule(
    "unknown-event",
    why="What nobody sends never happens: a trigger lets nobody in, an exit lets nobody out.",
    mend="Write the event as the shop sends it; a new one stands in journeys/events.yaml, which "
    "`parcours events learn` writes from what came in.",
)
def unknown_events(known: Knowledge) -> Iterator[Finding]:
    """Events that only one place names: the first place in each file. A test is a witness, unless
    there is a plan.
    """
    is_planned = bool(known.project.plan.events)
    told: set[tuple[str, str]] = set()
    for one in known.mentions:
        is_witness = one.is_test and not is_planned
        is_answer = one.is_test and one.event == ANSWERED
        is_known = is_witness or is_answer or one.event in known.events or known.witnesses(one)
        if is_known or (one.event, one.file) in told:
            continue
        told.add((one.event, one.file))
        candidates = known.events | {other.event for other in known.mentions} - {one.event}
        yield one.spot, _unknown_event(known, one.event, candidates)


def _unknown_event(known: Knowledge, event: str, candidates: Collection[str]) -> Phrase:
    near = did_you_mean(event, candidates)
    if known.project.plan.events:
        written = say("; write it there, or have `parcours events learn` do so")
        return say(
            "the tracking plan (journeys/events.yaml) has no event '{event}'{near}",
            event=event,
            near=near or written,
        )
    written = say("; if the shop sends it, write it into journeys/events.yaml, the tracking plan")
    return say(
        "no other file, no test and no plan names the event '{event}'{near}",
        event=event,
        near=near or written,
    )


# ---------------------------------------------------------------- properties


@NAMES.rule(
    "unknown-property",
    why="A property that the event does not have is missing: every comparison with it is false.",
    mend="Write the property as the event has it, or add it to the event in journeys/events.yaml.",
)
def unknown_properties(known: Knowledge) -> Iterator[Finding]:
    """Properties that an event does not have, by plan or data."""
    yield from _in_conditions(known)
    yield from _in_facts(known)
    for where, path in template_reads(known, "entry"):
        if events := known.entry_events(where.journeys):
            yield from _missing(known, where.spot, events, path[1])
    yield from names_inside(known)


def _in_conditions(known: Knowledge) -> Iterator[Finding]:
    for usage in usages(known.project):
        for path in dict.fromkeys(paths_of(usage.tree)):
            events = _events_read(known, usage, path[0])
            if path[0] in ("event", "entry") and len(path) == 3 and path[1] == "properties":
                told = say(
                    "a property is written `{of}.{name}`, without `properties`",
                    of=path[0],
                    name=path[2],
                )
                yield usage.spot, told
            elif events and len(path) == 2 and path[1] != "properties":
                yield from _missing(known, usage.spot, events, path[1])
        for call in calls(usage.tree, "performed"):
            asked = call.args[0].value if isinstance(call.args[0], Const) else None
            for name, _ in call.options:
                if isinstance(asked, str) and name not in _OPTIONS | _LIKE_OPTIONS.keys():
                    yield from _missing(known, usage.spot, {asked}, name)


def _events_read(known: Knowledge, usage: Usage, root: str) -> Collection[str]:
    if root == "event":
        return usage.events
    if root == "entry":
        journey = usage.document.map.get("journey")
        return (
            known.entry_events([str(journey)]) if journey in known.project.journeys else ()
        ) or ()
    return ()


def _missing(known: Knowledge, spot: Spot, events: Collection[str], name: str) -> Iterator[Finding]:
    there = known.properties(events)
    if there is None or name in there:
        return
    of = all_of(say("'{name}'", name=event) for event in sorted(events))
    names = ", ".join(sorted(there - {"at", "name"})[:12])
    hint = did_you_mean(name, there) or (say(" (known: {names})", names=names) if names else "")
    yield spot, say("{of} has no property '{name}'{hint}", of=of, name=name, hint=hint)


def _in_facts(known: Knowledge) -> Iterator[Finding]:
    document = known.project.documents.get("lifecycle")
    for fact in known.project.lifecycle.facts if document else ():
        head = (fact.of or "").partition(".")[0].removesuffix("[]")
        if document is not None and head:
            spot = document.file, *document.position(("facts", fact.name, "of"))
            yield from _missing(known, spot, {fact.event}, head)


@NAMES.rule(
    "performed-option",
    why="performed() takes what it does not know for a property of the event, which has none.",
    mend='Write `performed("Order Completed", within="30d", at_least=2)`.',
)
def performed_options(known: Knowledge) -> Iterator[Finding]:
    """Options of performed() as other tools call them."""
    for usage in usages(known.project):
        for call in calls(usage.tree, "performed"):
            for name, _ in call.options:
                if name in _LIKE_OPTIONS:
                    told = say(
                        "performed() takes `{name}` for a property of the event; write {option}",
                        name=name,
                        option=_LIKE_OPTIONS[name],
                    )
                    yield usage.spot, told


# ---------------------------------------------------------------- traits and facts


@NAMES.rule(
    "unknown-trait",
    why="A trait that nobody has is missing: conditions with it are false, mails have a hole.",
    mend="Write the trait as `identify` (of an account: `group`) sends it, or add it to `traits:` "
    "(`account:`) in journeys/events.yaml.",
)
def unknown_traits(known: Knowledge) -> Iterator[Finding]:
    """Traits that neither plan nor data know; without either, those that are nearly a known one."""
    for spot, name in _traits_read(known):
        if name in known.traits or closest(name, known.facts, likeness=0.85):
            continue  # the language's own reading tells of nearly a fact
        if name in _NO_TRAITS:
            told = say(
                "nothing gives customers a trait '{name}'; {instead}",
                name=name,
                instead=_NO_TRAITS[name],
            )
            yield spot, told
            continue
        near = closest(name, known.traits, likeness=_LIKENESS)
        hint = (
            say("; did you mean '{near}'?", near=near)
            if near
            else say("; write it into journeys/events.yaml")
        )
        if near or known.tells_all_traits:
            told = say("nothing gives customers a trait '{name}'{hint}", name=name, hint=hint)
            yield spot, told
    yield from _unknown_account_traits(known)


def _unknown_account_traits(known: Knowledge) -> Iterator[Finding]:
    for spot, name in _traits_read(known, "account"):
        near = closest(name, known.account_traits, likeness=_LIKENESS)
        if name in known.account_traits or not (near or known.tells_all_account_traits):
            continue
        hint = (
            say("; did you mean '{near}'?", near=near)
            if near
            else say("; write it into journeys/events.yaml")
        )
        yield spot, say("nothing gives accounts a trait '{name}'{hint}", name=name, hint=hint)


@NAMES.rule(
    "unknown-fact",
    why="A name that is no fact, and that no step writes, is missing: the condition never holds.",
    mend="Write the fact's name as journeys/lifecycle.yaml has it, or add the fact there.",
)
def unknown_facts(known: Knowledge) -> Iterator[Finding]:
    """What is compared with a number and nothing counts; in templates, nearly a fact's name."""
    if known.tells_all_traits:
        return  # then they are unknown traits
    for usage in usages(known.project):
        for name in dict.fromkeys(_counted(usage)):
            if name not in known.traits and not closest(name, known.traits, likeness=_LIKENESS):
                has_none = "" if known.facts else say(": this project has none")
                told = say(
                    "'{name}' is compared with a number, and no fact and no step gives it; facts "
                    "stand in journeys/lifecycle.yaml{has_none}",
                    name=name,
                    has_none=has_none,
                )
                yield usage.spot, told
    for where, path in template_reads(known, "customer"):
        near = closest(path[1], known.facts, likeness=0.85)
        if path[1] not in known.traits and near:
            told = say("there is no fact '{name}'; did you mean '{near}'?", name=path[1], near=near)
            yield where.spot, told


def _counted(usage: Usage) -> Iterator[str]:
    for part in walk(usage.tree):
        match part:
            case Compare(left, _, Const(value)) | Compare(Const(value), _, left) if is_number(
                value
            ) and path_of(left)[:1] == ("customer",):
                yield path_of(left)[1]


def _traits_read(known: Knowledge, root: str = "customer") -> Iterator[tuple[Spot, str]]:
    for usage in usages(known.project):
        for path in dict.fromkeys(paths_of(usage.tree)):
            if path[0] == root and len(path) == 2:
                yield usage.spot, path[1]
    for where, path in template_reads(known, root):
        yield where.spot, path[1]


# ---------------------------------------------------------------- variables and coupons


@NAMES.rule(
    "unknown-variable",
    why="A variable that no step sets is missing: the condition is false, the mail has a hole.",
    mend="Set it by `set`, or by the `save_as` of a step before.",
)
def unknown_variables(known: Knowledge) -> Iterator[Finding]:
    """`vars.x` that no step of the journey sets."""
    for usage in usages(known.project):
        if usage.document.map.get("journey") is None:
            continue
        variables = _variables(usage.document)
        for path in dict.fromkeys(path[:2] for path in paths_of(usage.tree)):
            if path[0] == "vars" and path[1] not in variables:
                told = say(
                    "no step sets vars.{name}{hint}",
                    name=path[1],
                    hint=did_you_mean(path[1], variables),
                )
                yield usage.spot, told
    for where, path in template_reads(known, "vars"):
        documents = [known.project.documents[name] for name in where.journeys]
        variables = frozenset(name for one in documents for name in _variables(one))
        if documents and path[1] not in variables:
            hint = did_you_mean(path[1], variables)
            sent = say("no step of a journey that sends this sets vars.{name}", name=path[1])
            yield where.spot, say("{sent}{hint}", sent=sent, hint=hint)


@NAMES.rule(
    "coupon-without-step",
    why="Without a step that gives one there is no coupon: the code in the mail is empty.",
    mend="Put `coupon: {percent: 10, expires: 3d}` before the message.",
)
def coupons_without_step(known: Knowledge) -> Iterator[Finding]:
    """`coupon.code` where no step of the journey gives a coupon."""
    for usage in usages(known.project):
        reads = any(path[0] == "coupon" for path in paths_of(usage.tree))
        if reads and "journey" in usage.document.map and not _gives_coupon(usage.document):
            told = say("no step of this journey gives a coupon: put `coupon` before it")
            yield usage.spot, told
    for where, _ in template_reads(known, "coupon"):
        documents = [known.project.documents[name] for name in where.journeys]
        if documents and not any(_gives_coupon(one) for one in documents):
            names = all_of(where.journeys)
            told = say(
                "{names} sends this, and gives no coupon: put `coupon` before it", names=names
            )
            yield where.spot, told


def _variables(document: Document) -> frozenset[str]:
    found: set[str] = set()
    for path, value in walk_values(document.map.get("steps"), ("steps",)):
        if path[-1] == "set" and isinstance(value, Mapping):
            found |= {str(name) for name in value}
        elif path[-1] == "save_as":
            found.add(str(value))
    return frozenset(found)


def _gives_coupon(document: Document) -> bool:
    steps = walk_values(document.map.get("steps"), ("steps",))
    return any(path[-1] in ("coupon", "reward") for path, _ in steps)
