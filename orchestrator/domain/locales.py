"""Locales, and what they fall back to: templates, surveys and pages ask here."""

from __future__ import annotations


def locale_tag(locale: str) -> str:
    """A locale as files are told apart by: `fr-ca` for `fr_CA`."""
    return locale.lower().replace("_", "-")


def language_of(locale: str) -> str:
    """The language of a locale: `fr` for `fr_CA`."""
    return locale_tag(locale).partition("-")[0]


def locale_tags(*locales: str) -> list[str]:
    """The locales and what they fall back to, best first: `fr-ca`, `fr` for `fr_CA`."""
    tags: list[str] = []
    for locale in locales:
        tag = locale_tag(locale)
        while tag:
            tags.append(tag)
            tag = tag.rpartition("-")[0]
    return list(dict.fromkeys(tags))
