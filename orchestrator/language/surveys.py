"""`surveys.yaml`: questions with a page each. NPS and CSAT are built in, in English and French."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from orchestrator.documents.document import Document
from orchestrator.domain.errors import Problem
from orchestrator.domain.phrase import say
from orchestrator.domain.survey import Option, Survey, SurveyKind, Texts
from orchestrator.language.place import Known, Place
from orchestrator.language.plain_forms import Form
from orchestrator.language.reading import read_form

_LOCALE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
SCORES_MAX = 11  # more do not fit on a phone

BUILT_IN: dict[str, Survey] = {
    "nps": Survey(
        id="nps",
        kind=SurveyKind.SCALE,
        question={
            "en": "How likely are you to recommend us to a friend?",
            "fr": "Recommanderiez‑vous notre maison à un proche ?",
        },
        lowest=0,
        highest=10,
        low_label={"en": "Not at all likely", "fr": "Pas du tout"},
        high_label={"en": "Extremely likely", "fr": "Très volontiers"},
        thanks={"en": "Thank you for your answer.", "fr": "Merci de votre réponse."},
    ),
    "csat": Survey(
        id="csat",
        kind=SurveyKind.SCALE,
        question={"en": "How satisfied are you?", "fr": "Êtes-vous satisfait(e) ?"},
        lowest=1,
        highest=5,
        low_label={"en": "Very dissatisfied", "fr": "Très insatisfait(e)"},
        high_label={"en": "Very satisfied", "fr": "Très satisfait(e)"},
        thanks={"en": "Thank you for your answer.", "fr": "Merci de votre réponse."},
    ),
}


def _texts(value: object) -> dict[str, str]:
    if isinstance(value, str) and value:
        return {"": value}
    if (
        isinstance(value, dict)
        and value
        and all(isinstance(text, str) and text for text in value.values())
    ):
        for locale in value:
            if not _LOCALE.fullmatch(locale):
                raise ValueError(
                    say("'{locale}' is no locale: write en, fr or fr-CA", locale=locale)
                )
        return value
    raise ValueError(say("this is a text, or one per locale: {en: …, fr: …}"))


LocalTexts = Annotated[
    dict[str, str], BeforeValidator(_texts, json_schema_input_type=str | dict[str, str])
]


class OptionForm(Form):
    id: str
    label: LocalTexts


class SurveyForm(Form):
    type: Literal["scale", "choice", "text"]
    question: LocalTexts
    options: list[OptionForm] = Field(default_factory=list)
    lowest: Annotated[int, Field(ge=0)] | None = None
    highest: Annotated[int, Field(ge=1)] | None = None
    low: LocalTexts | None = None
    high: LocalTexts | None = None
    thanks: LocalTexts | None = None


class SurveysForm(Form):
    """The whole `surveys.yaml`."""

    surveys: dict[str, SurveyForm]


def read_surveys(
    document: Document | None, known: Known, problems: list[Problem]
) -> dict[str, Survey]:
    """The surveys of a file over the built-in ones; faults are added to `problems`."""
    if document is None:
        return dict(BUILT_IN)
    place = Place(document, known, problems)
    form = read_form(SurveysForm, place, say("this file begins with `surveys:`"))
    if form is None:
        return dict(BUILT_IN)
    return BUILT_IN | {
        name: _survey(name, survey, place.at("surveys", name))
        for name, survey in form.surveys.items()
    }


def _survey(name: str, form: SurveyForm, place: Place) -> Survey:
    if not _ID.fullmatch(name):
        place.error(
            say("the survey's name '{name}' may hold letters, digits, '-' and '_' only", name=name),
            at_key=True,
        )
    kind = SurveyKind(form.type)
    _check_parts(form, kind, place)
    lowest = 1 if form.lowest is None else form.lowest
    highest = 5 if form.highest is None else form.highest
    if kind is SurveyKind.SCALE and not lowest < highest < lowest + SCORES_MAX:
        place.error(
            say(
                "a scale runs from `lowest` up to `highest`, with at most {most} scores",
                most=SCORES_MAX,
            )
        )
    return Survey(
        id=name,
        kind=kind,
        question=form.question,
        options=tuple(Option(option.id, option.label) for option in form.options),
        lowest=lowest if kind is SurveyKind.SCALE else 0,
        highest=highest if kind is SurveyKind.SCALE else 0,
        low_label=form.low or {},
        high_label=form.high or {},
        thanks=form.thanks or _default_thanks(),
    )


def _default_thanks() -> Texts:
    return BUILT_IN["csat"].thanks


def _check_parts(form: SurveyForm, kind: SurveyKind, place: Place) -> None:
    if kind is SurveyKind.CHOICE and len(form.options) < 2:
        place.error(say("a choice needs two `options` or more"))
    foreign: dict[str, object] = {
        "lowest": form.lowest,
        "highest": form.highest,
        "low": form.low,
        "high": form.high,
    }
    if kind is SurveyKind.SCALE:
        foreign = {"options": form.options or None}
    elif kind is SurveyKind.TEXT:
        foreign["options"] = form.options or None
    for key, value in foreign.items():
        if value is not None:
            place.at(key).error(
                say("`{key}` means nothing to a survey of type {kind}", key=key, kind=kind),
                at_key=True,
            )
    seen: set[str] = set()
    for index, option in enumerate(form.options):
        if not _ID.fullmatch(option.id) or option.id in seen:
            fault = (
                say("is already there")
                if option.id in seen
                else say("may hold letters, digits, '-' and '_' only")
            )
            place.at("options", index, "id").error(
                say("the option's id '{id}' {fault}", id=option.id, fault=fault)
            )
        seen.add(option.id)
