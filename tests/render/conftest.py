"""What the tests of rendering share: the project that ships, loaded once, and small projects made
on the spot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from orchestrator.links import Links, LinkSigner
from orchestrator.render import Templates

ROOT = Path(__file__).resolve().parents[2]

MakeTemplates = Callable[..., Templates]


@pytest.fixture(scope="session")
def shipped() -> Templates:
    """The templates of the repository."""
    return Templates.load(ROOT, "en")


@pytest.fixture(scope="session")
def signer() -> LinkSigner:
    return LinkSigner("a secret of the tests, long enough", "http://localhost:8000")


@pytest.fixture
def links(signer: LinkSigner) -> Links:
    return Links(signer, "message-1", "customer-1", "http://localhost:8000/shop", {})


@pytest.fixture
def make_templates(tmp_path: Path) -> MakeTemplates:
    """Makes a project of the files given by their path under templates/, and loads it."""

    def make(files: Mapping[str, str], locale: str = "en") -> Templates:
        for name, text in files.items():
            path = tmp_path / "templates" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Templates.load(tmp_path, locale)

    return make
