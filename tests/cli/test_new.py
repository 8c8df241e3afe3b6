"""`parcours new`: a project that runs at once, and programmes copied into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from orchestrator.language.lifecycle_file import PRESETS
from orchestrator.starter.playbooks import PLAYBOOKS
from tests.cli.conftest import Answer

Run = Callable[[Sequence[str]], Answer]


@pytest.fixture
def parcours(
    tmp_path: Path, run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Answer]:
    """`parcours`, typed in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: run_command(words)


def checked(answer: Answer) -> str:
    return answer.out.splitlines()[-1]


@pytest.mark.parametrize("lifecycle", PRESETS)
@pytest.mark.parametrize("locales", [("en",), ("fr",), ("fr", "en-GB")])
def test_a_new_project_runs_at_once(
    parcours: Callable[..., Answer], lifecycle: str, locales: tuple[str, ...]
) -> None:
    flags = [word for locale in locales for word in ("--locale", locale)]
    answer = parcours("new", "my-shop", "--lifecycle", lifecycle, *flags)
    assert answer.code == 0, answer.err
    # the postal address is nobody's but theirs
    assert checked(parcours("check", "--project", "my-shop")) == (
        "1 parcours, 1 modèle\u202f: 0 erreur, 1 avertissement"
        if locales[0] == "fr"
        else "1 journey, 1 template: 0 errors, 1 warning"
    )
    assert parcours("test", "--project", "my-shop").out.endswith("3 passed, in 1 journey\n")
    preview = parcours("preview", "hello", "--project", "my-shop").out
    assert ("Bienvenue" in preview) == (locales[0] == "fr")
    assert parcours("tick", "--project", "my-shop").code == 0


def test_what_was_written_is_told_and_what_to_type_next(parcours: Callable[..., Answer]) -> None:
    out = parcours("new", "my-shop").out
    written = [line.strip() for line in out.split("Now type")[0].splitlines()[1:] if line]
    files = {
        path.relative_to("my-shop").as_posix()
        for path in Path("my-shop").rglob("*")
        if path.is_file()
    }
    assert set(written) == files
    assert f"{len(files)} files written" in out
    assert "  cd my-shop\n" in out
    assert 'name = "My Shop"' in Path("my-shop/parcours.toml").read_text("utf-8")


def test_a_folder_with_a_project_is_left_as_it_is(parcours: Callable[..., Answer]) -> None:
    parcours("new")
    Path("journeys/hello.yaml").write_text("mine", "utf-8")
    answer = parcours("new")
    assert answer.code == 1
    assert "there is a project in" in answer.err
    assert Path("journeys/hello.yaml").read_text("utf-8") == "mine"


def test_a_file_that_is_there_is_kept(parcours: Callable[..., Answer]) -> None:
    Path(".gitignore").write_text("mine", "utf-8")
    out = parcours("new").out
    assert "1 file kept, as yours:\n  .gitignore\n" in out
    assert Path(".gitignore").read_text("utf-8") == "mine"


@pytest.mark.parametrize("locales", [("en",), ("fr", "en")])
def test_every_programme_runs_in_a_new_project(
    parcours: Callable[..., Answer], locales: tuple[str, ...]
) -> None:
    parcours("new", *[word for locale in locales for word in ("--locale", locale)])
    for name in PLAYBOOKS:
        answer = parcours("new", name)
        assert (answer.code, answer.err) == (0, "")
    found = "0 erreur, 1 avertissement" if locales[0] == "fr" else "0 errors, 1 warning"
    assert checked(parcours("check")).endswith(f": {found}")
    tested = parcours("test")
    assert tested.code == 0, tested.out
    assert tested.out.endswith("passed, in 9 journeys\n")


def test_a_programme_alone_is_tested_where_there_is_nothing_but_a_journey(
    parcours: Callable[..., Answer],
) -> None:
    """Also its lifecycle and its survey come along."""
    Path("journeys").mkdir()
    answer = parcours("new", "win-back")
    assert answer.code == 0, answer.err
    assert parcours("test", "win-back").code == 0


def test_a_programme_is_a_draft_until_somebody_says_so(parcours: Callable[..., Answer]) -> None:
    parcours("new")
    assert "take the line `draft: true` out of journeys/welcome.yaml" in (
        parcours("new", "welcome").out
    )
    text = Path("journeys/welcome.yaml").read_text("utf-8")
    assert text.splitlines()[1].startswith("draft: true")


def test_a_programme_in_a_project_overwrites_nothing(parcours: Callable[..., Answer]) -> None:
    parcours("new")
    layout = Path("templates/email/_layout.mjml")
    layout.write_text(layout.read_text("utf-8") + "{# mine #}\n", "utf-8")
    parcours("new", "welcome")
    Path("journeys/welcome.yaml").write_text("journey: welcome\n", "utf-8")
    parcours("new", "welcome")
    assert layout.read_text("utf-8").endswith("{# mine #}\n")
    assert Path("journeys/welcome.yaml").read_text("utf-8") == "journey: welcome\n"


def test_a_programme_that_begins_at_a_stage_the_project_lacks_is_refused_before_it_is_written(
    parcours: Callable[..., Answer],
) -> None:
    parcours("new", "--lifecycle", "race")
    answer = parcours("new", "win-back")
    assert answer.code == 2
    assert "win-back begins at the stage 'inactive'" in answer.err
    assert not Path("journeys/win-back.yaml").exists()
    assert parcours("new", "nps").code == 0  # it only serves a stage of another name
    assert " 0 errors" in checked(parcours("check"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("winback",), "there is no programme 'winback'; did you mean 'win-back'?"),
        (("--lifecycle", "rase"), "there is no preset 'rase'; did you mean 'race'?"),
        (("--locale", "de"), "there are texts in en and fr, and none in 'de'"),
        (("welcome",), "there is no folder `journeys`"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused_and_writes_nothing(
    parcours: Callable[..., Answer], words: tuple[str, ...], told: str
) -> None:
    answer = parcours("new", *words)
    assert answer.code == 2
    assert told in " ".join(answer.err.split())
    assert list(Path().iterdir()) == []
