"""Surveys: NPS and CSAT are there, one's own are read, and what fits no page is refused."""

from __future__ import annotations

import pytest

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.errors import Problem
from orchestrator.domain.survey import Survey, SurveyKind, in_locale
from orchestrator.language.place import Known
from orchestrator.language.surveys import read_surveys

OFFER = """\
surveys:
  which-offer:
    type: choice
    question: {en: Which offer?, fr: Quelle offre ?}
    options:
      - {id: free-shipping, label: {en: Free shipping, fr: Livraison offerte}}
      - {id: "10", label: 10 %}
    thanks: Thank you
"""


def read(text: str | None) -> tuple[dict[str, Survey], list[Problem]]:
    problems: list[Problem] = []
    return read_surveys(
        None if text is None else read_yaml(text, "s")[0], Known(), problems
    ), problems


@pytest.mark.parametrize(("name", "scores"), [("nps", range(11)), ("csat", range(1, 6))])
def test_nps_and_csat_are_built_in_in_two_languages(name: str, scores: range) -> None:
    survey = read(None)[0][name]
    assert survey.scores == scores
    for texts in (survey.question, survey.low_label, survey.high_label, survey.thanks):
        assert set(texts) == {"en", "fr"}


def test_a_choice_is_read_with_its_options() -> None:
    surveys, problems = read(OFFER)
    offer = surveys["which-offer"]
    assert problems == []
    assert (offer.kind, [option.id for option in offer.options]) == (
        SurveyKind.CHOICE,
        ["free-shipping", "10"],
    )
    assert in_locale(offer.options[0].label, "fr-CA") == "Livraison offerte"
    assert in_locale(offer.options[1].label, "fr") == "10 %"
    assert "nps" in surveys


def test_a_scale_accepts_its_scores_a_choice_its_options_a_text_anything() -> None:
    surveys, _ = read(
        f"{OFFER}  how: {{type: scale, question: How?}}\n  why: {{type: text, question: Why?}}\n"
    )
    assert [surveys["how"].accepts(score) for score in (0, 1, 5, 6)] == [False, True, True, False]
    assert not surveys["how"].accepts(True)
    assert surveys["which-offer"].accepts("free-shipping")
    assert not surveys["which-offer"].accepts("gold")
    assert surveys["why"].accepts("because")


@pytest.mark.parametrize(
    ("locale", "fallback", "text"),
    [
        ("fr-CA", "en", "ça"),
        ("fr_FR", "en", "fr"),
        ("fr_CA", "en", "ça"),
        ("de", "en", "en"),
        ("de", "it", "bare"),
        ("", "fr", "fr"),
    ],
)
def test_a_text_falls_back_from_locale_to_language_to_the_project_s(
    locale: str, fallback: str, text: str
) -> None:
    assert in_locale({"fr-CA": "ça", "fr": "fr", "en": "en", "": "bare"}, locale, fallback) == text


def test_without_texts_there_is_no_text() -> None:
    assert in_locale({}, "fr") == ""


@pytest.mark.parametrize(
    ("survey", "expected"),
    [
        ("{type: scale}", "s:2:6: `question` is missing here"),
        ("{type: stars, question: q}", "s:2:13: `type` must be scale or choice or text"),
        ("{type: choice, question: q}", "s:2:6: a choice needs two `options` or more"),
        (
            "{type: scale, question: q, options: [{id: a, label: b}]}",
            "s:2:33: `options` means nothing to a survey",
        ),
        (
            "{type: text, question: q, low: x}",
            "s:2:32: `low` means nothing to a survey of type text",
        ),
        (
            "{type: scale, question: q, lowest: 5, highest: 5}",
            "s:2:6: a scale runs from `lowest` up to `highest`",
        ),
        (
            "{type: scale, question: q, lowest: 0, highest: 11}",
            "s:2:6: a scale runs from `lowest` up to `highest`",
        ),
        ("{type: text, question: {english: q}}", "s:2:29: 'english' is no locale"),
        ("{type: text, question: 3}", "s:2:29: this is a text, or one per locale"),
        (
            "{type: choice, question: q, options: [{id: a, label: x}, {id: a, label: y}]}",
            "s:2:68: the option's id 'a'",
        ),
        ("{typ: text, question: q}", "s:2:7: unknown key 'typ'; did you mean 'type'?"),
    ],
)
def test_a_faulty_survey_is_refused_at_its_place(survey: str, expected: str) -> None:
    _, problems = read(f"surveys:\n  x: {survey}\n")
    assert any(str(problem).startswith(expected) for problem in problems), problems
