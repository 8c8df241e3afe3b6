"""The project's templates, ready to render."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from orchestrator.domain.errors import TemplateFailed
from orchestrator.domain.message import Medium
from orchestrator.render.compiled import CompiledEmail, CompiledSms, CompiledText
from orchestrator.render.environment import FORMATS
from orchestrator.render.formats import formats_of
from orchestrator.render.loading import Compiled, Loader
from orchestrator.render.plain import tidy
from orchestrator.render.source import locale_tags

_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_EMPTY: Mapping[str, Any] = {}

_Variant = TypeVar("_Variant", CompiledEmail, CompiledSms)


@dataclass(frozen=True, slots=True)
class RenderedEmailParts:
    """One mail as one customer gets it; `subject` and `preheader` hold no line breaks."""

    subject: str
    preheader: str
    html: str
    text: str


class Templates:
    """Every template of a project, compiled. Rendering changes nothing here, so threads may share one."""

    def __init__(self, compiled: Compiled, project_locale: str) -> None:
        self._compiled, self._project_locale = compiled, project_locale
        self._email_for = lru_cache(maxsize=4096)(self._find_email)
        self._sms_for = lru_cache(maxsize=4096)(self._find_sms)
        self._subject_for = lru_cache(maxsize=1024)(lambda source: CompiledText.of_line(source, "subject of a step"))

    @classmethod
    def load(cls, root: Path, project_locale: str = "en") -> Templates:
        """Reads and compiles `templates/` of a project; raises ProjectInvalid with the problems of all files."""
        return cls(Loader(root, project_locale).load(), project_locale)

    def names(self, medium: Medium) -> frozenset[str]:
        """What the steps of journeys may name."""
        return frozenset(name for of, name in self._compiled.versions if of is medium)

    def version(self, medium: Medium, name: str) -> str:
        """A hash that changes with any variant, layout or partial of the template."""
        return self._compiled.versions[medium, name]

    def variants_without(self, name: str, *words: str) -> list[str]:
        """The locales ("" for the file without one) in which a mail mentions none of these words."""
        found = self._compiled.emails.items()
        return sorted(tag for (own, tag), email in found if own == name and not email.html.mentions(*words))

    def render_email(
        self, name: str, locale: str, context: Mapping[str, Any], subject: str | None = None
    ) -> RenderedEmailParts:
        """A mail for one customer. Raises TemplateFailed, whose text holds no personal data.

        `context` holds customer, entry, vars, journey, coupon, project (mappings), links, and marketing (False for
        transactional); what it lacks is undefined. `locale` is the customer's; `subject` a step's own, as Jinja2 text.
        """
        email = self._email_for(name, locale)
        scope = self._scope(context, locale, email.language)
        scope["subject"] = one_line((self._subject_for(subject) if subject else email.subject).render(scope))
        scope["preheader"] = one_line(email.preheader.render(scope))
        html, text = email.html.render(scope), tidy(email.text.render(scope))
        return RenderedEmailParts(scope["subject"], scope["preheader"], html, text)

    def render_sms(self, name: str, locale: str, context: Mapping[str, Any]) -> str:
        """A text message for one customer; as `render_email`."""
        sms = self._sms_for(name, locale)
        return tidy(sms.text.render(self._scope(context, locale, sms.language)))

    def _scope(self, context: Mapping[str, Any], locale: str, language: str) -> dict[str, Any]:
        formats = formats_of(context.get("customer", _EMPTY), context.get("project", _EMPTY), locale, language)
        return {**context, "language": language, FORMATS: formats}

    def _find_email(self, name: str, locale: str) -> CompiledEmail:
        return self._find(self._compiled.emails, Medium.EMAIL, name, locale)

    def _find_sms(self, name: str, locale: str) -> CompiledSms:
        return self._find(self._compiled.texts, Medium.SMS, name, locale)

    def _find(self, variants: Mapping[tuple[str, str], _Variant], medium: Medium, name: str, locale: str) -> _Variant:
        for tag in [*locale_tags(locale, self._project_locale), ""]:
            if variant := variants.get((name, tag)):
                return variant
        raise TemplateFailed(f"templates/{medium}/{name} does not exist")


def one_line(text: str) -> str:
    """A header's value: line breaks and control characters become spaces, so that it cannot begin another header."""
    return _BREAKS.sub(" ", text).strip(" ")
