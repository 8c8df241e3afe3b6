"""`parcours audience export`: who agreed, as ad platforms want it."""

from __future__ import annotations

import csv
from hashlib import sha256

import pytest

from tests.cli.conftest import ShopFolder, identify, now, track

LOOK = "journey: look\ntrigger: {event: Viewed}\nsteps: [{audience: {add: lookers}}]\n"


@pytest.fixture
def looked(stored_shop: ShopFolder) -> ShopFolder:
    """Three looked: Ada agrees, Bob refuses, and of Cleo no address is known."""
    stored_shop.write("journeys/look.yaml", LOOK)
    at = now()
    stored_shop.ingest(
        identify("ada", at),
        identify("bob", at, email="bob@example.com", consent={"email": False, "sms": False}),
        *(track(user, "Viewed", at) for user in ("ada", "bob", "cleo")),
    )
    stored_shop.run("tick")
    return stored_shop


def test_who_refused_is_left_out_and_counted(looked: ShopFolder) -> None:
    answer = looked.run("audience", "export", "lookers")
    assert answer.err == (
        "1 customer, 2 left out: no consent to marketing (1), no address and no number (1), written\n"
    )
    (row,) = csv.DictReader(answer.out.splitlines())
    assert row["Email"] == sha256(b"ada@example.com").hexdigest()
    assert row["Phone"] == sha256(b"+33612345678").hexdigest()
    assert "joins the audience lookers" in looked.run("explain", "bob").out


def test_each_platform_has_columns_of_its_own(looked: ShopFolder) -> None:
    file = looked.folder / "lookers.csv"
    assert looked.run("audience", "export", "lookers", file, "--for", "meta").code == 0
    (row,) = csv.DictReader(file.read_text("utf-8").splitlines())
    assert row["phone"] == sha256(b"33612345678").hexdigest()
    assert "ada@" not in file.read_text("utf-8")


def test_an_audience_that_nobody_was_ever_in_is_a_slip(looked: ShopFolder) -> None:
    answer = looked.run("audience", "export", "looker")
    assert answer.code == 2
    assert "did you mean" in answer.err
