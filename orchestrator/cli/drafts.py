"""Messages rendered to be looked at: for a made-up customer, or one from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.config import Config
from orchestrator.domain.errors import Problem, ProjectInvalid
from orchestrator.domain.journey import Journey, Message
from orchestrator.domain.message import Medium, Purpose
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.links import LinkSigner
from orchestrator.render import Templates
from orchestrator.render.sample import sample_context
from orchestrator.spec.project import Project
from orchestrator.spec.yaml_nodes import read_yaml

SECTIONS = frozenset({"customer", "entry", "vars", "coupon"})


class NotThere(ValueError):
    """There is no journey and no template of that name; the text says which are near."""


@dataclass(frozen=True, slots=True)
class Target:
    """One message to render. `folder` and `name` are those of its files."""

    medium: Medium
    template: str
    folder: str
    name: str
    journey: Journey | None = None
    subject: str | None = None
    purpose: Purpose = Purpose.MARKETING


@dataclass(frozen=True, slots=True)
class Draft:
    """A rendered message; an SMS has only its text."""

    target: Target
    locale: str
    text: str
    subject: str = ""
    preheader: str = ""
    html: str = ""


def find_targets(project: Project, name: str) -> list[Target]:
    """The messages of a journey, or the template of that name (in each medium, or as `email/name`). Raises NotThere.

    A journey goes before a template of the same name: it holds it.
    """
    journey = project.journeys.get(name)
    if journey is not None:
        messages = [step for step in journey.walk_steps() if isinstance(step, Message)]
        return [Target(m.medium, m.template, name, m.id, journey, m.subject, journey.purpose) for m in messages]
    wanted, _, bare = name.rpartition("/")
    found = sorted(key for key in project.templates if key[1] == bare and wanted in ("", key[0]))
    if not found:
        names = {*project.journeys, *(template for _, template in project.templates)}
        raise NotThere(f"there is no journey and no template '{name}'{did_you_mean(bare, names)}")
    purpose = _purpose_of(project, bare)
    return [Target(medium, template, str(medium), template, purpose=purpose) for medium, template in found]


def _purpose_of(project: Project, template: str) -> Purpose:
    """Marketing, unless only transactional journeys send the template."""
    purposes = {
        journey.purpose
        for journey in project.journeys.values()
        for step in journey.walk_steps()
        if isinstance(step, Message) and step.template == template
    }
    return Purpose.TRANSACTIONAL if purposes == {Purpose.TRANSACTIONAL} else Purpose.MARKETING


def read_customer(path: Path) -> dict[str, Any]:
    """The sections of a scope from a JSON or YAML file: a customer's traits and facts, or a map of `customer`,
    `entry`, `vars` and `coupon`. Raises ProjectInvalid."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        told = f"this is not UTF-8 (byte {error.start + 1}): save the file as UTF-8"
        raise ProjectInvalid([Problem(path.name, 1, 1, told)]) from None
    document, problems = read_yaml(text, path.name)
    if not problems and not isinstance(document.data, dict):
        problems = [document.problem((), "a customer is a map of traits and facts, such as `first_name: Ada`")]
    if problems:
        raise ProjectInvalid(problems)
    data: dict[str, Any] = document.data
    if "customer" not in data or not data.keys() <= SECTIONS:
        return {"customer": data}
    wrong = [name for name, section in data.items() if not isinstance(section, dict)]
    if wrong:
        raise ProjectInvalid([document.problem((name,), f"`{name}` is a map here") for name in wrong])
    return data


def render(project: Project, templates: Templates, target: Target, own: Mapping[str, Any], locale: str) -> Draft:
    """Renders a message with the sections of `own` instead of the made-up ones; raises TemplateFailed."""
    scope = {**_sample(project.config, target, locale), **own}
    if target.medium is Medium.SMS:
        return Draft(target, locale, templates.render_sms(target.template, locale, scope))
    parts = templates.render_email(target.template, locale, scope, target.subject)
    return Draft(target, locale, parts.text, parts.subject, parts.preheader, parts.html)


def _sample(config: Config, target: Target, locale: str) -> dict[str, Any]:
    shop = config.project
    website = shop.website or f"{config.public_url}/shop"
    journey = target.journey
    about = {"id": journey.id, "title": journey.title} if journey else {"id": "preview", "title": "Preview"}
    about_shop = {
        "name": shop.name,
        "postal_address": shop.postal_address,
        "website": website,
        "currency": shop.currency,
        "timezone": shop.timezone,
        "locale": shop.locale,
    }
    # Signed with a key that nobody uses: as long as real links, and the pages behind refuse them.
    signer = LinkSigner("preview", config.public_url)
    marketing = target.purpose is Purpose.MARKETING
    return {**sample_context(about_shop, about, signer, website, locale), "marketing": marketing}


def write_draft(draft: Draft, folder: Path) -> list[Path]:
    """Writes a draft's files below a folder; returns their paths."""
    target = draft.target
    base = folder / target.folder / f"{target.name}.{draft.locale}"
    base.parent.mkdir(parents=True, exist_ok=True)
    parts = {".html": draft.html, ".txt": draft.text} if draft.html else {".txt": draft.text}
    paths = [base.with_name(base.name + ending) for ending in parts]
    for path, text in zip(paths, parts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths
