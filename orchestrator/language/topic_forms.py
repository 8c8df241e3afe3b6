"""The table `[topics]` of `parcours.toml`: what customers may choose, by its name per language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from orchestrator.domain.phrase import say
from orchestrator.domain.survey import Texts
from orchestrator.domain.topics import Topic, has_plain_id, slug_of
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form, Text

_LOCALE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_KEYS = ("name", "description", "default", "shown")
_IN_EACH = '{en = "Offers", fr = "Offres"}'


def _texts(written: object) -> object:
    """One text for every language, or a map of a text for each."""
    if isinstance(written, str):
        return {"": written}
    if isinstance(written, dict):
        for locale in written:
            if not _LOCALE.fullmatch(locale):
                raise ValueError(
                    say(
                        "'{locale}' is no language: write {example}",
                        locale=locale,
                        example=_IN_EACH,
                    )
                )
    return written


InLanguages = Annotated[dict[str, Text], Field(min_length=1), BeforeValidator(_texts)]


class TopicForm(Form):
    name: InLanguages
    description: InLanguages | None = None
    default: Literal["denied", "granted"] = "granted"
    shown: bool = True


def _spell_topic(written: object) -> object:
    """`offers = {en = "Offers"}` is short for a topic of which the name alone is written."""
    is_name = isinstance(written, str) or (
        isinstance(written, dict) and written and not set(written) & set(_KEYS)
    )
    return {"name": written} if is_name else written


Topics = dict[str, Annotated[TopicForm, BeforeValidator(_spell_topic)]]


def read_topics(forms: Mapping[str, TopicForm], place: Place) -> dict[str, Topic]:
    """The topics by their id. Two that cannot be told apart are an error."""
    found: dict[str, Topic] = {}
    by_slug: dict[str, str] = {}
    for written, form in forms.items():
        here, slug = place.at(written), slug_of(written) or written
        if slug in by_slug:
            here.error(
                say(
                    "'{written}' and '{other}' are one and the same topic: keep one",
                    written=written,
                    other=by_slug[slug],
                )
            )
            continue
        if not has_plain_id(written):
            here.check_topic_id(written)
        by_slug[slug], key = written, written.strip().lower()
        found[key] = Topic(
            key, _plain(form.name), _plain(form.description), form.default == "denied", form.shown
        )
    return found


def _plain(texts: Texts | None) -> Texts:
    return {locale: " ".join(text.split()) for locale, text in (texts or {}).items()}
