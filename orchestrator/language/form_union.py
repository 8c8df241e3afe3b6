"""The union of all forms of a family, steps or triggers: which of them a map is, its words say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from orchestrator.language.plain_forms import Form

F = TypeVar("F", bound=Form)


def tag(word: str) -> str:
    """The tag that errors name a form by: `<email>`, in brackets, so that it is never taken for a
    key.
    """
    return f"<{word}>"


def tagged(forms: Mapping[str, type[F]]) -> dict[str, type[F]]:
    """Forms by their tag instead of their word."""
    return {tag(word): form for word, form in forms.items()}


def any_of(
    forms: Mapping[str, type[F]],
    handler: GetCoreSchemaHandler,
    *,
    noun: str,
    tag_of: Callable[[object], str | None],
    spell: Callable[[object], object],
) -> CoreSchema:
    """The schema of what is one of the forms: `spell` makes a map of what may be written shorter,
    `tag_of` tells which form it is; None is an error of the kind `unknown_<noun>`.
    """
    union = core_schema.tagged_union_schema(
        {name: handler.generate_schema(form) for name, form in tagged(forms).items()},
        tag_of,
        custom_error_type=f"unknown_{noun}",
        custom_error_message=f"this is no {noun}",
    )
    return core_schema.no_info_before_validator_function(spell, union)
