"""What is said of a key or value that a form does not take, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.documents.document import Syntax
from orchestrator.domain.medium import Medium
from orchestrator.domain.phrase import Phrase, either, say
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.language.form_places import forms_of
from orchestrator.language.other_words import (
    ENTRIES,
    IN_TABLES,
    ITEMS,
    NOT_OF_A_JOURNEY,
    OF_TEXT,
    SHAPES,
    known_word,
)
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form, clock_time, duration
from orchestrator.language.schema import JourneyForm
from orchestrator.language.step_forms import STEP_KINDS
from orchestrator.language.step_forms.message_forms import MessageOptions
from orchestrator.language.step_forms.step_form import StepForm
from orchestrator.language.step_forms.wait_forms import DelayForm
from orchestrator.language.step_forms.way_forms import IfArm

_NO_TEXT = ("string_type", "dict_type", "list_type", "model_type", "model_attributes_type")
TYPES = {
    "string_type": say("text"),
    "int_type": say("a whole number"),
    "float_type": say("a number"),
    "bool_type": say("true or false"),
    "list_type": say("a list"),
    "dict_type": say("a map (key: value)"),
    "model_type": say("a map (key: value)"),
    "model_attributes_type": say("a map (key: value)"),
}
TYPES_OF_TOML = {
    "string_type": say("text: put it between quotes"),
    "bool_type": say("true or false, without quotes"),
    "dict_type": say("a table"),
    "model_type": say("a table"),
}


def keys_of(model: type[Form] | None) -> list[str]:
    """The keys that a form offers: those not built yet are left out."""
    if model is None:
        return []
    fields = [
        (name, one) for name, one in model.model_fields.items() if name not in model.not_built
    ]
    return [key for name, one in fields for key in model.written_as.get(name, [one.alias or name])]


def tell_missing(name: str, place: Place) -> Phrase:
    """A key that must be there, with an example of it."""
    hint = _FOR_A_TRIGGER if name == "to" and "trigger" in place.path else _MISSING.get(name, "")
    return say("`{name}` is missing here{example}", name=name, example=hint)


_FOR_A_TRIGGER = say(' (whom it means: `to: performed("Product Viewed", within="30d")`)')
_MISSING = {
    "to": say(" (`customer` or `referrer`)"),
    "within": say(" (how long to wait, such as 2d)"),
    "lifecycle": say(" (the name of it all: `lifecycle: customer-relationship`)"),
    "at": say(" (when, such as 0h or 2d)"),
    "ago": say(" (how long before the start, such as 2d)"),
    "template": say(" (`template: cart-reminder`)"),
    "expect": say(" (`expect: []` where nothing should happen)"),
}


def tell_wrong_type(kind: str, place: Place) -> Phrase:
    """What to write in the place of something of another kind."""
    key, written = str(place.path[-1]) if place.path else "", place.written
    if place.document.syntax is Syntax.TOML:
        return tell_wrong_type_in_toml(kind, place)
    if place.path and isinstance(place.path[-1], int):
        holder = next((part for part in reversed(place.path) if isinstance(part, str)), "")
        return say(
            "each entry of `{holder}` is written as `- {item}`",
            holder=holder,
            item=ITEMS.get(holder, "key: value"),
        )
    if len(place.path) == 2 and place.path[0] in ENTRIES:
        noun, shape = ENTRIES[str(place.path[0])]
        return say("{noun} is written as `{key}: {shape}`", noun=noun, key=key, shape=shape)
    if key in tuple(Medium) and isinstance(written, list):
        return say(
            "a step sends one message: write a step for each, `- {key}: cart-reminder`", key=key
        )
    if written is None:
        return say("`{key}` has no value{shape}", key=key, shape=as_shaped(key))
    is_enough = key != "wait_until" or _is_read(clock_time, written)
    if isinstance(written, str) and key in OF_TEXT and kind != "string_type" and is_enough:
        return say(
            "`{key}` is written as `{key}: {shape}`",
            key=key,
            shape=OF_TEXT[key].replace("TEXT", written),
        )
    if key in SHAPES and kind in _NO_TEXT and kind != "string_type":
        return say("`{key}` is written as `{key}: {shape}`", key=key, shape=SHAPES[key])
    if kind == "string_type" and isinstance(written, dict | list):
        several = say(" (several events: one trigger, exit or step each)") if key == "event" else ""
        return say("`{key}` takes one text{several}", key=key, several=several)
    quoted = say(" (put it between quotes)") if kind == "string_type" else ""
    return say("`{key}` must be {type}{quoted}", key=key, type=TYPES[kind], quoted=quoted)


def as_shaped(key: str) -> Phrase:
    """How a key is written, where there is one way."""
    return say(": write `{key}: {shape}`", key=key, shape=SHAPES[key]) if key in SHAPES else say("")


def tell_wrong_type_in_toml(kind: str, place: Place) -> Phrase:
    key = place.path[-1] if place.path else ""
    if isinstance(key, int):
        return say("`{path}` must be a list of texts between quotes", path=place.path[-2])
    shape = IN_TABLES.get(str(place.path[0])) if len(place.path) == 2 else None
    example = say(", such as {shape}", shape=shape) if shape else ""
    wanted = TYPES_OF_TOML.get(kind, TYPES[kind])
    return say("`{key}` must be {type}{example}", key=key, type=wanted, example=example)


def tell_not_among(place: Place, expected: str) -> Phrase:
    """A value that is none of a few words."""
    words, written, key = read_words(expected), place.written, place.path[-1]
    if isinstance(key, int):
        holder, listed = place.path[-2], ", ".join(words)
        return say("each entry of `{holder}` is one of {listed}", holder=holder, listed=listed)
    if words == ["True"]:
        return say("`{key}` takes no value: write it alone", key=key)
    if key == "reentry":
        after = f"{{after: {written if _is_read(duration, written) else '7d'}}}"
        return say("`reentry` must be never, always or {after}", after=after)
    hint = did_you_mean(written, words) if isinstance(written, str) else ""
    return say("`{key}` must be {listed}{hint}", key=key, listed=either(words), hint=hint)


def read_words(expected: str) -> list[str]:
    """The words that pydantic lists."""
    return expected.replace("'", "").replace(" or ", ", ").split(", ")


def _is_read(read: Callable[[object], object], written: object) -> bool:
    try:
        read(written)
    except ValueError:
        return False
    return True


def tell_unknown_key(
    key: str, model: type[Form] | None, place: Place, known: Sequence[str] = ()
) -> Phrase:
    """A key that the form does not have, and what may be meant."""
    known = known or keys_of(model)
    of_a_step = model is not None and issubclass(model, StepForm | MessageOptions)
    if of_a_step and key in STEP_KINDS:
        return say(
            "a step does one thing: put `{key}` into a step of its own (a line "
            "that begins with '-')",
            key=key,
        )
    if of_a_step and key in ("if", "only_if", "when", "condition"):
        return say(
            "a step has no `{key}`: put it into a branch, `- branch: [{{if: …, "
            "then: [{{email: …}}]}}]`",
            key=key,
        )
    if model is not None and issubclass(model, StepForm) and key in _keys_inside(model):
        return say(
            "`{key}` stands inside of `{word}`: write `{word}: {{{first}, {key}: …}}`",
            key=key,
            word=model.word,
            first=_first_inside(model.word, place),
        )
    if model is IfArm and key == "else":
        return say("`else` is an entry of its own: write `- else: […]` after this one")
    if model is DelayForm and key == "for":
        return say("a delay is written as `delay: 14d`")
    if meant := known_word(key, known):
        return say("unknown key '{key}'; it is called '{meant}' here", key=key, meant=meant)
    if model is JourneyForm and key in NOT_OF_A_JOURNEY:
        return say(
            "a journey has no `{key}`: {advice}",
            key=key,
            advice=NOT_OF_A_JOURNEY[key],
        )
    near = did_you_mean(key, known)
    if not near and place.written is None and place.document.syntax is Syntax.YAML:
        return say(
            "unknown key '{key}', without a value: where it is part of the text before it, put all "
            "of that text between quotes, since a comma begins a new key",
            key=key,
        )
    hint = near or (
        say(" (known: {listed})", listed=", ".join(known))
        if known
        else say(": nothing is written below this")
    )
    return say("unknown key '{key}'{hint}", key=key, hint=hint)


def _keys_inside(model: type[StepForm]) -> list[str]:
    """The keys of the map that may stand behind a step's word."""
    forms = [form for _, form in forms_of(model, model.word) if not issubclass(form, StepForm)]
    return [key for form in forms for key in keys_of(form)]


def _first_inside(word: str, place: Place) -> str:
    """How the map behind a step's word begins, as the author means it."""
    step = place.document.get(place.path[:-1])
    written = step.get(word) if isinstance(step, dict) else None
    is_template = isinstance(written, str) and word in tuple(Medium)
    return f"template: {written}" if is_template else "…"
