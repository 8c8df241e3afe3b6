"""A survey: one question on one page, asked by a link in a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.domain.locales import locale_tag, locale_tags

#: Texts by locale; the key "" holds for every locale.
Texts = Mapping[str, str]


class SurveyKind(StrEnum):
    SCALE = "scale"
    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a choice."""

    id: str
    label: Texts


@dataclass(frozen=True, slots=True)
class Survey:
    """One question. A scale runs from `lowest` to `highest`, both inclusive; a choice has options;
    a text neither.
    """

    id: str
    kind: SurveyKind
    question: Texts
    options: tuple[Option, ...] = ()
    lowest: int = 0
    highest: int = 0
    low_label: Texts = field(default_factory=dict)
    high_label: Texts = field(default_factory=dict)
    thanks: Texts = field(default_factory=dict)

    @property
    def scores(self) -> range:
        """The scores of a scale; nothing for other kinds."""
        return range(self.lowest, self.highest + 1) if self.kind is SurveyKind.SCALE else range(0)

    def accepts(self, answer: str | int) -> bool:
        """Whether an answer is one of those offered: a score, an option's id, or any text."""
        match self.kind:
            case SurveyKind.SCALE:
                return type(answer) is int and answer in self.scores
            case SurveyKind.CHOICE:
                return any(option.id == answer for option in self.options)
            case SurveyKind.TEXT:
                return isinstance(answer, str)


def in_locale(texts: Texts, locale: str, fallback: str = "en") -> str:
    """The text for a locale (`fr-CA`), its language (`fr`), the project's locale, any locale; ""
    without texts.
    """
    by_tag = {locale_tag(name): text for name, text in texts.items()}
    found = (by_tag[tag] for tag in (*locale_tags(locale, fallback), "") if tag in by_tag)
    return next(found, next(iter(texts.values()), ""))
