"""Sentences that can be said in another language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any


class Phrase(str):
    """English text that remembers what it was made of, so that it can be said anew.

    `key` is the sentence with its named places, `places` what was put into them (phrases, too).
    Where a number decides between two sentences, `key` is that of one, and `number` the number.
    """

    __slots__ = ("key", "number", "places")

    key: str
    places: Mapping[str, object]
    number: int | None

    def __new__(
        cls,
        key: str,
        places: Mapping[str, object],
        number: int | None = None,
        *,
        text: str | None = None,
    ) -> Phrase:
        said = text if text is not None else fill(key, places)
        phrase = super().__new__(cls, said)
        phrase.key, phrase.places, phrase.number = key, places, number
        return phrase

    def __str__(self) -> str:
        return self  # so that str() of an error is still the phrase that it was raised with

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, str]]:
        return (self.key, self.places, self.number), {"text": self + ""}

    def __deepcopy__(self, memo: object) -> Phrase:
        return self

    def changed(self, change: Callable[[str], str]) -> Phrase:
        """The same sentence, its English changed; as it is where nothing changes."""
        text = change(self)
        if text == self:
            return self
        return Phrase(self.key, self.places, self.number, text=text)


def fill(sentence: str, places: Mapping[str, object]) -> str:
    """A sentence with its places filled. One without places is said as it stands, braces too."""
    return sentence.format_map(places) if places else sentence


def say(sentence: str, /, **places: object) -> Phrase:
    """A sentence that a French project is told in French: the English is the key of the catalogue
    (`make french` writes into it what is missing there), so it is no f-string.
    """
    return Phrase(sentence, places)


def say_number(one: str, several: str, /, number: int, **places: object) -> Phrase:
    """Likewise for a number of things, which is the place `number`."""
    places = {"number": number, **places}
    return Phrase(one, places, number, text=fill(one if number == 1 else several, places))


def said_by(error: BaseException) -> Phrase:
    """What an error says; the text of one of Python's or a library's stays as it is."""
    text = str(error)
    return text if isinstance(text, Phrase) else verbatim(text)


def verbatim(text: str) -> Phrase:
    """Text that is the same in every language: a name, code, what a library says."""
    return text if isinstance(text, Phrase) else Phrase(text, {})


def either(parts: Iterable[object]) -> Phrase:
    """`a or b or c`."""
    return _linked(parts, lambda one, other: say("{one} or {other}", one=one, other=other))


def all_of(parts: Iterable[object]) -> Phrase:
    """`a and b and c`."""
    return _linked(parts, lambda one, other: say("{one} and {other}", one=one, other=other))


def strung(parts: Iterable[object], between: str = ", ") -> Phrase:
    """`a, b, c`, where some may be phrases."""
    key = f"{{one}}{between}{{other}}"
    return _linked(parts, lambda one, other: Phrase(key, {"one": one, "other": other}))


def _linked(parts: Iterable[object], link: Callable[[object, object], object]) -> Phrase:
    found = list(parts)
    return verbatim(str(reduce(link, found))) if found else say("")
