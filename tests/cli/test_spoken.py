"""`check` and its like speak the language of the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ShopFolder, now, track
from tests.support.journeys import CART

ROOT = Path(__file__).parents[2]


@pytest.fixture
def boutique(shop: ShopFolder) -> ShopFolder:
    """The shop, whose own language is French."""
    toml = (shop.folder / "parcours.toml").read_text("utf-8")
    assert "[project]" in toml
    rest = "\n".join(line for line in toml.split("\n") if not line.startswith("locale"))
    shop.write("parcours.toml", rest.replace("[project]", '[project]\nlocale = "fr-FR"'))
    return shop


def test_a_french_project_is_told_in_french(boutique: ShopFolder) -> None:
    answer = boutique.run("check")
    assert answer.out == "2 parcours, 2 modèles\u202f: 0 erreur, 0 avertissement\n"


def test_a_fault_of_a_french_project_is_told_in_french(boutique: ShopFolder) -> None:
    boutique.write("journeys/cart.yaml", CART.replace("email: reminder", "email: remnder"))
    first, last = boutique.run("check").out.splitlines()
    assert first.endswith(
        "étape «\u202fremnder\u202f»\u202f: modèle «\u202femail/remnder\u202f» introuvable\u202f; "
        "vouliez-vous dire «\u202femail/reminder\u202f»\u202f? "
        "Sinon, écrivez templates/email/remnder.mjml (ou .html)"
    )
    assert last == "1 erreur, 0 avertissement"


def test_advice_for_a_french_project_is_told_in_french(boutique: ShopFolder) -> None:
    boutique.write("journeys/cart.yaml", CART)
    answer = boutique.run("check")
    assert "avertissement\u202f: ce parcours n’a pas de `topic`" in answer.out
    assert answer.code == 0


def test_the_code_of_a_finding_is_the_same_and_its_language_is_told(boutique: ShopFolder) -> None:
    boutique.write("journeys/cart.yaml", CART)
    (french,) = boutique.run("check", "--json").json["problems"]
    assert (french["rule"], french["language"]) == ("no-topic", "fr")
    assert french["message"].startswith("ce parcours n’a pas de `topic`")


def test_an_english_project_is_told_that_it_is_english(shop: ShopFolder) -> None:
    shop.write("journeys/cart.yaml", CART)
    (english,) = shop.run("check", "--json").json["problems"]
    assert (english["rule"], english["language"]) == ("no-topic", "en")


def test_commands_refuse_a_faulty_french_project_in_french(boutique: ShopFolder) -> None:
    boutique.write("journeys/cart.yaml", CART.replace("event:", "evnt:", 1))
    answer = boutique.run("test")
    assert answer.code == 1
    assert "vouliez-vous dire «\u202fevent\u202f»\u202f?" in answer.err


def test_a_journey_that_is_not_there_is_refused_in_french(boutique: ShopFolder) -> None:
    answer = boutique.run("test", "crat")
    assert answer.code == 2
    assert "parcours introuvable\u202f: «\u202fcrat\u202f»" in " ".join(answer.err.split(" "))


def test_settings_that_cannot_be_read_are_told_in_the_language_that_they_name(
    boutique: ShopFolder,
) -> None:
    toml = (boutique.folder / "parcours.toml").read_text("utf-8")
    boutique.write("parcours.toml", f"{toml}\nx = = 2\n")
    assert "ce n’est pas du TOML" in boutique.run("check").out


def test_each_project_is_told_in_its_own_language(boutique: ShopFolder, tmp_path: Path) -> None:
    english = tmp_path / "english"
    (english / "journeys").mkdir(parents=True)
    (english / "journeys/x.yaml").write_text("journey: y\n", "utf-8")
    boutique.write("journeys/cart.yaml", CART)
    out = boutique.run("check", str(boutique.folder), str(english)).out
    assert "ce parcours n’a pas de `topic`" in out
    assert "is missing here" in out


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["check", "journeys/"], "babel.messages.pofile"),  # the catalogue is of French projects
        (["--version"], "orchestrator.language.config_file"),  # and settings of a project
    ],
)
def test_nobody_waits_for_a_language_that_is_not_spoken(arguments: list[str], unused: str) -> None:
    script = (
        "import sys\nfrom orchestrator.cli import main\n"
        f"try:\n    main({arguments})\nexcept SystemExit:\n    pass\n"
        f"print({unused!r} in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"


def test_what_never_happens_in_a_back_test_is_told_in_french_throughout(
    boutique: ShopFolder,
) -> None:
    boutique.write_calls(
        track("ada", "Something Else", now()), track("bob", "Something Else", now())
    )
    out = boutique.run("backtest", boutique.folder / "calls.jsonl").out
    assert "n’arrive jamais dans ces 2 appels" in out
