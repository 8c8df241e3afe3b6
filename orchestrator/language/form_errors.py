"""What pydantic found, said in the words of the language, at the place in the file."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.documents.document import Path
from orchestrator.domain.medium import Medium
from orchestrator.domain.phrase import said_by, say
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.language.form_places import innermost_step, name_step, resolve
from orchestrator.language.form_refusals import (
    TYPES,
    as_shaped,
    keys_of,
    read_words,
    tell_missing,
    tell_not_among,
    tell_unknown_key,
    tell_wrong_type,
)
from orchestrator.language.other_words import (
    SHAPES,
    TRIGGERS_ELSEWHERE,
    known_word,
)
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form
from orchestrator.language.step_forms import BUILT_STEPS, NOT_BUILT, STEP_KINDS
from orchestrator.language.step_forms.step_form import kind_of_step
from orchestrator.language.trigger_forms import TRIGGER_EXAMPLES, TRIGGER_KINDS

#: An error of pydantic's, the form that it is of, and where it stands.
_Found = tuple[ErrorDetails, type[Form] | None, Path]


def report_form_errors(fault: ValidationError, form: type[Form], place: Place) -> list[Path]:
    """Reports every error of a validation at its place; the paths of what is faulty."""
    found: list[_Found] = []
    for error in fault.errors(include_url=False, include_input=False):
        path, model = resolve(error["loc"], form, place)
        found.append((error, model, path))
    meant = {
        (path[:-1], known)
        for error, model, path in found
        if error["type"] == "extra_forbidden"
        and (known := known_word(str(path[-1]), keys_of(model)))
    }
    refused: set[Path] = set()
    for error, model, path in found:
        if error["type"] == "string_type" and _is_read_as_map(path, found, place):
            continue
        if (part := _part_not_built(place, path)) is not None:
            if part not in refused:
                refused.add(part)
                what = say("`{word}`", word=part[-1])
                if part[0] == "trigger":
                    what = say("the trigger {word}", word=what)
                name_step(place, path).at(*part).not_built(what)
        elif error["type"] != "missing" or (path, error["loc"][-1]) not in meant:
            _report(error, model, name_step(place, path).at(*path))
    return [path for _, _, path in found]


def _is_read_as_map(path: Path, found: list[_Found], place: Place) -> bool:
    """Whether what may be a text or a map is written as a map, with a fault inside of it."""
    inside = any(other[: len(path)] == path and other != path for _, _, other in found)
    return inside and isinstance(place.at(*path).written, dict)


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


def _report(error: ErrorDetails, model: type[Form] | None, place: Place) -> None:
    key = str(place.path[-1]) if place.path else ""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        place.error(tell_unknown_key(key, model, place), at_key=True)
    elif kind == "missing":
        place.error(tell_missing(str(error["loc"][-1]), place))
    elif kind == "unknown_step":
        _report_no_step(place)
    elif kind == "unknown_trigger":
        _report_no_trigger(place)
    elif kind in ("less_than_equal", "greater_than_equal", "less_than", "greater_than"):
        limit = next(value for value in context.values() if isinstance(value, int | float))
        word = {
            "less_than_equal": say("at most"),
            "greater_than_equal": say("at least"),
            "less_than": say("less than"),
        }
        place.error(
            say(
                "`{key}` must be {bound} {limit:g}",
                key=key,
                bound=word.get(kind, say("more than")),
                limit=limit,
            )
        )
    elif kind in TYPES:
        place.error(tell_wrong_type(kind, place))
    elif kind == "enum" and error["loc"][-1] == "[key]":  # of a map whose keys are few
        known = read_words(str(context["expected"]))
        place.error(tell_unknown_key(key, None, place, known), at_key=True)
    elif kind in ("literal_error", "enum"):
        place.error(tell_not_among(place, str(context["expected"])))
    elif kind == "value_error":
        place.error(said_by(context["error"]))
    elif kind == "too_short":
        what = (
            say("is empty")
            if context["min_length"] == 1
            else say("needs at least {number} entries", number=context["min_length"])
        )
        place.error(say("`{key}` {what}{shape}", key=key, what=what, shape=as_shaped(key)))
    elif kind in ("string_pattern_mismatch", "string_too_short"):
        place.error(_PATTERNS.get(key, say("`{key}` is empty", key=key)))
    else:
        told = f"{error['msg'][0].lower()}{error['msg'][1:]}"
        place.error(say("`{key}`: {told}", key=key, told=told))


_PATTERNS = {
    "journey": say("a journey's id holds letters, digits, '-' and '_' only"),
    "currency": say("a currency is written with three capital letters, such as EUR"),
}


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
        hint = (
            say("; did you mean '{meant}'?", meant=meant)
            if meant
            else did_you_mean(word, BUILT_STEPS)
        )
        if isinstance(written, str) and (Medium.EMAIL, word) in (place.known.templates or ()):
            hint = say(": write `email: {word}` to send this template", word=word)
        head, colon, rest = word.partition(":")
        if isinstance(written, str) and head in STEP_KINDS and colon:
            hint = say(": a blank follows the colon, `{head}: {rest}`", head=head, rest=rest)
        if isinstance(written, str) and word in STEP_KINDS and word in SHAPES:
            hint = say(": write `{word}: {shape}`", word=word, shape=SHAPES[word])
        if hint or len(words) == 1:
            target = place.at(word) if isinstance(written, dict) else place
            listed = hint or say(" (known: {listed})", listed=", ".join(BUILT_STEPS))
            target.error(
                say("there is no step '{word}'{listed}", word=word, listed=listed),
                at_key=isinstance(written, dict),
            )
            return
    nothing = say("this line holds no step: ") if written is None else ""
    place.error(
        say(
            "{nothing}a step needs one of: {listed}", nothing=nothing, listed=", ".join(BUILT_STEPS)
        )
    )


def _report_no_trigger(place: Place) -> None:
    written = place.written
    if isinstance(written, str):
        if written in TRIGGER_EXAMPLES:
            place.error(
                say(
                    "`{written}` is written with its name, such as `{example}`",
                    written=written,
                    example=TRIGGER_EXAMPLES[written],
                )
            )
        elif hint := did_you_mean(written, ("manual",)):
            place.error(say("there is no trigger '{written}'{hint}", written=written, hint=hint))
        elif meant := TRIGGERS_ELSEWHERE.get(written.lower()):
            place.error(
                say(
                    "there is no trigger '{written}': write `{meant}`", written=written, meant=meant
                )
            )
        else:
            place.error(say("write `{{event: {written}}}` for an event", written=written))
        return
    words = list(written) if isinstance(written, dict) else []
    for word in words:
        meant = known_word(word, TRIGGER_EXAMPLES)
        called = say("; it is called '{meant}' here", meant=meant) if meant else say("")
        if hint := called or did_you_mean(word, TRIGGER_EXAMPLES):
            place.at(word).error(
                say("there is no trigger '{word}'{hint}", word=word, hint=hint), at_key=True
            )
            return
    listed = ", ".join(f"`{shape}`" for shape in TRIGGER_EXAMPLES.values())
    place.error(say("a trigger is one of {listed}", listed=listed))
