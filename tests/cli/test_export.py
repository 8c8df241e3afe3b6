"""`parcours export`."""

from __future__ import annotations

import sys

import pytest
import yaml

from tests.cli.conftest import ShopFolder


def test_views_are_written_for_other_tools(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    folder, file = stored_shop.folder / "out/views", stored_shop.folder / "out/flow.yml"
    answer = stored_shop.run("export", "--parquet", folder, "--metricflow", file)
    assert answer.code == 0
    assert f"{folder / 'entries.parquet'}  1 row\n" in answer.out
    assert yaml.safe_load(file.read_text("utf-8"))["semantic_models"][0]["name"] == "sends"


def test_without_the_library_it_says_what_to_install(
    stored_shop: ShopFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_shop.ingest()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    answer = stored_shop.run("export", "--parquet", stored_shop.folder / "out")
    assert answer.code == 1
    assert "pip install 'parcours[parquet]'" in answer.err


def test_who_does_not_say_what_to_write_is_asked(shop: ShopFolder) -> None:
    answer = shop.run("export")
    assert answer.code == 2
    assert "--parquet DIR, --metricflow FILE, or both" in answer.err.replace("\n", " ")
