"""The language of a project: loaded when there is something to say, since it reads settings."""

from __future__ import annotations

from pathlib import Path

from orchestrator.language.config_file import read_locale
from orchestrator.translations.catalogue import Catalogue, catalogue_of


def catalogue_at(root: Path) -> Catalogue:
    """What is said in the language of the project in a folder."""
    return catalogue_of(read_locale(root))
