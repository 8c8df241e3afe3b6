"""Makes the pages of a project: the files are read once, figures for each that is asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from orchestrator.config import Config
from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.phrase import say
from orchestrator.engine.last_tick import read_own_time
from orchestrator.language.project import JOURNEYS, Project, load_project
from orchestrator.report.all_pages import PAGES
from orchestrator.report.page_asked import MadePage, PageAsked
from orchestrator.report.page_blocks import Alert, Alerts, Page, Prose
from orchestrator.report.page_html import Look
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import When
from orchestrator.report.page_writing import writing_of
from orchestrator.store.availability import unless_away
from orchestrator.store.database import Database

_ERRORS = Alert(
    say("The project’s files hold errors: what they would say is missing here."),
    "bad",
    command="parcours check",
)


class Answering:
    """Answers for one project and its database."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config, self._database = config, database

    @cached_property
    def project(self) -> Project | None:
        """The project as its files are; None where there are none, or they hold errors."""
        if not (self._config.root / JOURNEYS).is_dir():
            return None
        try:
            project = load_project(
                self._config.root, self._config.environment, need_templates=False
            )
        except ProjectInvalid:
            return None
        return replace(project, config=self._config)  # the demo's is another

    def source(self) -> Source:
        """Where figures come from, now."""
        now = read_own_time(self._database)
        return Source(self._database, self._config, now, self.project)

    def answer(self, asked: PageAsked) -> MadePage:
        """The page; raises StoreUnavailable."""
        with unless_away():
            source = self.source()
            page = self._make(source, asked)
        look = Look(writing_of(source), lambda path: asked.root + path)
        as_of = say("As of {time}", time=look.writing.write(When(source.now)))
        return MadePage(look.tell(page.title), look.page(page), look.tell(as_of), page.is_found)

    def _make(self, source: Source, asked: PageAsked) -> Page:
        make = PAGES.get(asked.page)
        if make is None:
            return Page(say("No such page"), [Prose(say("There is no such page."))], "", False)
        page = make(source, asked)
        if source.project is not None or not (self._config.root / JOURNEYS).is_dir():
            return page
        return replace(page, blocks=[Alerts([_ERRORS]), *page.blocks])
