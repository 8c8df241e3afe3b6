"""What pydantic found, said in the words of the language, at the place in the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import Tag, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.domain.suggestion import did_you_mean
from orchestrator.spec.place import Place
from orchestrator.spec.schema import TRIGGERS
from orchestrator.spec.step_forms import STEP_KINDS
from orchestrator.spec.words import Form
from orchestrator.spec.yaml_nodes import Path

#: Words of other tools, and what they are called here.
_SYNONYMS = {
    "zone": "timezone", "tz": "timezone", "condition": "if", "when": "if", "filter": "if", "triggers": "trigger",
    "name": "title", "exits": "exit", "goals": "goal", "step": "steps", "duration": "within", "timeout": "within",
    "otherwise": "else", "weight": "share", "percentage": "percent", "value": "amount", "wait": "delay",
    "message": "email", "if_else": "branch", "ab_test": "split", "experiment": "split", "tag": "update",
}  # fmt: skip
_TYPES = {
    "string_type": "text (put it between quotes)",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a map (key: value)",
    "model_type": "a map (key: value)",
    "model_attributes_type": "a map (key: value)",
}


def report_form_errors(fault: ValidationError, form: type[Form], place: Place) -> None:
    """Reports every error of a validation at its place."""
    for error in fault.errors(include_url=False, include_input=False):
        path, model = _resolve(error["loc"], form, place)
        _report(error, model, _name_step(place, path).at(*path))


def _report(error: ErrorDetails, model: type[Form] | None, place: Place) -> None:
    key = str(place.path[-1]) if place.path else ""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        place.error(_unknown_key(key, model, place), at_key=True)
    elif kind == "missing":
        place.error(f"`{error['loc'][-1]}` is missing here")
    elif kind == "unknown_step":
        _report_no_kind(place, STEP_KINDS, "step")
    elif kind == "unknown_trigger":
        _report_no_kind(place, tuple(TRIGGERS), "trigger")
    elif kind in ("less_than_equal", "greater_than_equal", "less_than", "greater_than"):
        limit = next(value for value in context.values() if isinstance(value, int | float))
        word = {"less_than_equal": "at most", "greater_than_equal": "at least", "less_than": "less than"}
        place.error(f"`{key}` must be {word.get(kind, 'more than')} {limit:g}")
    elif kind == "model_type" and key == "exit":
        place.error("`exit` is a list of rules: `- event: Order Completed`")
    elif kind in _TYPES:
        place.error(f"`{key}` must be {_TYPES[kind]}")
    elif kind == "literal_error":
        place.error(_not_among(key, str(context["expected"]), place.written))
    elif kind == "value_error":
        place.error(str(context["error"]))
    elif kind == "too_short":
        place.error(f"`{key}` needs at least {context['min_length']}")
    elif kind in ("string_pattern_mismatch", "string_too_short"):
        place.error(_PATTERNS.get(key, f"`{key}` is empty"))
    else:
        place.error(f"`{key}`: {error['msg'][0].lower()}{error['msg'][1:]}")


_PATTERNS = {
    "journey": "a journey's id holds letters, digits, '-' and '_' only",
    "currency": "a currency is written with three capital letters, such as EUR",
}


def _not_among(key: str, expected: str, written: Any) -> str:
    words = expected.replace("'", "").replace(" or ", ", ").split(", ")
    if words == ["True"]:
        return f"`{key}` takes no value: write it alone"
    hint = did_you_mean(written, words) if isinstance(written, str) else ""
    return f"`{key}` must be {' or '.join(words)}{hint}"


def _unknown_key(key: str, model: type[Form] | None, place: Place) -> str:
    known = [field.alias or name for name, field in model.model_fields.items()] if model else []
    if key in STEP_KINDS and any(word in STEP_KINDS for word in known):
        return f"a step does one thing: put `{key}` into a step of its own (a line that begins with '-')"
    if _SYNONYMS.get(key) in known:
        return f"unknown key '{key}'; it is called '{_SYNONYMS[key]}' here"
    hint = did_you_mean(key, known) or f" (known: {', '.join(known)})"
    return f"unknown key '{key}'{hint}"


def _report_no_kind(place: Place, kinds: tuple[str, ...], noun: str) -> None:
    written = place.written
    words = list(written) if isinstance(written, dict) else [written] if isinstance(written, str) else []
    for word in words:
        meant = _SYNONYMS.get(word) if _SYNONYMS.get(word) in kinds else None
        hint = f"; did you mean '{meant}'?" if meant else did_you_mean(word, kinds)
        if hint or len(words) == 1:
            listed = hint or f" (known: {', '.join(kinds)})"
            target = place.at(word) if isinstance(written, dict) else place
            target.error(f"there is no {noun} '{word}'{listed}", at_key=isinstance(written, dict))
            return
    place.error(f"a {noun} needs one of: {', '.join(kinds)}")


# ---------------------------------------------------------------- from pydantic's place to ours

_FREE = "{}"  # the tag of the forms under the free keys of a map: `facts: {orders: …}`


def _resolve(loc: tuple[int | str, ...], form: type[Form], place: Place) -> tuple[Path, type[Form] | None]:
    """The path in the data that pydantic's `loc` means, and the form that holds its last key."""
    path: Path = ()
    holder: type[Form] | None = form
    inner: dict[str, type[Form]] = {"": form}  # the forms that may begin here, by tag
    for part in loc:
        if isinstance(part, str) and part.startswith("<"):
            inner = {"": inner[part]} if part in inner else {}
            continue
        here = place.at(*path).written
        if isinstance(part, int):
            path = (*path, part) if isinstance(here, list) else path
            continue
        if _FREE in inner and isinstance(here, dict) and part in here:
            path, inner = (*path, part), {"": inner[_FREE]}
            continue
        holder = inner.get("")
        inner = dict(_forms_of(holder, part)) if holder else {}
        if isinstance(here, dict) and part in here:
            path = (*path, part)
    return path, holder


