"""What pages are made from: a database, and the project as its files are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from orchestrator.config import Config
from orchestrator.domain.journey import Journey
from orchestrator.domain.schedule import find_zone
from orchestrator.language.project import Project
from orchestrator.store.database import Database
from orchestrator.translations.catalogue import Catalogue, catalogue_of


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures come from, as of `now`. Without a project, whose files hold errors, pages show
    what the database alone tells."""

    database: Database
    config: Config
    now: datetime
    project: Project | None = None

    @property
    def journeys(self) -> Mapping[str, Journey]:
        """Today's journeys; none while their files hold errors."""
        return self.project.journeys if self.project else {}

    @property
    def zone(self) -> ZoneInfo:
        """The project's time zone."""
        zone = find_zone(self.config.project.timezone)
        assert zone is not None  # config refuses unknown zones
        return zone

    @property
    def catalogue(self) -> Catalogue:
        """The language of its pages."""
        return catalogue_of(self.config.project.locale)
