"""Where the shop's own servers are told of codes, tasks and audiences."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.webhook_port import Secret
from orchestrator.language.config_file import read_config


def read(folder: Path, url: str, secrets: str = '["KEY"]') -> tuple[object, list[str]]:
    text = f"[webhooks]\nsecrets = {secrets}\n[coupons]\nwebhook = '{url}'\n"
    (folder / "parcours.toml").write_text(text, "utf-8")
    config, problems = read_config(folder, {})
    return config.outlets.coupons, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("url", "pieces"),
    [
        ("https://shop.example/codes", ("https://shop.example/codes",)),
        ("http://localhost:3000", ("http://localhost:3000",)),
        ("https://a.example/{{secrets.KEY}}/x", ("https://a.example/", Secret("KEY"), "/x")),
    ],
)
def test_a_url_may_hold_secrets_of_the_environment(
    tmp_path: Path, url: str, pieces: tuple[object, ...]
) -> None:
    assert read(tmp_path, url) == (pieces, [])


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("shop.example/codes", "begins with https://"),
        ("ftp://shop.example", "begins with https://"),
        ("https://a.example/{{ customer.id }}", "nothing but"),
        ("https://a.example/{{ secrets.OTHER }}", "the secret OTHER may not be used"),
        ("", "begins with https://"),
    ],
)
def test_what_is_no_such_url_is_refused_at_its_place(tmp_path: Path, url: str, why: str) -> None:
    pieces, (problem,) = read(tmp_path, url)
    assert pieces == ()
    assert problem.startswith("parcours.toml:4:")
    assert why in problem


def test_each_kind_has_a_server_of_its_own(tmp_path: Path) -> None:
    kinds = ("coupons", "tasks", "audiences")
    text = "".join(f"[{kind}]\nwebhook = 'https://{kind}.example'\n" for kind in kinds)
    (tmp_path / "parcours.toml").write_text(text, "utf-8")
    outlets = read_config(tmp_path, {})[0].outlets
    assert outlets.are_open
    for kind in kinds:
        assert getattr(outlets, kind) == (f"https://{kind}.example",)
