"""What the public pages say, one file a language. A shop's own words come from its surveys and
journeys.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files

from orchestrator.domain.locales import language_of

Words = Mapping[str, str]


def _read_languages() -> dict[str, dict[str, object]]:
    folder = files("orchestrator.api").joinpath("languages")
    texts = {
        file.name: file.read_text("utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }
    return {name.removesuffix(".toml"): tomllib.loads(text) for name, text in sorted(texts.items())}


def _only_text(table: object) -> Words:
    assert isinstance(table, dict)
    return {key: text for key, text in table.items() if isinstance(text, str)}


_LANGUAGES = _read_languages()

#: By language, then by the name that templates use.
WORDS: Mapping[str, Words] = {language: _only_text(table) for language, table in _LANGUAGES.items()}

#: By language: what the pages say to those who run the shop.
DESK: Mapping[str, Words] = {
    language: _only_text(table["desk"]) for language, table in _LANGUAGES.items()
}

#: By language, then by topic.
TOPICS: Mapping[str, Words] = {
    language: _only_text(table["topics"]) for language, table in _LANGUAGES.items()
}


def name_topic(topic: str, language: str) -> str:
    """A topic in words."""
    return TOPICS[language].get(topic) or topic.replace("-", " ").replace("_", " ")


def choose_language(locales: list[str], accept_language: str, fallback: str) -> str:
    """The first of the locales whose language the pages speak, else what a browser accepts, else
    the fallback's.
    """
    for locale in [*locales, *_accepted(accept_language), fallback]:
        language = language_of(locale).strip()
        if language in WORDS:
            return language
    return "en"


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first (RFC 9110, 12.5.4)."""
    weighted = []
    for part in header[:500].split(","):
        language, _, parameter = part.strip().partition(";")
        _, _, weight = parameter.strip().partition("q=")
        try:
            weighted.append((float(weight or 1), language))
        except ValueError:
            continue
    return [
        language for weight, language in sorted(weighted, key=lambda one: -one[0]) if weight > 0
    ]
