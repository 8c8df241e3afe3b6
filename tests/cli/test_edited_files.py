"""What counts as an edit while `up` runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.live.edited_files import EditedFiles


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "journeys/more").mkdir(parents=True)
    (tmp_path / "journeys/a.yaml").write_text("journey: a\n")
    return tmp_path


def taken(files: EditedFiles) -> bool:
    """Whether an edit is taken in the next two looks; the first only sees that something
    changes.
    """
    return [files.settled(), files.settled()][-1]


def test_a_change_is_taken_once_and_only_when_it_has_settled(root: Path) -> None:
    files = EditedFiles(root)
    assert not taken(files)
    (root / "journeys/more/b.yaml").write_text("journey: b\n")
    assert [files.settled(), files.settled(), files.settled()] == [False, True, False]


def test_what_an_editor_keeps_for_itself_is_no_edit(root: Path) -> None:
    files = EditedFiles(root)
    (root / "journeys/.#a.yaml").symlink_to("ada@machine.4711:1")
    (root / "journeys/.a.yaml.swp").write_text("swap")
    assert not taken(files)


def test_what_cannot_be_read_is_an_edit_so_that_it_is_spoken_of(root: Path) -> None:
    files = EditedFiles(root)
    (root / "journeys/x.yaml").mkdir()
    assert taken(files)
    (root / "journeys/x.yaml").rmdir()
    assert taken(files)
    (root / "journeys/x.yaml").symlink_to("nowhere")
    assert taken(files)


def test_links_in_a_circle_and_folders_that_vanish_end_nothing(root: Path) -> None:
    (root / "journeys/circle").symlink_to(root / "journeys")
    (root / "journeys/itself.yaml").symlink_to("itself.yaml")
    files = EditedFiles(root)
    (root / "journeys/a.yaml").write_text("journey: abc\n")
    assert taken(files)
    assert not taken(EditedFiles(root / "nothing here"))
