"""The project's templates, ready to render."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from orchestrator.domain.errors import Problem, ProjectInvalid, TemplateFailed
from orchestrator.domain.expression import NOBODY, Attribute, Expr, Name, Scope
from orchestrator.domain.locales import locale_tags
from orchestrator.domain.medium import MAIL, Medium
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.values import as_mapping
from orchestrator.render.budget import BUDGET, Budget
from orchestrator.render.compiled import (
    GLOBALS,
    Asked,
    CompiledEmail,
    CompiledPlain,
    CompiledText,
)
from orchestrator.render.filters import FORMATS
from orchestrator.render.formats import formats_of, read_locale
from orchestrator.render.loading import Compiled, Loader, Names, find_unknown
from orchestrator.render.plain import tidy
from orchestrator.render.questions import SCOPE
from orchestrator.render.reads import Read
from orchestrator.render.source import TemplateBroken

NO_NAMES: Names = {}
NO_TIME = datetime.min.replace(tzinfo=UTC)  # of who asks without a customer: nothing is since then
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_PLAIN_SPACES = {
    0xA0: " ",
    0x202F: " ",
}  # `10 €` has one; in a text message it would halve the room

_Variant = TypeVar("_Variant", CompiledEmail, CompiledPlain)


@dataclass(frozen=True, slots=True)
class RenderedEmailParts:
    """One mail as one customer gets it; `subject` and `preheader` hold no line breaks."""

    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class RenderedContent:
    """An approved template as one customer gets it: its id, and what stands in its places."""

    sid: str
    variables: tuple[tuple[str, str], ...]


class Templates:
    """Every template of a project, compiled. Rendering changes nothing here, so threads may
    share one.
    """

    def __init__(self, compiled: Compiled, project_locale: str) -> None:
        self._compiled, self._project_locale = compiled, project_locale
        self._email_for = lru_cache(maxsize=4096)(self._find_email)
        self._plain_for = lru_cache(maxsize=4096)(self._find_plain)
        self._ready_for = lru_cache(maxsize=4096)(self._make_ready)
        self._subject_for = lru_cache(maxsize=1024)(self.compile_subject)

    @classmethod
    def load(cls, root: Path, project_locale: str = "en", names: Names = NO_NAMES) -> Templates:
        """Reads and compiles `templates/` of a project; raises ProjectInvalid with the problems of
        all files.

        `names` holds what `in_segment` and `received` may ask about.
        """
        templates, problems = cls.load_sound(root, project_locale, names)
        if problems:
            raise ProjectInvalid(problems)
        return templates

    @classmethod
    def load_sound(
        cls, root: Path, project_locale: str, names: Names
    ) -> tuple[Templates, list[Problem]]:
        """The templates that are good, and what is wrong with the others."""
        loader = Loader(root, project_locale, names)
        loader.load()
        return cls(loader.compiled, project_locale), loader.problems

    def calls(self, subjects: Mapping[str, str]) -> list[Expr]:
        """The functions of the language that the templates, and these subjects of steps, call, and
        what they read of accounts: that must be loaded. `subjects` holds the file of each; raises
        ProjectInvalid for those that cannot be read."""
        asked, problems = list(self._compiled.asked), []
        reads = [one for some in self.reads().values() for one in some]
        for subject, file in subjects.items():
            try:
                compiled = self.compile_subject(subject, file)
                asked += compiled.asked
                reads += compiled.reads
            except TemplateBroken as broken:
                problems += [
                    replace(one, message=_of_subject(subject, one.message))
                    for one in broken.problems
                ]
        if problems:
            raise ProjectInvalid(problems)
        paths = {one.path[:2] for one in reads if one.path[0] == "account"}
        return [*(one.call for one in asked), *(Attribute(Name(of), key) for of, key in paths)]

    def compile_subject(
        self, source: str, file: str = "subject of a step", line: int = 1
    ) -> CompiledText:
        """The subject that a step writes itself; raises TemplateBroken, also where it asks about
        what is not there."""
        settings = self._compiled.settings[MAIL]
        text = CompiledText.of_line(source, file, line, settings=settings).compile()
        asked = (*text.asked, *text.stages)
        if unknown := list(find_unknown(asked, self._compiled.names)):
            raise TemplateBroken.with_all(unknown)
        return text

    @property
    def asked(self) -> list[Asked]:
        """Every function of the language that a template calls."""
        return self._compiled.asked

    def reads(self) -> dict[tuple[Medium, str], list[Read]]:
        """What the forms of each template read, each thing once a place."""
        found: dict[tuple[Medium, str], list[Read]] = {}
        for (name, _), mail in self._compiled.emails.items():
            parts = (mail.subject, mail.preheader, mail.html, mail.text)
            found.setdefault((MAIL, name), []).extend(one for part in parts for one in part.reads)
        for (medium, name, _), plain in self._compiled.plain.items():
            found.setdefault((medium, name), []).extend(plain.text.reads)
        return {key: list(dict.fromkeys(reads)) for key, reads in found.items()}

    def names(self, medium: Medium) -> frozenset[str]:
        """What the steps of journeys may name."""
        return frozenset(name for of, name in self._compiled.versions if of is medium)

    def broken(self, medium: Medium, name: str) -> list[Problem]:
        """What is wrong with a template that was loaded beside others that are good."""
        return self._compiled.broken.get((medium, name), [])

    def version(self, medium: Medium, name: str) -> str:
        """A hash that changes with any variant, layout or partial of the template."""
        return self._compiled.versions[medium, name]

    def language(self, medium: Medium, name: str, locale: str) -> str:
        """The locale of the form in which somebody of this locale gets a template."""
        if medium.spec.is_mail:
            return self._email_for(name, locale).language
        return self._plain_for(medium, name, locale).language

    def variants(self, medium: Medium) -> list[tuple[str, str]]:
        """The names and locale tags of all forms; "" is the file without a locale."""
        if medium.spec.is_mail:
            return sorted(self._compiled.emails)
        return sorted((name, tag) for of, name, tag in self._compiled.plain if of is medium)

    def variants_without(self, name: str, *words: str) -> list[str]:
        """The locales ("" for the file without one) in which a mail mentions none of these
        words.
        """
        found = self._compiled.emails.items()
        return sorted(
            tag for (own, tag), email in found if own == name and not email.html.mentions(*words)
        )

    def make_ready(self, medium: Medium, name: str, locale: str) -> None:
        """Does now, and once, what the first rendering would: compiles what waited for it, and
        reads how the language writes. Processes that are forked have it then; each would take 30 ms
        for it.
        """
        self._ready_for(medium, name, locale)

    def _make_ready(self, medium: Medium, name: str, locale: str) -> None:
        with suppress(TemplateFailed):  # told with each message that cannot be made
            if medium.spec.is_mail:
                self._email_for(name, locale).make_ready()
            read_locale(locale, self.language(medium, name, locale))

    def render_email(
        self, name: str, locale: str, context: Mapping[str, object], subject: str | None = None
    ) -> RenderedEmailParts:
        """A mail for one customer. Raises TemplateFailed, whose text holds no personal data.

        `context` holds customer, entry, vars, journey, coupon, project (mappings), links, and
        marketing (False for transactional); what it lacks is undefined. Its `scope` answers the
        functions of the language. `locale` is the customer's; `subject` a step's own, as Jinja2
        text.
        """
        email = self._email_for(name, locale)
        budget = Budget()
        scope = self._scope(context, locale, email.language, budget)
        scope["subject"] = headline = one_line(
            (self._subject_for(subject) if subject else email.subject).render(scope)
        )
        scope["preheader"] = preheader = one_line(email.preheader.render(scope))
        html, text = email.render_bodies(scope, budget)
        return RenderedEmailParts(headline, preheader, html, tidy(text))

    def render_text(
        self, medium: Medium, name: str, locale: str, context: Mapping[str, object]
    ) -> str:
        """A message of plain text for one customer; as `render_email`."""
        plain = self._plain_for(medium, name, locale)
        text = tidy(plain.text.render(self._scope(context, locale, plain.language)))
        return text.translate(_PLAIN_SPACES)

    def render_content(
        self, medium: Medium, name: str, locale: str, context: Mapping[str, object]
    ) -> RenderedContent:
        """An approved template with what is put in for one customer; as `render_email`. None of
        it holds a line break: WhatsApp refuses them."""
        plain = self._plain_for(medium, name, locale)
        scope = self._scope(context, locale, plain.language)
        values = {key: one_line(text.render(dict(scope))) for key, text in plain.variables.items()}
        empty = next((key for key, value in values.items() if not value), None)
        if empty is not None:
            raise TemplateFailed(
                say(
                    "templates/{medium}/{name}: the variable {empty} is empty for this customer",
                    medium=medium,
                    name=name,
                    empty=empty,
                )
            )
        return RenderedContent(plain.sid, tuple(values.items()))

    def _scope(
        self,
        context: Mapping[str, object],
        locale: str,
        language: str,
        budget: Budget | None = None,
    ) -> dict[str, object]:
        formats = formats_of(
            as_mapping(context.get("customer")),
            as_mapping(context.get("project")),
            locale,
            language,
        )
        asked = context.get("scope")
        scope = asked if isinstance(asked, Scope) else Scope(NOBODY, NO_TIME)
        now = None if scope.now is NO_TIME else scope.now
        return {
            **GLOBALS, **context, "now": now, "language": language, FORMATS: formats, SCOPE: scope,
            BUDGET: budget or Budget(),
        }  # fmt: skip

    def _find_email(self, name: str, locale: str) -> CompiledEmail:
        found = (self._compiled.emails.get((name, tag)) for tag in self._tags(locale))
        return _first(found, say("templates/{mail}/{name} does not exist", mail=MAIL, name=name))

    def _find_plain(self, medium: Medium, name: str, locale: str) -> CompiledPlain:
        found = (self._compiled.plain.get((medium, name, tag)) for tag in self._tags(locale))
        return _first(
            found, say("templates/{medium}/{name} does not exist", medium=medium, name=name)
        )

    def _tags(self, locale: str) -> list[str]:
        return [*locale_tags(locale, self._project_locale), ""]


def _first(variants: Iterable[_Variant | None], failure: str) -> _Variant:
    for variant in variants:
        if variant is not None:
            return variant
    raise TemplateFailed(failure)


def one_line(text: str) -> str:
    """A header's value: line breaks and control characters become spaces, so that it cannot
    begin another header.
    """
    return _BREAKS.sub(" ", text).strip(" ")


def _of_subject(subject: str, message: Phrase) -> Phrase:
    return say("the subject `{subject}`: {message}", subject=subject, message=message)
