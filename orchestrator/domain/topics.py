"""Topics: what customers may choose to hear about, each by a name that they understand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.domain.survey import Texts, in_locale

_PLAIN = re.compile(r"[a-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic that the project declares. `asks_yes`: who has not said yes to the topic itself
    gets nothing of it; `shown`: it is offered to customers to choose.
    """

    id: str
    names: Texts
    descriptions: Texts = field(default_factory=dict)
    asks_yes: bool = False
    shown: bool = True


@dataclass(frozen=True, slots=True)
class TopicNames:
    """How readers are told what a message is about: by the topics of a project, and by the titles
    of the journeys that have none and so are refused by themselves.
    """

    topics: Mapping[str, Topic] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)  # by the journey's id

    @property
    def shown(self) -> list[Topic]:
        """What readers may choose, in the order in which it is declared."""
        return [topic for topic in self.topics.values() if topic.shown]

    def name(self, topic: str, locale: str, fallback: str) -> str:
        """The name of a topic in a reader's language, else the title of its journey; "" where the
        project says nothing of it.
        """
        declared = self.topics.get(topic.strip().lower())
        return (
            in_locale(declared.names, locale, fallback) if declared else self.titles.get(topic, "")
        )


def has_plain_id(topic: str) -> bool:
    """Whether a topic's id can stand in addresses and headers as it is written."""
    return _PLAIN.fullmatch(topic) is not None


def slug_of(topic: str) -> str:
    """What stands for a topic in addresses and headers; "" where none of its letters can."""
    plain = unicodedata.normalize("NFKD", topic).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9_-]+", "-", plain).strip("-")
