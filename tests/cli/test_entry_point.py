"""The command itself: quick to answer, clean when it refuses, frank when it breaks."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.cli import app, main, status
from tests.cli.conftest import CART, Shop, identify, track

PARCOURS = Path(sys.executable).with_name("parcours")
HEAVY = ("prefect", "sendgrid", "twilio", "sqlalchemy", "alembic", "psycopg", "fastapi")


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PARCOURS, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=cwd)


def imported_by(*arguments: object) -> set[str]:
    """Which of the heavy libraries a command imports."""
    code = f"""\
import sys
from orchestrator.cli import main
try:
    main({[*map(str, arguments)]!r})
except SystemExit as end:
    print([name for name in {HEAVY!r} if name in sys.modules], end.code, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    names, _, status = done.stderr.strip().splitlines()[-1].rpartition(" ")
    assert status in ("0", "None"), done.stderr
    return {name for name in HEAVY if name in names}


def test_help_check_and_backtest_wait_for_no_database_and_no_sdk(shop: Shop) -> None:
    assert imported_by("--help") == set()
    assert imported_by("check", shop.folder) == set()
    assert imported_by("backtest", shop.write("none.jsonl", ""), "--project", shop.folder) == set()


def test_status_imports_neither_prefect_nor_an_sdk(shop: Shop) -> None:
    shop.begin()
    assert imported_by("status", "--project", shop.folder) <= {"sqlalchemy", "alembic"}


def test_the_project_is_the_current_folder_unless_it_is_named_before_or_behind(shop: Shop, tmp_path: Path) -> None:
    assert run("check", cwd=shop.folder).returncode == 0
    assert run("--project", shop.folder, "check", cwd=tmp_path).returncode == 0
    assert run("check", "--project", shop.folder, cwd=tmp_path).returncode == 0
    nowhere = run("status", cwd=tmp_path)
    assert nowhere.returncode == 2
    assert "name the project's folder with --project DIR" in " ".join(nowhere.stderr.split())


def test_what_stands_behind_goes_before_what_stands_before(shop: Shop, tmp_path: Path) -> None:
    assert run("--project", tmp_path, "check", "--project", shop.folder).returncode == 0
    assert run("--project", shop.folder, "check", "--project", tmp_path).returncode == 2


def test_a_refusal_is_text_without_a_traceback(shop: Shop) -> None:
    shop.write("journeys/cart.yaml", CART.replace("1h", "1 parsec"))
    for command in (
        ["tick"],
        ["backtest", shop.write("none.jsonl", "")],
        ["preview", "cart"],
        ["start", "cart", "x"],
    ):
        answer = shop.run(*command)
        assert answer.code == 1
        assert "journeys/cart.yaml:7:" in answer.err
        assert "Traceback" not in answer.err


def test_a_broken_setting_is_told_with_its_place(shop: Shop) -> None:
    shop.write("parcours.toml", "[project]\ntimezone = 'Mars'\n")
    for command in (["ingest", shop.write("none.jsonl", "")], ["status"], ["explain", "ada"], ["messages", "list"]):
        answer = shop.run(*command)
        assert answer.code == 1
        assert "parcours.toml:2:" in answer.err


@pytest.mark.parametrize("command", [["status"], ["up", "--no-prefect", "--port", "0"], ["tick"]], ids=lambda it: it[0])
def test_a_database_that_is_away_is_told_without_a_traceback_and_without_its_password(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("PARCOURS_DATABASE_URL", "postgresql+psycopg://shop:hunter2@127.0.0.1:1/shop")
    answer = run(*command, cwd=shop.folder)
    assert answer.returncode == 1
    assert "parcours: the database does not answer" in answer.stderr
    assert "Connection refused" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "hunter2" not in answer.stderr


def test_what_nobody_expected_keeps_its_traceback(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    shop.begin()
    monkeypatch.setattr(status, "_tell", broken)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        main(["status", "--project", str(shop.folder)])


def test_a_wrong_call_ends_with_2() -> None:
    for arguments in (["nonsense"], ["check", "--nonsense"], ["explain"], ["backtest", "/nowhere/at-all"]):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments


def test_every_command_explains_itself() -> None:
    names = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    assert {"up", "check", "ingest", "tick", "backtest", "preview", "explain", "status", "start"} <= set(names)
    for name in (*names, "messages", "messages list", "messages settle"):
        done = run(*name.split(), "--help")
        assert done.returncode == 0
        assert done.stdout.startswith(f"Usage: parcours {name}")


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").stdout.startswith("parcours 0.")


def test_a_pipe_that_closes_early_is_no_fault(shop: Shop) -> None:
    at = datetime(2026, 1, 5, 10, tzinfo=UTC)
    users = [f"user-{n}" for n in range(3000)]  # their rows are more than a pipe holds
    log = shop.write_calls(
        *(identify(user, at) for user in users), *(track(user, "Product Added", at) for user in users)
    )
    command = f"'{PARCOURS}' backtest '{log}' --project '{shop.folder}' --out - | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == "at,user_id,journey,step,channel,template\n"
    assert "Traceback" not in done.stderr
