"""`lifecycle.yaml` and `segments.yaml`: facts, stages and named audiences, to the lifecycle of the
domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated

from pydantic import BeforeValidator, Field

from orchestrator.documents.document import Document
from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.errors import ExpressionInvalid, ParcoursError, Problem, ProjectInvalid
from orchestrator.domain.expression import Condition, Const, Expr, calls, walk
from orchestrator.domain.instants import Candidates, time_candidates
from orchestrator.domain.lifecycle import Fact, FactKind, Lifecycle, Segment, Stage
from orchestrator.domain.phrase import all_of, said_by, say
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.language.place import STAGE, Known, Place
from orchestrator.language.plain_forms import Form, Rule, Span, Text
from orchestrator.language.reading import read_form
from orchestrator.language.version import version_of
from orchestrator.language.where import FACT, RULE

#: What a customer has besides facts and traits; a fact of that name would hide it.
BUILT_IN = frozenset({"id", "stage", "stage_since", "anonymous", "timezone", "locale", "consent"})
PRESETS = ("relationship", "sterne-cutler", "six-stages", "race")

_NEEDS_PATH = frozenset({FactKind.SUM, FactKind.LATEST, FactKind.UNIQUE, FactKind.MOST_FREQUENT})
_MAY_SUBTRACT = frozenset({FactKind.COUNT, FactKind.SUM, FactKind.UNIQUE, FactKind.MOST_FREQUENT})
SEGMENTS_DEEP_MAX = 20  # each asks the next on Python's stack
SEGMENTS_ASKED_MAX = 1000  # for one answer: two by two, thirty segments could stand for a billion
_PATH = re.compile(r"[^.\[\]]+(\[\])?(\.[^.\[\]]+(\[\])?)*")

# ---------------------------------------------------------------- the forms


class FactForm(Form):
    count: Text | None = None
    sum: Text | None = None
    first: Text | None = None
    last: Text | None = None
    latest: Text | None = None
    unique: Text | None = None
    most_frequent: Text | None = None
    of: Text | None = None
    minus: Text | None = None
    within: Span | None = None
    if_: Rule | None = Field(None, alias="if")


class StageForm(Form):
    stage: Text
    if_: Rule = Field(alias="if")
    description: str | None = None


class LifecycleForm(Form):
    """The whole `lifecycle.yaml`."""

    lifecycle: Text
    title: str | None = None
    description: str | None = None
    facts: dict[str, FactForm] = Field(default_factory=dict)
    stages: list[StageForm] = Field(default_factory=list)


class SegmentForm(Form):
    if_: Rule = Field(alias="if")
    description: str | None = None


def _spell_segment(value: object) -> object:
    return {"if": value} if isinstance(value, str | bool) else value


class SegmentsForm(Form):
    """The whole `segments.yaml`."""

    segments: dict[str, Annotated[SegmentForm, BeforeValidator(_spell_segment)]]


# ---------------------------------------------------------------- names first


def names_in(document: Document | None, key: str) -> frozenset[str]:
    """The names of facts, stages or segments that a file writes, faulty ones included: others may
    refer to them.
    """
    written = document.data.get(key) if document and isinstance(document.data, dict) else None
    if isinstance(written, dict):
        return frozenset(written)
    items = written if isinstance(written, list) else []
    return frozenset(
        str(item.get("stage")) for item in items if isinstance(item, dict) and item.get("stage")
    )


# ---------------------------------------------------------------- reading


def read_lifecycle(
    lifecycle: Document | None, segments: Document | None, known: Known, problems: list[Problem]
) -> Lifecycle:
    """The lifecycle of the two files, each of which may be missing; faults are added to
    `problems`.
    """
    rules = _read_segments(segments, known, problems) if segments else {}
    finder = CandidateFinder({name: condition.tree for name, (condition, _) in rules.items()})
    found_segments = tuple(
        Segment(name, condition, finder.find(condition.tree, place))
        for name, (condition, place) in rules.items()
    )
    data = {"lifecycle": lifecycle and lifecycle.data, "segments": segments and segments.data}
    if lifecycle is None:
        return Lifecycle(segments=found_segments, version=version_of(data))
    place = Place(lifecycle, known, problems)
    form = read_form(LifecycleForm, place, say("this file begins with `lifecycle:`"))
    if form is None:
        return Lifecycle(segments=found_segments)
    return Lifecycle(
        name=form.lifecycle,
        facts=tuple(_facts(form, place.at("facts"))),
        stages=tuple(_stages(form, place.at("stages"), finder)),
        segments=found_segments,
        version=version_of(data),
    )


def _facts(form: LifecycleForm, place: Place) -> Iterator[Fact]:
    for name, fact in form.facts.items():
        here = place.at(name)
        kinds = [kind for kind in FactKind if getattr(fact, kind) is not None]
        if len(kinds) != 1:
            several = say(", and here are {listed}", listed=all_of(kinds)) if kinds else ""
            here.error(
                say(
                    "a fact needs exactly one of {listed}{several}",
                    listed=", ".join(FactKind),
                    several=several,
                ),
                at_key=True,
            )
            continue
        _check_fact(name, kinds[0], fact, here)
        yield Fact(
            name=name,
            kind=kinds[0],
            event=getattr(fact, kinds[0]),
            of=fact.of,
            minus=fact.minus,
            within=fact.within,
            condition=here.at("if").condition(fact.if_, FACT),
        )


def _check_fact(name: str, kind: FactKind, fact: FactForm, place: Place) -> None:
    if not name.isidentifier():
        place.error(
            say("'{name}' is no name for a fact: use letters, digits and '_'", name=name),
            at_key=True,
        )
    if name in BUILT_IN:
        place.error(say("'{name}' is built in: give the fact another name", name=name), at_key=True)
    if kind in _NEEDS_PATH and fact.of is None:
        place.error(say("`{kind}` needs `of`: the property it is about", kind=kind))
    if kind not in _NEEDS_PATH and fact.of is not None:
        place.at("of").error(
            say("`{kind}` is about the events themselves and takes no `of`", kind=kind), at_key=True
        )
    if fact.of is not None and not _PATH.fullmatch(fact.of):
        place.at("of").error(
            say("'{of}' is no path of a property: write total or products[].category", of=fact.of)
        )
    if fact.of is not None and fact.of.startswith(("event.", "properties.")):
        bare = fact.of.partition(".")[2]
        place.at("of").warn(
            say("`of` begins at the event's properties: write {bare}", bare=bare), rule="fact-path"
        )
    if fact.minus is not None and kind not in _MAY_SUBTRACT:
        place.at("minus").error(
            say(
                "`minus` goes with {listed}, not with `{kind}`",
                listed=", ".join(sorted(_MAY_SUBTRACT)),
                kind=kind,
            ),
            at_key=True,
        )


def _stages(form: LifecycleForm, place: Place, finder: CandidateFinder) -> Iterator[Stage]:
    seen: set[str] = set()
    last: Condition | None = None
    for index, stage in enumerate(form.stages):
        here = place.at(index, "if")
        if stage.stage in seen:
            place.at(index, "stage").error(
                say(
                    "the stage '{stage}' is already there; join the rules with `or`",
                    stage=stage.stage,
                )
            )
        seen.add(stage.stage)
        last = condition = here.condition(stage.if_, RULE)
        if condition is None:
            continue
        if STAGE in finder.parts(condition.tree):
            here.error(say("a stage's rule cannot ask for the stage: use facts, traits and events"))
            continue
        if condition.tree == Const(True) and index < len(form.stages) - 1:
            here.warn(
                say("this rule always holds: the stages after it are never reached"),
                rule="always-holds",
            )
        yield Stage(stage.stage, condition, finder.find(condition.tree, here))
    if form.stages and last is not None and last.tree != Const(True):
        place.at(len(form.stages) - 1).warn(
            say("the last rule is not `true`: some customers will have no stage"),
            rule="no-last-stage",
        )


def _read_segments(
    document: Document, known: Known, problems: list[Problem]
) -> dict[str, tuple[Condition, Place]]:
    place = Place(document, known, problems)
    form = read_form(SegmentsForm, place, say("this file begins with `segments:`"))
    if form is None:
        return {}
    found: dict[str, tuple[Condition, Place]] = {}
    for name, segment in form.segments.items():
        here = place.at("segments", name)
        here = here.at("if") if isinstance(here.written, dict) else here
        condition = here.condition(segment.if_, RULE)
        if condition is not None:
            found[name] = condition, here
    asks = {name: list(_segments_in(condition.tree)) for name, (condition, _) in found.items()}
    sound = [name for name in found if not _is_circular(name, asks, found[name][1])]
    answered = set(_without_endless(sound, asks, found))
    return {name: rule for name, rule in found.items() if name in answered}


def _is_circular(name: str, asks: Mapping[str, list[str]], place: Place) -> bool:
    """Whether a segment leads back to itself; reported with the way it takes."""
    came_from: dict[str, str] = {}
    coming = [name]
    while coming:
        here = coming.pop()
        for other in asks.get(here, ()):
            if other == name:
                way = [here]
                while way[-1] != name:
                    way.append(came_from[way[-1]])
                place.error(
                    say(
                        "this segment asks for itself: {listed}",
                        listed=" → ".join([*reversed(way), name]),
                    )
                )
                return True
            if other in asks and other not in came_from:
                came_from[other] = here
                coming.append(other)
    return False


def _without_endless(
    names: list[str], asks: Mapping[str, list[str]], found: Mapping[str, tuple[Condition, Place]]
) -> Iterator[str]:
    """The segments that are answered in no time; reported is the first of each chain that is
    not.
    """
    known = set(names)
    deep: dict[str, int] = {}
    many: dict[str, int] = {}  # segments asked for the sake of one, itself included
    waiting = {name: {other for other in asks[name] if other in known} for name in names}
    used_by: dict[str, list[str]] = {name: [] for name in names}
    for name, inner in waiting.items():
        for other in inner:
            used_by[other].append(name)
    ready = [name for name in names if not waiting[name]]
    while ready:
        name = ready.pop()
        inner_names = [other for other in asks[name] if other in known]
        deep[name] = 1 + max((deep[other] for other in inner_names), default=0)
        many[name] = 1 + sum(many[other] for other in inner_names)
        if deep[name] > SEGMENTS_DEEP_MAX or many[name] > SEGMENTS_ASKED_MAX:
            found[name][1].error(
                say(
                    "this segment asks for segments that ask for segments, too many of "
                    "them: shorten it"
                )
            )
            continue
        yield name
        for user in used_by[name]:
            waiting[user].discard(name)
            if not waiting[user]:
                ready.append(user)


def _segments_in(tree: Expr) -> Iterator[str]:
    for call in calls(tree, "in_segment"):
        match call.args[0]:
            case Const(str(name)):
                yield name


@dataclass(frozen=True, slots=True)
class CandidateFinder:
    """Finds when time alone changes a rule, through the segments that it asks for; `segments` are
    free of circles.
    """

    segments: Mapping[str, Expr]

    def parts(self, tree: Expr) -> Iterator[Expr]:
        """Every part of a rule, those of its segments included."""
        yield from walk(tree)
        for name in _segments_in(tree):
            if name in self.segments:
                yield from self.parts(self.segments[name])

    def find(self, tree: Expr, place: Place) -> tuple[Candidates, ...]:
        """The candidates of a rule; a form of time that cannot be computed is reported."""
        try:
            found = time_candidates(tree)
        except ExpressionInvalid as fault:
            place.error(said_by(fault), offset=fault.offset)
            return ()
        for name in _segments_in(tree):
            if name in self.segments:
                found += self.find(self.segments[name], place)
        return tuple(found)


# ---------------------------------------------------------------- presets


def preset_text(name: str) -> str:
    """The YAML of a preset, for a new project; raises ParcoursError with the known names."""
    if name not in PRESETS:
        raise ParcoursError(
            say(
                "there is no preset '{name}'{hint} (known: {listed})",
                name=name,
                hint=did_you_mean(name, PRESETS),
                listed=", ".join(PRESETS),
            )
        )
    return (files("orchestrator.language") / "presets" / f"{name}.yaml").read_text(encoding="utf-8")


def load_preset(name: str) -> Lifecycle:
    """A preset's lifecycle; raises ParcoursError with the known names."""
    return parse_lifecycle(preset_text(name), f"presets/{name}.yaml")


def parse_lifecycle(text: str, file: str) -> Lifecycle:
    """The lifecycle of one YAML text; raises ProjectInvalid with all its errors."""
    document, problems = read_yaml(text, file)
    known = Known(facts=names_in(document, "facts"), stages=names_in(document, "stages"))
    lifecycle = Lifecycle() if problems else read_lifecycle(document, None, known, problems)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ProjectInvalid(sorted(errors, key=lambda problem: (problem.line, problem.column)))
    return lifecycle
