"""What every step of the journey language is as a form: its word, its keys, and the step it builds.

A form is registered by its word; the union of all forms, and what may be written, come from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

from orchestrator.documents.document import Path
from orchestrator.domain.message import Purpose
from orchestrator.domain.phrase import say
from orchestrator.domain.step import Step
from orchestrator.language.form_union import any_of, tag
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form


@dataclass(frozen=True, slots=True)
class Site:
    """Where a step is built: its id, the place of what stands behind its word, the steps inside it
    by their path from the step, its journey and what that is for, and the ids of the steps `later`
    in this block or in one around it."""

    id: str
    place: Place
    blocks: Mapping[Path, tuple[Step, ...]]
    purpose: Purpose
    journey: str
    later: frozenset[str]


class StepForm(Form):
    """One step as it is written: `id`, and the word with what stands behind it, which is a field of
    that name. `class MuteForm(StepForm, word="mute")` makes a kind known; `built=False` says that
    it belongs to the language and comes later.
    """

    word: ClassVar[str]
    is_built: ClassVar[bool]
    ends: ClassVar[bool] = False  # nobody goes on behind it, or ever stands on it
    is_bare: ClassVar[bool] = False  # may be written as its word alone

    id: str | None = None

    def __init_subclass__(cls, word: str = "", built: bool = True, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.word, cls.is_built = word, built
        if word:
            FORMS[word] = cls

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """`StepForm` itself is any of the forms."""
        if cls is not StepForm:
            return handler(source)
        return any_of(FORMS, handler, noun="step", tag_of=kind_of_step, spell=_spell_step)

    @property
    def options(self) -> Any:
        """What stands behind the word."""
        return getattr(self, self.word)

    @property
    def given_id(self) -> str | None:
        """The id that the author wrote, beside the word or behind it."""
        return self.id if self.id is not None else getattr(self.options, "id", None)

    @property
    def sends(self) -> str | None:
        """The template of a message; None for other steps. Steps are named by it."""
        return None

    def blocks(self) -> Iterator[tuple[Path, Sequence[StepForm]]]:
        """The lists of steps inside, in written order, each with its path from the step."""
        return iter(())

    def build(self, site: Site) -> Step | None:
        """The step of the domain; None where it is faulty, which is reported at its place."""
        site.place.not_built(say("`{word}`", word=self.word))
        return None


#: Every form by its word, in the order in which the language is told.
FORMS: dict[str, type[StepForm]] = {}


def kind_of_step(value: object) -> str | None:
    """The tag of a step's map; None where there is no word in it."""
    if not isinstance(value, dict):
        return None
    return next((tag(word) for word in FORMS if word in value), None)


def _spell_step(value: object) -> object:
    form = FORMS.get(value) if isinstance(value, str) else None
    return {value: None} if form is not None and form.is_bare else value
