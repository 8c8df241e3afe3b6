"""A place in a file under reading: where a fault is reported, and where expressions are read and
checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from orchestrator.documents.document import Document, Path
from orchestrator.domain.errors import ExpressionInvalid, Problem
from orchestrator.domain.expression import (
    OF_RECEIPTS,
    All,
    Any_,
    Attribute,
    Compare,
    Condition,
    Const,
    Expr,
    ListOf,
    Name,
    Not,
    Value,
    calls,
    walk,
)
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.phrase import Phrase, said_by, say
from orchestrator.domain.suggestion import closest, did_you_mean
from orchestrator.domain.topics import has_plain_id, slug_of
from orchestrator.domain.values import as_text, is_number
from orchestrator.language.expressions import parse_computed, parse_condition, parse_value
from orchestrator.language.where import Where

STAGE = Attribute(Name("customer"), "stage")


_OF_JOURNEY = ("id", "number")  # what conditions know; templates know its title too
_LISTED = 12  # of what there is, so many are named where something else is written


@dataclass(frozen=True, slots=True)
class Known:
    """What else the project holds, for names to be checked against; None means: do not check.

    `templates` holds (medium, name); `templates_required` makes a missing one an error instead of
    advice. `timezone` is the project's. `secrets` are the environment variables that webhooks may
    name. `has_items`: the journey enters for each element of a list.
    """

    facts: frozenset[str] | None = None
    stages: frozenset[str] | None = None
    segments: frozenset[str] | None = None
    journeys: frozenset[str] | None = None
    templates: frozenset[tuple[Medium, str]] | None = None
    templates_required: bool = True
    channels: Mapping[ChannelName, Medium] | None = None
    secrets: frozenset[str] | None = None
    topics: frozenset[str] | None = None  # None: the project declares none
    timezone: str = "UTC"
    has_items: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A path in a document. Problems found at it are collected in `problems`, which all places of a
    reading share.
    """

    document: Document
    known: Known
    problems: list[Problem] = field(default_factory=list)
    path: Path = ()
    step: str = ""  # put before messages: `step 'day3'`

    def at(self, *path: str | int) -> Place:
        """The place further inside."""
        return replace(self, path=(*self.path, *path))

    def in_step(self, name: str) -> Place:
        """The same place, its messages naming the step."""
        return replace(self, step=say("step '{name}'", name=name))

    @property
    def written(self) -> object:
        """The plain data at this place; None where nothing is written."""
        return self.document.get(self.path)

    @property
    def line(self) -> int:
        """The line on which this place begins."""
        return self.document.problem(self.path, say("")).line

    def error(self, message: Phrase, *, at_key: bool = False, offset: int = 0) -> None:
        """Reports a fault here."""
        self._report(message, at_key, offset)

    def warn(self, message: Phrase, *, at_key: bool = False, rule: str = "advice") -> None:
        """Reports advice here, by the name of the rule that gives it."""
        self._report(message, at_key, rule=rule)

    def not_built(self, what: Phrase) -> None:
        """Refuses a part of the language that this version does not have yet."""
        self.error(
            say("{what} is part of the language but not built yet in this version", what=what),
            at_key=True,
        )

    def _report(
        self, message: Phrase, at_key: bool = False, offset: int = 0, *, rule: str = ""
    ) -> None:
        text = say("{step}: {message}", step=self.step, message=message) if self.step else message
        severity = "warning" if rule else "error"
        found = self.document.problem(
            self.path, text, at_key=at_key, offset=offset, severity=severity
        )
        self.problems.append(replace(found, rule=rule))

    # ------------------------------------------------------------ expressions

    def condition(self, text: str | bool | None, where: Where) -> Condition | None:
        """The condition written here; None when there is none or it is faulty (then reported)."""
        if text is None:
            return None
        try:
            condition = parse_condition(text, where)
        except ExpressionInvalid as fault:
            self.error(said_by(fault), offset=fault.offset)
            return None
        self.document.trees[self.path] = (condition.tree,)
        self.check_names(condition.tree)
        for constant in _always_true(condition.tree):
            self.warn(
                say(
                    "{constant} alone always holds: compare it with something, such as "
                    "`event.name == {constant}`",
                    constant=constant,
                ),
                rule="always-holds",
            )
        return condition

    def value(self, value: object, where: Where) -> Value | None:
        """The value written here; None when it is null or faulty (then reported)."""
        return None if value is None else self._parsed(lambda: parse_value(value, where))

    def computed(self, value: object, where: Where) -> Value | None:
        """Likewise, but text is an expression with or without braces."""
        if isinstance(value, str):
            return self._parsed(lambda: parse_computed(value, where))
        return self.value(value, where)

    def _parsed(self, parse: Callable[[], Value]) -> Value | None:
        try:
            result = parse()
        except ExpressionInvalid as fault:
            self.error(said_by(fault), offset=fault.offset)
            return None
        self.document.trees[self.path] = result.trees
        for tree in result.trees:
            self.check_names(tree)
        return result

    # ------------------------------------------------------------ names

    def check_names(self, tree: Expr) -> None:
        """Checks what an expression names: segments and stages must exist; a near miss of a fact is
        advice.
        """
        for call in calls(tree, "in_segment"):
            match call.args[0]:
                case Const(str(name)):
                    self.check_known(say("segment"), name, self.known.segments)
        self._check_received(tree)
        for stage in _stages_compared(tree):
            if self.known.stages:
                self.check_known(say("stage"), stage, self.known.stages)
        if not self.known.has_items and any(part == Name("item") for part in walk(tree)):
            self.error(say("there is no `item`: it is an element of a trigger's `for_each`"))
        facts = self.known.facts or frozenset()
        for part in walk(tree):
            match part:
                case Attribute(Name("journey"), name) if name not in _OF_JOURNEY:
                    self.warn(say("`journey` has no '{name}' here (known: id, number)", name=name))
            if (
                isinstance(part, Attribute)
                and part.of == Name("customer")
                and part.name not in facts
            ):
                near = closest(part.name, facts, likeness=0.85)
                if near:
                    self.warn(
                        say(
                            "there is no fact '{name}', and a trait is read instead; did you mean "
                            "'{near}'?",
                            name=part.name,
                            near=near,
                        ),
                        rule="unknown-fact",
                    )

    def _check_received(self, tree: Expr) -> None:
        """`received()` names a template, of any medium, or a journey; without templates at hand
        nothing is said.
        """
        templates, journeys = self.known.templates, self.known.journeys
        if templates is None or journeys is None or not self.known.templates_required:
            return
        names = journeys | {name for _, name in templates}
        for call in (one for word in ("received", *OF_RECEIPTS) for one in calls(tree, word)):
            match call.args[0]:
                case Const(str(name)):
                    self.check_known(say("template or journey"), name, names)

    def check_topic(self, topic: str) -> None:
        """Where the project declares topics, another is an error."""
        topics = self.known.topics
        if topics is None:
            self.check_topic_id(topic)
        elif topic.strip().lower() not in topics:
            self.check_known(say("topic"), topic, topics)

    def check_topic_id(self, topic: str) -> None:
        """A topic is part of addresses and headers: another id than this is written there as its
        slug.
        """
        if not has_plain_id(topic):
            advice = slug_of(topic) or say("one such as offers")
            self.warn(
                say("a topic's id is made of a-z, 0-9, - and _: write {advice}", advice=advice),
                rule="topic-id",
            )

    def check_known(self, noun: Phrase, name: str, known: frozenset[str] | None) -> bool:
        """Whether a stage, segment, … of that name exists; reports it when not."""
        if known is None or name in known:
            return True
        listed = did_you_mean(name, known) or _told_instead(noun, known)
        self.error(say("there is no {noun} '{name}'{listed}", noun=noun, name=name, listed=listed))
        return False


