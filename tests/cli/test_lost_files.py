"""What goes missing under Parcours' feet: the key that signs links, the folder `var`."""

from __future__ import annotations

import logging
import shutil

import pytest

from tests.cli.conftest import ShopFolder


def test_a_lost_secret_key_is_told_before_and_when_another_takes_its_place(
    stored_shop: ShopFolder, caplog: pytest.LogCaptureFixture
) -> None:
    stored_shop.begin()
    assert stored_shop.run("check", "--data").err == ""
    stored_shop.run("tick")
    assert stored_shop.run("check", "--data").err == ""
    (stored_shop.folder / "var/secret_key").unlink()
    assert (
        "links in mails that were sent, also to unsubscribe, are dead"
        in stored_shop.run("check", "--data").err
    )
    assert not (stored_shop.folder / "var/secret_key").exists()  # to look makes none
    with caplog.at_level(logging.WARNING):
        stored_shop.run("tick")
    assert "The secret key is another than before" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        stored_shop.run("tick")
    assert caplog.text == ""


def test_the_same_key_from_elsewhere_is_no_news(
    stored_shop: ShopFolder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_shop.begin()
    stored_shop.run("tick")
    monkeypatch.setenv("PARCOURS_SECRET_KEY", (stored_shop.folder / "var/secret_key").read_text())
    shutil.rmtree(stored_shop.folder / "var/wire", ignore_errors=True)
    (stored_shop.folder / "var/secret_key").unlink()
    with caplog.at_level(logging.WARNING):
        stored_shop.run("tick")
    assert caplog.text == ""
