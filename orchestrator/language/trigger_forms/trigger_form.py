"""What every trigger of the journey language is as a form: its word, its keys, and the trigger it
builds.

A form is registered by its word; the union of all forms, and what may be written, come from there.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from orchestrator.domain.expression import Condition
from orchestrator.domain.phrase import say
from orchestrator.domain.triggers import Trigger
from orchestrator.language.form_union import any_of, tag
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form, Rule
from orchestrator.language.where import TRIGGER_WITHOUT_EVENT, Where


class TriggerForm(Form):
    """One trigger as it is written. `class OnStage(TriggerForm, word="stage", example="{stage:
    loyal}")` makes a kind known; one without an example belongs to the language and comes later.
    """

    word: ClassVar[str]
    example: ClassVar[str]
    where: ClassVar[Where] = TRIGGER_WITHOUT_EVENT  # its `if` stands there

    if_: Rule | None = Field(None, alias="if")

    def __init_subclass__(cls, word: str = "", example: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.word, cls.example = word, example
        if word:
            TRIGGER_FORMS[word] = cls

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """`TriggerForm` itself is any of the forms."""
        if cls is not TriggerForm:
            return handler(source)
        return any_of(
            TRIGGER_FORMS, handler, noun="trigger", tag_of=_kind_of_trigger, spell=_spell_trigger
        )

    def read(self, place: Place) -> Trigger | None:
        """The trigger of the domain; None where it is faulty, which is reported at its place."""
        return self.build(place)

    def build(self, place: Place) -> Trigger | None:
        """The same, of what this kind adds."""
        place.at(self.word).not_built(say("the trigger `{word}`", word=self.word))
        return None

    def condition(self, place: Place) -> Condition | None:
        """What is written behind `if`."""
        return place.at("if").condition(self.if_, self.where)


#: Every form by its word, in the order in which the language is told.
TRIGGER_FORMS: dict[str, type[TriggerForm]] = {}


def _kind_of_trigger(value: object) -> str | None:
    """The tag of a trigger's map. What takes a segment is no trigger by one."""
    found = [word for word in TRIGGER_FORMS if isinstance(value, dict) and word in value]
    found.sort(key=lambda word: word == "segment" or "segment" not in _fields(word))
    return tag(found[0]) if found else None


def _fields(word: str) -> set[str]:
    return set(TRIGGER_FORMS[word].model_fields)


def _spell_trigger(value: object) -> object:
    return {"manual": None} if value == "manual" else value


def check_segment(name: str | None, place: Place) -> None:
    """Reports a segment that does not exist."""
    if name is not None:
        place.at("segment").check_known(say("segment"), name, place.known.segments)
