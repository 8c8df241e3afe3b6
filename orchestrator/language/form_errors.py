"""What pydantic found, said in the words of the language, at the place in the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.documents.document import Path, Syntax
from orchestrator.domain.medium import Medium
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.language.form_places import innermost_step, name_step, resolve
from orchestrator.language.other_words import (
    ENTRIES,
    IN_TABLES,
    ITEMS,
    NOT_OF_A_JOURNEY,
    OF_TEXT,
    SHAPES,
    TRIGGERS_ELSEWHERE,
    known_word,
)
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form, clock_time, duration
from orchestrator.language.schema import JourneyForm
from orchestrator.language.step_forms import BUILT_STEPS, NOT_BUILT, STEP_KINDS
from orchestrator.language.step_forms.message_forms import MessageOptions
from orchestrator.language.step_forms.step_form import StepForm, kind_of_step
from orchestrator.language.step_forms.wait_forms import DelayForm
from orchestrator.language.step_forms.way_forms import IfArm
from orchestrator.language.trigger_forms import TRIGGER_EXAMPLES, TRIGGER_KINDS

_NO_TEXT = ("string_type", "dict_type", "list_type", "model_type", "model_attributes_type")
_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a map (key: value)",
    "model_type": "a map (key: value)",
    "model_attributes_type": "a map (key: value)",
}
_TYPES_OF_TOML = {
    "string_type": "text: put it between quotes",
    "bool_type": "true or false, without quotes",
    "dict_type": "a table",
    "model_type": "a table",
}


def report_form_errors(fault: ValidationError, form: type[Form], place: Place) -> list[Path]:
    """Reports every error of a validation at its place; the paths of what is faulty."""
    found = []
    for error in fault.errors(include_url=False, include_input=False):
        path, model = resolve(error["loc"], form, place)
        found.append((error, model, path))
    meant = {
        (path[:-1], known)
        for error, model, path in found
        if error["type"] == "extra_forbidden" and (known := known_word(str(path[-1]), _keys(model)))
    }
    refused: set[Path] = set()
    for error, model, path in found:
        if (part := _part_not_built(place, path)) is not None:
            if part not in refused:
                refused.add(part)
                noun = "the trigger " if part[0] == "trigger" else ""
                name_step(place, path).at(*part).not_built(f"{noun}`{part[-1]}`")
        elif error["type"] != "missing" or (path, error["loc"][-1]) not in meant:
            _report(error, model, name_step(place, path).at(*path))
    return [path for _, _, path in found]


def _part_not_built(place: Place, path: Path) -> Path | None:
    """The step or trigger that a path leads into, if this version does not have it yet: no form of
    it helps.
    """
    if path[:1] == ("trigger",):
        trigger = path[:2] if isinstance(place.at(*path[:1]).written, list) else path[:1]
        written = place.at(*trigger).written
        words = [word for word in TRIGGER_KINDS if isinstance(written, dict) and word in written]
        return (*trigger, words[0]) if words and not set(words) & set(TRIGGER_EXAMPLES) else None
    step = innermost_step(place, path)
    word = (kind_of_step(place.at(*step).written) or "").strip("<>") if step else ""
    return (*step, word) if step and word in NOT_BUILT else None


def _keys(model: type[Form] | None) -> list[str]:
    """The keys that a form offers: those not built yet are left out."""
    if model is None:
        return []
    fields = [
        (name, one) for name, one in model.model_fields.items() if name not in model.not_built
    ]
    return [key for name, one in fields for key in model.written_as.get(name, [one.alias or name])]


def _report(error: ErrorDetails, model: type[Form] | None, place: Place) -> None:
    key = str(place.path[-1]) if place.path else ""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        place.error(_unknown_key(key, model, place), at_key=True)
    elif kind == "missing":
        place.error(_missing(str(error["loc"][-1]), place))
    elif kind == "unknown_step":
        _report_no_step(place)
    elif kind == "unknown_trigger":
        _report_no_trigger(place)
    elif kind in ("less_than_equal", "greater_than_equal", "less_than", "greater_than"):
        limit = next(value for value in context.values() if isinstance(value, int | float))
        word = {
            "less_than_equal": "at most",
            "greater_than_equal": "at least",
            "less_than": "less than",
        }
        place.error(f"`{key}` must be {word.get(kind, 'more than')} {limit:g}")
    elif kind in _TYPES:
        place.error(_wrong_type(kind, place))
    elif kind == "enum" and error["loc"][-1] == "[key]":  # of a map whose keys are few
        known = _words(str(context["expected"]))
        place.error(_unknown_key(key, None, place, known), at_key=True)
    elif kind in ("literal_error", "enum"):
        place.error(_not_among(place, str(context["expected"])))
    elif kind == "value_error":
        place.error(str(context["error"]))
    elif kind == "too_short":
        what = (
            "is empty"
            if context["min_length"] == 1
            else f"needs at least {context['min_length']} entries"
        )
        place.error(
            f"`{key}` {what}" + (f": write `{key}: {SHAPES[key]}`" if key in SHAPES else "")
        )
    elif kind in ("string_pattern_mismatch", "string_too_short"):
        place.error(_PATTERNS.get(key, f"`{key}` is empty"))
    else:
        place.error(f"`{key}`: {error['msg'][0].lower()}{error['msg'][1:]}")


_PATTERNS = {
    "journey": "a journey's id holds letters, digits, '-' and '_' only",
    "currency": "a currency is written with three capital letters, such as EUR",
}


def _missing(name: str, place: Place) -> str:
    hint = _FOR_A_TRIGGER if name == "to" and "trigger" in place.path else _MISSING.get(name, "")
    return f"`{name}` is missing here{hint}"


_FOR_A_TRIGGER = ' (whom it means: `to: performed("Product Viewed", within="30d")`)'
_MISSING = {
    "to": " (`customer` or `referrer`)",
    "within": " (how long to wait, such as 2d)",
    "lifecycle": " (the name of it all: `lifecycle: customer-relationship`)",
    "at": " (when, such as 0h or 2d)",
    "ago": " (how long before the start, such as 2d)",
    "template": " (`template: cart-reminder`)",
    "expect": " (`expect: []` where nothing should happen)",
}


def _wrong_type(kind: str, place: Place) -> str:
    """What to write in the place of something of another kind."""
    key, written = str(place.path[-1]) if place.path else "", place.written
    if place.document.syntax is Syntax.TOML:
        return _wrong_type_in_toml(kind, place)
    if place.path and isinstance(place.path[-1], int):
        holder = next((part for part in reversed(place.path) if isinstance(part, str)), "")
        return f"each entry of `{holder}` is written as `- {ITEMS.get(holder, 'key: value')}`"
    if len(place.path) == 2 and place.path[0] in ENTRIES:
        noun, shape = ENTRIES[str(place.path[0])]
        return f"{noun} is written as `{key}: {shape}`"
    if key in tuple(Medium) and isinstance(written, list):
        return f"a step sends one message: write a step for each, `- {key}: cart-reminder`"
    if written is None:
        return f"`{key}` has no value" + (
            f": write `{key}: {SHAPES[key]}`" if key in SHAPES else ""
        )
    is_enough = key != "wait_until" or _is_read(clock_time, written)
    if isinstance(written, str) and key in OF_TEXT and kind != "string_type" and is_enough:
        return f"`{key}` is written as `{key}: {OF_TEXT[key].replace('TEXT', written)}`"
    if key in SHAPES and kind in _NO_TEXT and kind != "string_type":
        return f"`{key}` is written as `{key}: {SHAPES[key]}`"
    if kind == "string_type" and isinstance(written, dict | list):
        several = " (several events: one trigger, exit or step each)" if key == "event" else ""
        return f"`{key}` takes one text{several}"
    return f"`{key}` must be {_TYPES[kind]}" + (
        " (put it between quotes)" if kind == "string_type" else ""
    )


def _wrong_type_in_toml(kind: str, place: Place) -> str:
    key = place.path[-1] if place.path else ""
    if isinstance(key, int):
        return f"`{place.path[-2]}` must be a list of texts between quotes"
    shape = IN_TABLES.get(str(place.path[0])) if len(place.path) == 2 else None
    return f"`{key}` must be {_TYPES_OF_TOML.get(kind, _TYPES[kind])}" + (
        f", such as {shape}" if shape else ""
    )


def _not_among(place: Place, expected: str) -> str:
    words, written, key = _words(expected), place.written, place.path[-1]
    if isinstance(key, int):
        return f"each entry of `{place.path[-2]}` is one of {', '.join(words)}"
    if words == ["True"]:
        return f"`{key}` takes no value: write it alone"
    if key == "reentry":
        after = f"{{after: {written if _is_read(duration, written) else '7d'}}}"
        return f"`reentry` must be never, always or {after}"
    hint = did_you_mean(written, words) if isinstance(written, str) else ""
    return f"`{key}` must be {' or '.join(words)}{hint}"


def _words(expected: str) -> list[str]:
    """The words that pydantic lists."""
    return expected.replace("'", "").replace(" or ", ", ").split(", ")


def _is_read(read: Callable[[object], object], written: object) -> bool:
    try:
        read(written)
    except ValueError:
        return False
    return True


def _unknown_key(
    key: str, model: type[Form] | None, place: Place, known: Sequence[str] = ()
) -> str:
    known = known or _keys(model)
    of_a_step = model is not None and issubclass(model, StepForm | MessageOptions)
    if of_a_step and key in STEP_KINDS:
        return (
            f"a step does one thing: put `{key}` into a step of its own (a line that begins "
            "with '-')"
        )
    if of_a_step and key in ("if", "only_if", "when", "condition"):
        return (
            f"a step has no `{key}`: put it into a branch, `- branch: "
            f"[{{if: …, then: [{{email: …}}]}}]`"
        )
    if model is IfArm and key == "else":
        return "`else` is an entry of its own: write `- else: […]` after this one"
    if model is DelayForm and key == "for":
        return "a delay is written as `delay: 14d`"
    if meant := known_word(key, known):
        return f"unknown key '{key}'; it is called '{meant}' here"
    if model is JourneyForm and key in NOT_OF_A_JOURNEY:
        return f"a journey has no `{key}`: {NOT_OF_A_JOURNEY[key]}"
    hint = did_you_mean(key, known) or (
        f" (known: {', '.join(known)})" if known else ": nothing is written below this"
    )
    return f"unknown key '{key}'{hint}"


def _report_no_step(place: Place) -> None:
    written = place.written
    words = (
        list(written)
        if isinstance(written, dict)
        else [written]
        if isinstance(written, str)
        else []
    )
    for word in words:
        meant = known_word(word, BUILT_STEPS)
        hint = f"; did you mean '{meant}'?" if meant else did_you_mean(word, BUILT_STEPS)
        if isinstance(written, str) and (Medium.EMAIL, word) in (place.known.templates or ()):
            hint = f": write `email: {word}` to send this template"
        head, colon, rest = word.partition(":")
        if isinstance(written, str) and head in STEP_KINDS and colon:
            hint = f": a blank follows the colon, `{head}: {rest}`"
        if isinstance(written, str) and word in STEP_KINDS and word in SHAPES:
            hint = f": write `{word}: {SHAPES[word]}`"
        if hint or len(words) == 1:
            target = place.at(word) if isinstance(written, dict) else place
            listed = hint or f" (known: {', '.join(BUILT_STEPS)})"
            target.error(f"there is no step '{word}'{listed}", at_key=isinstance(written, dict))
            return
    nothing = "this line holds no step: " if written is None else ""
    place.error(f"{nothing}a step needs one of: {', '.join(BUILT_STEPS)}")


def _report_no_trigger(place: Place) -> None:
    written = place.written
    if isinstance(written, str):
        if written in TRIGGER_EXAMPLES:
            place.error(
                f"`{written}` is written with its name, such as `{TRIGGER_EXAMPLES[written]}`"
            )
        elif hint := did_you_mean(written, ("manual",)):
            place.error(f"there is no trigger '{written}'{hint}")
        elif meant := TRIGGERS_ELSEWHERE.get(written.lower()):
            place.error(f"there is no trigger '{written}': write `{meant}`")
        else:
            place.error(f"write `{{event: {written}}}` for an event")
        return
    words = list(written) if isinstance(written, dict) else []
    for word in words:
        meant = known_word(word, TRIGGER_EXAMPLES)
        called = f"; it is called '{meant}' here" if meant else ""
        if hint := called or did_you_mean(word, TRIGGER_EXAMPLES):
            place.at(word).error(f"there is no trigger '{word}'{hint}", at_key=True)
            return
    listed = ", ".join(f"`{shape}`" for shape in TRIGGER_EXAMPLES.values())
    place.error(f"a trigger is one of {listed}")
