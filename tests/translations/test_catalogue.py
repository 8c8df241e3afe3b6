"""The French catalogue has every sentence that is said, with its places, and none that nobody says."""

from __future__ import annotations

import ast
from string import Formatter

import pytest

from orchestrator.cli.spoken import told_message
from orchestrator.domain.errors import Problem, in_one_line, on_one_line
from orchestrator.domain.formatting import count
from orchestrator.domain.phrase import Phrase, either, say
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.translations.catalogue import ENGLISH, Catalogue, catalogue_of
from tests.support.house import LIVING, inside, shown, syntax
from tests.support.sentences import CATALOGUE, catalogue, lacking, said, typeset, written

FRENCH = catalogue_of("fr-CA")


def places_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


# ---------------------------------------------------------------- the catalogue


def test_every_sentence_has_its_french_and_nobody_is_given_words_that_nobody_says() -> None:
    assert lacking() == [], "`make french` writes them into the catalogue; say them in French there"
    assert written().keys() - said().keys() == set(), "`make french` takes them out"


def test_the_french_of_a_sentence_has_its_places() -> None:
    french = written()
    wrong = {
        key: form
        for key, one in said().items()
        if one.places
        for form in ([french[key]] if isinstance(french[key], str) else french[key])
        if places_of(str(form)) != places_of(key)
    }
    assert wrong == {}


def test_every_place_of_a_sentence_is_filled() -> None:
    wrong = [key for key, one in said().items() if one.places and places_of(key) != one.places]
    assert wrong == []


def test_the_catalogue_stands_as_it_is_written_anew() -> None:
    assert CATALOGUE.read_text("utf-8") == catalogue(written()), "write it anew: make french"


def test_code_stays_code_in_french() -> None:
    """What stands between backticks is typed by an author: it is the same in every language, but
    for what a page is called and for the order.
    """
    french = written()
    changed = [
        key
        for key in said()
        if isinstance(text := french[key], str)
        and set(key.split("`")[1::2]) - set(text.split("`")[1::2]) - {"{wanted}", "TEXT"}
    ]
    assert changed == []


@pytest.mark.parametrize(
    ("plain", "set_right"),
    [
        ("quoi ?", "quoi\u202f?"),
        ("« x » : l'un ; d'abord !", "«\u202fx\u202f»\u202f: l’un\u202f; d’abord\u202f!"),
        ("l'`id` : `{id: x ? y}`", "l’`id`\u202f: `{id: x ? y}`"),
        ("'dd/MM'", "'dd/MM'"),
    ],
)
def test_french_is_set_as_french_is(plain: str, set_right: str) -> None:
    assert typeset(plain) == set_right
    assert typeset(set_right) == set_right


def test_what_an_author_is_told_is_a_phrase_wherever_it_is_raised() -> None:
    """A form's ValueError reaches the author, and its type does not say that it is a phrase."""
    unsaid = [
        f"{shown(path)}:{node.lineno}"
        for path in LIVING
        if inside(path, "orchestrator/language", "orchestrator/documents")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        for text in node.exc.args[:1]
        if isinstance(text, ast.JoinedStr | ast.Constant)
        and isinstance(getattr(text, "value", ""), str)
    ]
    assert unsaid == []


# ---------------------------------------------------------------- telling


def test_english_is_what_was_written() -> None:
    told = say("there is no `{name}` here{hint}", name="x", hint="")
    assert told == "there is no `x` here"
    assert ENGLISH.tell(told) is told
    assert catalogue_of("de") is ENGLISH
    assert ENGLISH.language_of(told) == "en"


def test_a_sentence_is_told_in_french_with_what_stands_in_it() -> None:
    hint = did_you_mean("emial", ["email", "sms"])
    told = say("there is no step '{word}'{listed}", word="emial", listed=hint)
    assert told == "there is no step 'emial'; did you mean 'email'?"
    assert FRENCH.tell(told) == (
        "étape inconnue\u202f: «\u202femial\u202f»\u202f; vouliez-vous dire «\u202femail\u202f»\u202f?"
    )
    assert FRENCH.language_of(told) == "fr"


@pytest.mark.parametrize(
    ("number", "french"), [(0, "0 client"), (1, "1 client"), (12_345, "12\u202f345 clients")]
)
def test_a_number_decides_between_one_and_several(number: int, french: str) -> None:
    assert FRENCH.tell(count(number, "customer")) == french


def test_alternatives_are_told_in_french() -> None:
    assert FRENCH.tell(either(["a", "b", "c"])) == "a ou b ou c"
    assert FRENCH.tell(either(["a"])) == "a"
    assert FRENCH.tell(either([])) == ""


def test_a_sentence_without_french_is_told_in_english() -> None:
    told = say("nobody has said {this} yet", this=say("a number"))
    assert FRENCH.tell(told) == "nobody has said un nombre yet"
    assert FRENCH.language_of(told) == "en"


def test_plain_text_stays_as_it_is() -> None:
    assert FRENCH.tell("a number") == "a number"
    assert FRENCH.language_of("a number") == "en"


def test_braces_of_a_sentence_without_places_are_braces() -> None:
    empty = Catalogue("fr", {"only {% set … %}": "seul {% set … %}"})
    assert empty.tell(say("only {% set … %}")) == "seul {% set … %}"


def test_what_an_error_says_is_told_in_french() -> None:
    told = say("{function}(): {fault}", function="any", fault=ValueError(say("one value")))
    assert FRENCH.tell(told) == "any()\u202f: une valeur"


def test_what_an_author_wrote_stays_on_one_line_in_french() -> None:
    told = in_one_line(say("there is no step '{word}'{listed}", word="x" * 90 + "\n", listed=""))
    assert told == f"there is no step '{'x' * 59}… '"
    assert told_message(Problem("journeys/x.yaml", 1, 1, told)) == told
    assert "\n" not in on_one_line(FRENCH.tell(told))


# ---------------------------------------------------------------- phrases


def test_an_error_says_its_phrase() -> None:
    told = say("one value")
    assert str(ValueError(told)) is told


def test_a_phrase_that_is_shortened_keeps_its_sentence() -> None:
    told = say("there is no step '{word}'{listed}", word="x", listed="").changed(str.upper)
    assert told == "THERE IS NO STEP 'X'"
    assert told.key == "there is no step '{word}'{listed}"
    assert say("one value").changed(str) == "one value"


def test_a_phrase_is_copied_whole() -> None:
    import copy
    import pickle

    told = say("there is no step '{word}'{listed}", word="x", listed=say("one value")).changed(
        str.upper
    )
    for same in (copy.deepcopy(told), pickle.loads(pickle.dumps(told))):
        assert isinstance(same, Phrase)
        assert (same, same.key, same.places) == (told, told.key, told.places)
