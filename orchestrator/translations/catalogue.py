"""A catalogue: what is said, sentence by sentence, in another language than English.

The English sentence is the key, as gettext has it; what stands in its named places is put into the
other sentence, phrases among them in that language too. A sentence that a catalogue lacks is said
in English: a test tells which those are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from orchestrator.domain.locales import language_of as read_language
from orchestrator.domain.phrase import Phrase, fill

THIN_SPACE = "\u202f"  # French: between thousands, before `:`, `;`, `!` and `?`, within « »


class _French(Formatter):
    """`{number:,}` with the separator of French."""

    def format_field(self, value: Any, format_spec: str) -> str:
        text = str(super().format_field(value, format_spec))
        return text.replace(",", THIN_SPACE) if format_spec.endswith(",") else text


_FORMATTER = _French()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of a language by the English ones: where a number decides, several."""

    language: str
    sentences: Mapping[str, str | tuple[str, ...]]

    def tell(self, said: str) -> str:
        """What was said, in this language; text that is no phrase stays as it is."""
        if not self.sentences or not isinstance(said, Phrase):
            return said
        return self._fill(said)

    def language_of(self, said: str) -> str:
        """In which language `tell` says it."""
        return self.language if isinstance(said, Phrase) and said.key in self.sentences else "en"

    def _fill(self, said: Phrase) -> str:
        places = {name: self._place(value) for name, value in said.places.items()}
        sentence = self.sentences.get(said.key, said.key)
        if isinstance(sentence, tuple):
            sentence = sentence[abs(said.number or 0) > 1]  # in French none is one
        if said.key not in self.sentences:
            return fill(sentence, places)
        return _FORMATTER.vformat(sentence, (), places) if places else sentence

    def _place(self, value: object) -> object:
        said = str(value) if isinstance(value, BaseException) else value
        return self._fill(said) if isinstance(said, Phrase) else value


ENGLISH = Catalogue("en", {})


def catalogue_of(locale: str) -> Catalogue:
    """The catalogue of a project's locale; English where there is none."""
    return _french() if read_language(locale) == "fr" else ENGLISH


@cache
def _french() -> Catalogue:
    """Read when the first French project asks: nobody else waits for it."""
    from babel.messages.pofile import read_po

    with (files(__package__) / "fr.po").open("rb") as file:
        read = read_po(file)
    said = [(_forms(one.id), _forms(one.string)) for one in read if one.id and one.string]
    return Catalogue("fr", {english[0]: _alone(french) for english, french in said})


def _forms(written: str | Iterable[str]) -> tuple[str, ...]:
    return (written,) if isinstance(written, str) else tuple(written)


def _alone(forms: tuple[str, ...]) -> str | tuple[str, ...]:
    return forms[0] if len(forms) == 1 else forms
