"""A project out of texts: what a test writes is read like a marketer's files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator.domain.program import Program
from orchestrator.language.program_building import build_program
from orchestrator.language.project import Project, load_project

CONSENTING = '[project]\ntimezone = "UTC"\n[consent]\ndefault = "granted"\n'

#: Stages that move by events and by time alone.
LIFECYCLE = """
lifecycle: shop
facts:
  orders: {count: Order Completed, minus: Order Refunded}
  last_order_at: {last: Order Completed}
stages:
  - {stage: inactive, if: customer.orders >= 1 and days_since(customer.last_order_at) >= 90}
  - {stage: loyal, if: customer.orders >= 2}
  - {stage: new_customer, if: customer.orders == 1}
  - {stage: prospect, if: true}
"""


def write_facts(*lines: str, stages: str = "[{stage: any, if: true}]") -> str:
    """A lifecycle of these facts."""
    return (
        "lifecycle: corners\nfacts:\n"
        + "".join(f"  {line}\n" for line in lines)
        + f"stages: {stages}\n"
    )


_ID = re.compile(r"^journey: *(\S+)", re.MULTILINE)
_TEMPLATES = re.compile(r"\b(email|sms|whatsapp): *(?:\{[^}]*?template: *)?([\w-]+)")
_FIRST_OF = re.compile(r"\bfirst_of: *\[([^]]*)\],? *template: *([\w-]+)")


def write_project(
    root: Path,
    *journeys: str,
    lifecycle: str = LIFECYCLE,
    segments: str = "",
    toml: str = CONSENTING,
) -> Path:
    """Writes the files of a project, with a template for every message of its journeys; returns its
    folder.
    """
    for folder in ("journeys", "templates/email", "templates/sms"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "parcours.toml").write_text(toml, encoding="utf-8")
    (root / "journeys/lifecycle.yaml").write_text(lifecycle, encoding="utf-8")
    if segments:
        (root / "journeys/segments.yaml").write_text(segments, encoding="utf-8")
    for text in journeys:
        found = _ID.search(text)
        assert found, "a journey's text names it"
        (root / f"journeys/{found[1]}.yaml").write_text(text, encoding="utf-8")
        for medium, template in _TEMPLATES.findall(text):
            _write_template(root, medium, template)
        for media, template in _FIRST_OF.findall(text):
            for medium in media.split(", "):
                _write_template(root, medium, template)
    return root


def _write_template(root: Path, medium: str, name: str) -> None:
    texts = {"sms": ("txt", f"{name}\n"), "whatsapp": ("yaml", f"content_sid: HX{'0' * 32}\n")}
    mail = (
        f'---\nsubject: {name}\n---\n<p>{name}</p><a href="{{{{ links.unsubscribe }}}}">no '
        "more</a>\n"
    )
    ending, text = texts.get(medium, ("html", mail))
    path = root / f"templates/{medium}/{name}.{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(text, encoding="utf-8")


def read_project(
    *journeys: str,
    lifecycle: str = LIFECYCLE,
    segments: str = "",
    toml: str = CONSENTING,
    environment: Mapping[str, str] | None = None,
) -> Project:
    """The project of these texts."""
    with TemporaryDirectory() as folder:
        root = write_project(
            Path(folder), *journeys, lifecycle=lifecycle, segments=segments, toml=toml
        )
        return load_project(root, environment or {})


def read_program(
    *journeys: str,
    lifecycle: str = LIFECYCLE,
    segments: str = "",
    toml: str = CONSENTING,
    pinned: str = "",
) -> Program:
    """The program of these texts; `pinned` is the text of an earlier version that people inside
    finish.
    """
    project = read_project(*journeys, lifecycle=lifecycle, segments=segments, toml=toml)
    if not pinned:
        return build_program(project)
    earlier = next(iter(read_project(pinned, lifecycle=lifecycle, toml=toml).journeys.values()))
    return replace(build_program(project), pinned={(earlier.id, earlier.version): earlier})
