"""`events.yaml`: the tracking plan. Each event has the JSON Schema of its properties, or the short
form of it: `total: number` for `total: {type: number}`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from orchestrator.documents.document import Document
from orchestrator.domain.errors import Problem
from orchestrator.domain.phrase import say
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.tracking_plan import NO_PLAN, Shape, TrackingPlan
from orchestrator.language.place import Known, Place
from orchestrator.language.plain_forms import Form
from orchestrator.language.reading import read_form

TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_SHAPE = say(
    "this is a JSON Schema such as {type: number, examples: [80]}, or a type such as number"
)


class EventsForm(Form):
    """The whole `events.yaml`."""

    events: dict[str, object]
    traits: dict[str, object] = Field(default_factory=dict)
    account: dict[str, object] = Field(default_factory=dict)


def read_tracking_plan(
    document: Document | None, known: Known, problems: list[Problem]
) -> TrackingPlan:
    """The plan of a file, which may be missing; faults are added to `problems`."""
    if document is None:
        return NO_PLAN
    place = Place(document, known, problems)
    form = read_form(EventsForm, place, say("this file begins with `events:`"))
    if form is None:
        return NO_PLAN
    return TrackingPlan(
        {name: _event(one, place.at("events", name)) for name, one in form.events.items()},
        _shapes(form.traits, place.at("traits")),
        _shapes(form.account, place.at("account")),
    )


def _event(written: object, place: Place) -> Shape:
    """The shape of an event's properties; one of which nothing is written may hold anything."""
    shape = Shape() if written is None else _shape(written, place)
    return shape if shape.parts else Shape(is_open=True, description=shape.description)


def _shapes(written: object, place: Place) -> dict[str, Shape]:
    if not isinstance(written, Mapping):
        place.error(say("this is a map: each name with its JSON Schema"))
        return {}
    return {str(name): _shape(one, place.at(str(name))) for name, one in written.items()}


def _shape(written: object, place: Place) -> Shape:
    if isinstance(written, str):
        return Shape(_types([written], place))
    if not isinstance(written, Mapping):
        place.error(_SHAPE)
        return Shape()
    types = written.get("type", [])
    items, examples = written.get("items"), written.get("examples", [])
    return Shape(
        types=_types(types if isinstance(types, list) else [types], place.at("type")),
        parts=_shapes(written.get("properties", {}), place.at("properties")),
        items=None if items is None else _shape(items, place.at("items")),
        is_open=written.get("additionalProperties") not in (None, False),
        examples=tuple(examples) if isinstance(examples, list) else (),
        description=str(written.get("description", "")),
    )


def _types(names: list[object], place: Place) -> frozenset[str]:
    for name in names:
        if name not in TYPES:
            known = say(" (known: {listed})", listed=", ".join(sorted(TYPES)))
            place.error(
                say(
                    "there is no type '{name}'{hint}",
                    name=name,
                    hint=did_you_mean(str(name), TYPES) or known,
                )
            )
    return frozenset(str(name) for name in names if name in TYPES)
