"""Steps as people call them: ids derived from a step's kind are taken apart again."""

from __future__ import annotations

import re

from orchestrator.language.step_forms import FORMS
from orchestrator.language.step_forms.message_forms import MessageForm

#: Kinds whose ids are derived from their word; a message is called by its template.
_WORDS = "|".join(
    form.word.replace("_", "-")
    for form in FORMS.values()
    if form.is_built and not form.ends and not issubclass(form, MessageForm)
)
_DERIVED = re.compile(rf"(?P<kind>{_WORDS})-(?:before-(?P<ahead>.+)|(?P<end>at-end))")
_KINDS = {"wait-until": "wait", "wait-for": "wait for an event"}


def name_step(step_id: str) -> str:
    """`delay-before-hello` as `delay before hello`; an id that the author gave stays as it is."""
    found = _DERIVED.fullmatch(step_id)
    if found is None:
        return step_id
    kind = _KINDS.get(found["kind"], found["kind"])
    return f"{kind} at the end" if found["end"] else f"{kind} before {found['ahead']}"
