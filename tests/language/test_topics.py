"""`[topics]` of parcours.toml: names per language, what is declared, and what is only nearly so."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.topics import Topic
from orchestrator.language.config_file import load_config
from orchestrator.language.project import read_project
from tests.support.project import write_project

TOPICS = """\
[topics]
offers = {en = "Offers", fr = "Offres"}
news = "News"
[topics.calls]
name = {en = "Calls", fr = "Appels"}
description = {en = "We ring you up."}
default = "denied"
shown = false
"""
NEWS = "journey: news\ntrigger: manual\ntopic: {topic}\nsteps:\n  - email: news\n"


def problems(root: Path, toml: str, journey: str) -> list[str]:
    write_project(root, journey, toml=toml)
    return [str(problem) for problem in read_project(root, {}, need_templates=False)[1]]


def test_a_topic_has_names_per_language_in_short_or_at_length(tmp_path: Path) -> None:
    (tmp_path / "parcours.toml").write_text(TOPICS, "utf-8")
    assert load_config(tmp_path, {}).topics == {
        "offers": Topic("offers", {"en": "Offers", "fr": "Offres"}),
        "news": Topic("news", {"": "News"}),
        "calls": Topic(
            "calls",
            {"en": "Calls", "fr": "Appels"},
            {"en": "We ring you up."},
            asks_yes=True,
            shown=False,
        ),
    }


@pytest.mark.parametrize("topic", ["offers", "Offers", "calls"])
def test_a_declared_topic_may_be_used_in_any_case(tmp_path: Path, topic: str) -> None:
    assert problems(tmp_path, TOPICS, NEWS.format(topic=topic)) == []


def test_where_topics_stand_another_is_an_error_with_a_suggestion(tmp_path: Path) -> None:
    step = f"{NEWS.format(topic='ofers')}  - subscribe: neews\n  - unsubscribe: sport\n"
    assert problems(tmp_path, TOPICS, step) == [
        "journeys/news.yaml:3:8: there is no topic 'ofers'; did you mean 'offers'?",
        "journeys/news.yaml:6:16: step 'subscribe-at-end': there is no topic 'neews'; did you mean "
        "'news'?",
        "journeys/news.yaml:7:18: step 'unsubscribe-at-end': there is no topic 'sport' (known: calls, "
        "news, offers)",
    ]


def test_without_topics_any_may_be_used(tmp_path: Path) -> None:
    assert problems(tmp_path, "", NEWS.format(topic="ofers")) == []