def _told_instead(noun: str, known: frozenset[str]) -> Phrase:
    """What there is of that kind; where there is nothing, where the first one is written."""
    if known:
        more = ", …" if len(known) > _LISTED else ""
        return say(" (known: {listed}{more})", listed=", ".join(sorted(known)[:_LISTED]), more=more)
    return say(": write it into {file}", file=_HOMES[noun]) if noun in _HOMES else say("")


#: Where the first of its kind is written.
_HOMES = {"segment": "journeys/segments.yaml", "stage": "journeys/lifecycle.yaml"}


def _always_true(tree: Expr) -> Iterator[str]:
    """Texts and numbers that stand where a condition is asked: `x == "a" or "b"`."""
    match tree:
        case Const(str() as text) if text:
            yield f'"{text}"'
        case Const(value) if is_number(value) and value:
            yield as_text(value)
        case All(parts) | Any_(parts):
            for part in parts:
                yield from _always_true(part)
        case Not(of):
            yield from _always_true(of)


def _stages_compared(tree: Expr) -> Iterator[str]:
    for part in walk(tree):
        match part:
            case Compare(left, _, Const(str() as name)) if left == STAGE:
                yield name
            case Compare(Const(str() as name), _, right) if right == STAGE:
                yield name
            case Compare(left, _, ListOf(items)) if left == STAGE:
                yield from (
                    item.value
                    for item in items
                    if isinstance(item, Const) and isinstance(item.value, str)
                )
