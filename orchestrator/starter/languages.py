"""Shipped templates in the languages of a project: its own language bears the plain name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

#: The languages in which the shipped texts are written; the first is that of the plain names.
LANGUAGES = ("en", "fr")
_USES = re.compile(r"""\{%-?\s*(?:extends|include)\s+["']([^"']+)["']""")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


def language_of(locale: str) -> str:
    """`fr` of `fr-CA`."""
    return re.split("[-_]", locale)[0].lower()


def is_locale(text: str) -> bool:
    """Whether it is written as `fr` or `en-GB` are."""
    return _LOCALE.fullmatch(text) is not None


def in_languages(folder: Path, files: Iterable[str], locales: Sequence[str]) -> dict[str, str]:
    """The texts of templates, and of all that they are made of, by the names of their files in a
    project of these locales. `files` are plain names, such as `hello.mjml`.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    coming = list(files)
    while coming:
        file = coming.pop()
        if file in seen:
            continue
        seen.add(file)
        forms = _forms(folder, file)
        found |= dict(_name(file, forms, [language_of(one) for one in locales]))
        coming += [name for text in forms.values() for name in _USES.findall(text)]
    return found


def _forms(folder: Path, file: str) -> dict[str, str]:
    """A template's text by language. One that holds no words has one form for all."""
    stem, ending = file.rsplit(".", 1)
    forms = {LANGUAGES[0]: folder / file}
    forms |= {one: folder / f"{stem}.{one}.{ending}" for one in LANGUAGES[1:]}
    return {one: path.read_text("utf-8") for one, path in forms.items() if path.is_file()}


def _name(
    file: str, forms: Mapping[str, str], languages: Sequence[str]
) -> Iterator[tuple[str, str]]:
    if not forms:  # it lies in another folder
        return
    stem, ending = file.rsplit(".", 1)
    own = languages[0] if languages[0] in forms else LANGUAGES[0]
    yield file, forms[own]
    if len(forms) > 1:
        for one in languages[1:]:
            if one in forms and one != own:
                yield f"{stem}.{one}.{ending}", forms[one]
