"""A file's document becomes its form, or faults at their places."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from orchestrator.domain.phrase import Phrase
from orchestrator.language.form_errors import report_form_errors
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form

F = TypeVar("F", bound=Form)


def read_form(kind: type[F], place: Place, begins_with: Phrase) -> F | None:
    """The form of a whole file; None where it is none, which is reported. `begins_with` says how
    such a file begins, to whoever wrote no keys at all.
    """
    if not isinstance(place.document.data, dict):
        place.error(begins_with)
        return None
    try:
        return kind.model_validate(place.document.data)
    except ValidationError as fault:
        report_form_errors(fault, kind, place)
        return None