def _forms_of(form: type[Form], key: str) -> Iterator[tuple[str, type[Form]]]:
    for name, field in form.model_fields.items():
        if (field.alias or name) == key:
            yield from _forms_in(field.annotation, "")
            for extra in field.metadata:
                yield from _forms_in(extra, "")


def _forms_in(annotation: Any, tag: str) -> Iterator[tuple[str, type[Form]]]:
    """Every form inside a type, with the tag that chooses it in a union ("" without one)."""
    if isinstance(annotation, type) and issubclass(annotation, Form):
        yield tag, annotation
        return
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        yield from ((_FREE, form) for _, form in _forms_in(arguments[1], ""))
        return
    own = next((argument.tag for argument in arguments if isinstance(argument, Tag)), tag)
    for argument in arguments:
        yield from _forms_in(argument, own)


def _name_step(place: Place, path: Path) -> Place:
    """The place, naming the innermost step on the path."""
    for end in range(len(path), 0, -1):
        if isinstance(path[end - 1], int) and end > 1 and path[end - 2] in ("steps", "then", "else"):
            return place.in_step(describe_step(place.at(*path[:end]).written, int(path[end - 1])))
    return place


def describe_step(written: Any, index: int) -> str:
    """What to call a step that has no derived id yet: its id, its template, or its word and number."""
    if not isinstance(written, dict):
        return str(written) if isinstance(written, str) else f"number {index + 1}"
    inner = next((value for key, value in written.items() if key in STEP_KINDS), None)
    for source in (written, inner if isinstance(inner, dict) else {}):
        for key in ("id", "template"):
            if isinstance(source.get(key), str):
                return str(source[key])
    word = next((key for key in written if key in STEP_KINDS), next(iter(written), "step"))
    return inner if isinstance(inner, str) and word in ("email", "sms", "whatsapp") else f"{word}, number {index + 1}"
