"""From places as pydantic tells them to places of the file, and what a step is called there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args, get_origin

from pydantic import Tag

from orchestrator.documents.document import Path
from orchestrator.domain.phrase import say
from orchestrator.language.form_union import tagged
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form
from orchestrator.language.step_forms import STEP_KINDS
from orchestrator.language.step_forms.message_forms import MessageForm
from orchestrator.language.step_forms.step_form import FORMS, StepForm
from orchestrator.language.trigger_forms.trigger_form import TRIGGER_FORMS, TriggerForm

_FREE = "{}"  # the tag of the forms under the free keys of a map: `facts: {orders: …}`


def resolve(
    loc: tuple[int | str, ...], form: type[Form], place: Place
) -> tuple[Path, type[Form] | None]:
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
        inner = dict(forms_of(holder, part)) if holder else {}
        if isinstance(here, dict) and part in here:
            path = (*path, part)
    return path, holder


def forms_of(form: type[Form], key: str) -> Iterator[tuple[str, type[Form]]]:
    """Every form that may stand behind a key, with the tag that chooses it."""
    for name, field in form.model_fields.items():
        if (field.alias or name) == key:
            yield from _forms_in(field.annotation, "")
            for extra in field.metadata:
                yield from _forms_in(extra, "")


def _forms_in(annotation: object, tag: str) -> Iterator[tuple[str, type[Form]]]:
    """Every form inside a type, with the tag that chooses it in a union ("" without one)."""
    if annotation in (StepForm, TriggerForm):
        forms: Mapping[str, type[Form]] = FORMS if annotation is StepForm else TRIGGER_FORMS
        yield from tagged(forms).items()
        return
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


def innermost_step(place: Place, path: Path) -> Path | None:
    """The path of the step that a path leads into."""
    for end in range(len(path), 1, -1):
        if isinstance(path[end - 1], int) and path[end - 2] in ("steps", "then", "else"):
            return path[:end]
    return None


def name_step(place: Place, path: Path) -> Place:
    """The place, naming the innermost step on the path."""
    step = innermost_step(place, path)
    return (
        place
        if step is None
        else place.in_step(describe_step(place.at(*step).written, int(step[-1])))
    )


def describe_step(written: object, index: int) -> str:
    """What to call a step that has no derived id yet: its id, its template, or its word and
    number.
    """
    if not isinstance(written, dict):
        return (
            str(written) if isinstance(written, str) else say("number {number}", number=index + 1)
        )
    inner = next((value for key, value in written.items() if key in STEP_KINDS), None)
    for source in (written, inner if isinstance(inner, dict) else {}):
        for key in ("id", "template"):
            if isinstance(source.get(key), str):
                return str(source[key])
    word = next((key for key in written if key in STEP_KINDS), next(iter(written), "step"))
    sends = word in FORMS and issubclass(FORMS[word], MessageForm)
    return (
        inner
        if isinstance(inner, str) and sends
        else say("{word}, number {number}", word=word, number=index + 1)
    )
