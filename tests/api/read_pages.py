"""Pages as they are read: made here, from a database that a test filled."""

from __future__ import annotations

import re
from html import unescape

from orchestrator.config import Config, ProjectSettings
from orchestrator.report.answering import Answering
from orchestrator.report.page_asked import MadePage, PageAsked
from tests.api.site import Site


def page(shop: Site, name: str, of: str = "", locale: str = "en", **query: str) -> MadePage:
    config = Config(
        shop.services.config.root,
        ProjectSettings("Atelier Nord", "Europe/Paris", locale),
        database_url=shop.database.url,
    )
    return Answering(config, shop.database).answer(PageAsked(name, of, tuple(query.items())))


def words(made: MadePage) -> str:
    """What is read on a page."""
    return " ".join(unescape(re.sub("<[^>]+>", " ", made.html)).split())
