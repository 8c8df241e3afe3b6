"""Messages rendered to be looked at: for a made-up customer, or one from a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.effects import Receiver
from orchestrator.domain.errors import Problem, ProjectInvalid
from orchestrator.domain.expression import Scope
from orchestrator.domain.journey import Journey
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.phrase import say
from orchestrator.domain.step import Step
from orchestrator.domain.steps.changes import SetVariables, evaluate
from orchestrator.domain.steps.first_of import messages_of
from orchestrator.domain.steps.message_step import Message
from orchestrator.domain.steps.offers import Coupon, Offer, Reward
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.text_files import decode_text
from orchestrator.domain.values import as_mapping
from orchestrator.language.project import Project
from orchestrator.render import Templates
from orchestrator.render.sample import NOW, SampleReader, sample_scope, with_questions
from orchestrator.render.templates import RenderedContent

SECTIONS = frozenset({"customer", "account", "entry", "item", "vars", "coupon"})


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
    provider: str | None = None  # the channel that its step names
    offer: Offer | None = None  # what the journey has given before this message


@dataclass(frozen=True, slots=True)
class Draft:
    """A rendered message; an SMS has only its text. `language` is that of the form which `locale`
    gets.
    """

    target: Target
    locale: str
    language: str
    text: str
    subject: str = ""
    preheader: str = ""
    html: str = ""
    content: RenderedContent | None = None


def find_targets(project: Project, name: str) -> list[Target]:
    """The messages of a journey, or the template of that name (in each medium, or as `email/name`).
    Raises NotThere.

    A journey goes before a template of the same name: it holds it. Nothing for a journey whose file
    has an error.
    """
    journey = project.journeys.get(name)
    if journey is None and name in (project.known.journeys or ()):
        return []  # it is there, and cannot be read
    if journey is not None:
        sent = _with_offers(journey.steps, [None])
        return [
            Target(
                m.medium,
                m.template,
                folder=name,
                name=m.id,
                journey=journey,
                subject=m.subject,
                purpose=journey.purpose,
                provider=m.provider,
                offer=offer,
            )
            for m, offer in sent
        ]
    wanted, _, bare = name.rpartition("/")
    found = sorted(key for key in project.templates if key[1] == bare and wanted in ("", key[0]))
    if not found:
        names = {*project.journeys, *(template for _, template in project.templates)}
        raise NotThere(
            say(
                "there is no journey and no template '{name}'{hint}",
                name=name,
                hint=did_you_mean(bare, names),
            )
        )
    purpose = _purpose_of(project, bare)
    return [
        Target(medium, template, str(medium), template, purpose=purpose)
        for medium, template in found
    ]


def _with_offers(
    steps: Sequence[Step], given: list[Offer | None]
) -> Iterator[tuple[Message, Offer | None]]:
    """The messages of a block, each with the coupon given last before it; `given` ends with that of
    the block's end.
    """
    for step in steps:
        if isinstance(step, Coupon) or (isinstance(step, Reward) and step.to is Receiver.CUSTOMER):
            given.append(step.offer)
        yield from ((message, given[-1]) for message in messages_of(step))
        before = given[-1]
        for block in step.blocks:
            inside = [before]
            yield from _with_offers(block, inside)
            given.append(inside[-1] if inside[-1] is not before else given[-1])


def _purpose_of(project: Project, template: str) -> Purpose:
    """Marketing, unless only transactional journeys send the template."""
    purposes = {
        journey.purpose
        for journey in project.journeys.values()
        for step in journey.walk_steps()
        if any(message.template == template for message in messages_of(step))
    }
    return Purpose.TRANSACTIONAL if purposes == {Purpose.TRANSACTIONAL} else Purpose.MARKETING


def read_customer(path: Path) -> dict[str, object]:
    """The sections of a scope from a JSON or YAML file: a customer's traits and facts, or a map of
    `customer`, `account`, `entry`, `item`, `vars` and `coupon`. Raises ProjectInvalid."""
    try:
        text = decode_text(path.read_bytes())
    except UnicodeDecodeError as error:
        told = say(
            "this is not UTF-8 (byte {number}): save the file as UTF-8", number=error.start + 1
        )
        raise ProjectInvalid([Problem(path.name, 1, 1, told)]) from None
    document, problems = read_yaml(text, path.name)
    if not problems and not isinstance(document.data, dict):
        problems = [
            document.problem(
                (), say("a customer is a map of traits and facts, such as `first_name: Ada`")
            )
        ]
    if problems:
        raise ProjectInvalid(problems)
    data = document.map
    if "customer" not in data or not data.keys() <= SECTIONS:
        return {"customer": data}
    maps = {name: section for name, section in data.items() if name != "item"}
    wrong = [name for name, section in maps.items() if not isinstance(section, dict)]
    if wrong:
        raise ProjectInvalid(
            [document.problem((name,), say("`{name}` is a map here", name=name)) for name in wrong]
        )
    return data


def render(
    project: Project,
    templates: Templates,
    target: Target,
    *,
    own: Mapping[str, object],
    locale: str,
) -> Draft:
    """Renders a message with the sections of `own` instead of the made-up ones; raises
    TemplateFailed.
    """
    scope = {**_sample(project, target, locale), **own}
    scope = with_questions(
        scope, {segment.name: segment.condition.test for segment in project.lifecycle.segments}
    )
    language = templates.language(target.medium, target.template, locale)
    if not target.medium.spec.is_mail:
        which = target.medium, target.template, locale
        text = templates.render_text(*which, scope)
        is_content = target.medium.spec.is_content
        content = templates.render_content(*which, scope) if is_content else None
        return Draft(target, locale, language, text, content=content)
    parts = templates.render_email(target.template, locale, scope, target.subject)
    return Draft(target, locale, language, parts.text, parts.subject, parts.preheader, parts.html)


def _sample(project: Project, target: Target, locale: str) -> dict[str, object]:
    journey = target.journey
    about = (
        {"id": journey.id, "title": journey.title}
        if journey
        else {"id": "preview", "title": "Preview"}
    )
    scope = sample_scope(project.config, about, locale)
    scope["marketing"] = target.purpose is Purpose.MARKETING
    if journey is not None:
        scope["vars"] = _variables(journey, scope)
        scope["coupon"] = _coupon(project, target.offer, scope) if target.offer else {}
    return scope


def _variables(journey: Journey, scope: Mapping[str, object]) -> dict[str, object]:
    """What a made-up answer would be, and all that the journey itself sets."""
    known = dict(as_mapping(scope["vars"]))
    names = {"entry": scope["entry"], "journey": scope["journey"], "vars": known}
    asked = Scope(SampleReader(as_mapping(scope["customer"])), NOW, names)
    for step in journey.walk_steps():
        if isinstance(step, SetVariables):
            known |= evaluate(step.values, asked)
    return known


def _coupon(project: Project, offer: Offer, scope: Mapping[str, object]) -> dict[str, object]:
    """The coupon that the journey would give the made-up customer."""
    names = {name: scope[name] for name in ("entry", "vars", "journey")}
    asked = Scope(SampleReader(scope), NOW, names)
    worth = {
        "percent": offer.percent.evaluate(asked) if offer.percent else None,
        "amount": offer.amount.evaluate(asked) if offer.amount else None,
        "currency": offer.currency or (project.config.project.currency if offer.amount else None),
        "minimum": offer.minimum,
        "products": list(offer.products) or None,
        "expires_at": (NOW + offer.expires).isoformat() if offer.expires else None,
    }
    known = {name: value for name, value in worth.items() if value is not None}
    return {"code": as_mapping(scope["coupon"])["code"], "redeemed": False, **known}


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
