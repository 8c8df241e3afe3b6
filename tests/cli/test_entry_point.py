"""The command itself: quick to answer, clean when it refuses, frank when it breaks."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer

from orchestrator.cli import app, main, status_command
from orchestrator.cli.messages_command import app as messages
from tests.cli.conftest import Answer, ShopFolder, database_of, identify, now, track
from tests.support.journeys import CART
from tests.support.ports import closed_port

RunCommand = Callable[[Sequence[str]], Answer]

PARCOURS = Path(sys.executable).with_name("parcours")
HEAVY = ("prefect", "sendgrid", "twilio", "sqlalchemy", "alembic", "psycopg", "fastapi")


def run(*arguments: object, cwd: Path | str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PARCOURS, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=cwd
    )


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


def test_help_check_and_backtest_wait_for_no_database_and_no_sdk(shop: ShopFolder) -> None:
    assert imported_by("--help") == set()
    assert imported_by("check", shop.folder) == set()
    assert imported_by("backtest", shop.write("none.jsonl", ""), "--project", shop.folder) == set()


def test_status_imports_neither_prefect_nor_an_sdk(shop: ShopFolder) -> None:
    shop.begin()
    assert imported_by("status", "--project", shop.folder) <= {"sqlalchemy"}


def test_the_project_is_the_current_folder_unless_it_is_named_before_or_behind(
    shop: ShopFolder, tmp_path: Path, run_command: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(shop.folder)
    assert run("check", cwd=folder).returncode == 0
    monkeypatch.chdir(tmp_path)
    assert run_command(["--project", folder, "check"]).code == 0
    assert run_command(["check", "--project", folder]).code == 0
    nowhere = run_command(["status"])
    assert nowhere.code == 2
    assert "name the project's folder with --project DIR" in " ".join(nowhere.err.split())


def test_what_stands_behind_goes_before_what_stands_before(
    shop: ShopFolder, tmp_path: Path, run_command: RunCommand
) -> None:
    here, nowhere = str(shop.folder), str(tmp_path)
    assert run_command(["--project", nowhere, "check", "--project", here]).code == 0
    assert run_command(["--project", here, "check", "--project", nowhere]).code == 2


def test_a_refusal_is_text_without_a_traceback(shop: ShopFolder) -> None:
    shop.write("journeys/cart.yaml", CART.replace("1h", "1 parsec"))
    for command in (
        ["tick"],
        ["backtest", shop.write("none.jsonl", "")],
        ["start", "cart", "x"],
    ):
        answer = shop.run(*command)
        assert answer.code == 1
        assert "journeys/cart.yaml:7:" in answer.err
        assert "Traceback" not in answer.err


def test_a_broken_setting_is_told_with_its_place(shop: ShopFolder) -> None:
    shop.write("parcours.toml", "[project]\ntimezone = 'Mars'\n")
    for command in (
        ["ingest", shop.write("none.jsonl", "")],
        ["status"],
        ["explain", "ada"],
        ["messages", "list"],
    ):
        answer = shop.run(*command)
        assert answer.code == 1
        assert "parcours.toml:2:" in answer.err


@pytest.mark.parametrize(
    "command", [["status"], ["up", "--no-prefect", "--port", "0"], ["tick"]], ids=lambda it: it[0]
)
def test_a_database_that_is_away_is_told_without_a_traceback_and_without_its_password(
    shop: ShopFolder, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv(
        "PARCOURS_DATABASE_URL", "postgresql+psycopg://shop:hunter2@127.0.0.1:1/shop"
    )
    answer = shop.run(*command)
    assert answer.code == 1
    assert "parcours: the database does not answer" in answer.err
    assert "Connection refused" in answer.err
    assert "Traceback" not in answer.err
    assert "hunter2" not in answer.err


def test_what_nobody_expected_keeps_its_traceback(
    shop: ShopFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    shop.begin()
    monkeypatch.setattr(status_command, "read_status", broken)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        main(["status", "--project", str(shop.folder)])


def test_a_wrong_call_ends_with_2(run_command: RunCommand) -> None:
    for arguments in (
        ["nonsense"],
        ["check", "--nonsense"],
        ["explain"],
        ["backtest", "/nowhere/at-all"],
    ):
        answer = run_command(arguments)
        assert (answer.code, answer.out) == (2, ""), arguments


def test_every_command_explains_itself(run_command: RunCommand) -> None:
    root: Any = typer.main.get_command(app)
    names = root.list_commands(None)
    assert {
        "up",
        "check",
        "ingest",
        "tick",
        "backtest",
        "preview",
        "explain",
        "status",
        "start",
    } <= set(names)
    for name in (*names, "messages list", "messages settle", "messages retry"):
        answer = run_command([*name.split(), "--help"])
        assert answer.code == 0
        assert answer.out.startswith(f"Usage: parcours {name}")


def test_the_list_of_commands_says_of_each_what_the_command_itself_says_first() -> None:
    for group in (app, messages):
        root: Any = typer.main.get_command(group)
        for name, command in root.known.items():
            own = root.get_command(None, name)
            assert own.get_short_help_str(1000) == command.summary


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").stdout.startswith("parcours 0.")


def test_a_pipe_that_closes_early_is_no_fault(shop: ShopFolder) -> None:
    at = datetime(2026, 1, 5, 10, tzinfo=UTC)
    users = [f"user-{n}" for n in range(3000)]  # their rows are more than a pipe holds
    log = shop.write_calls(
        *(identify(user, at) for user in users),
        *(track(user, "Product Added", at) for user in users),
    )
    command = f"'{PARCOURS}' backtest '{log}' --project '{shop.folder}' --out - | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == "at,user_id,journey,step,channel,template\n"
    assert "Traceback" not in done.stderr


# ----------------------------------------------- what a disk, a database or a slip of the hand does


def one_line(answer: Answer) -> str:
    """The refusal: one line, no traceback, exit status 1."""
    assert answer.code == 1, answer.err
    assert "Traceback" not in answer.err
    (line,) = answer.err.splitlines()
    return line


def answer_of(done: subprocess.CompletedProcess[str]) -> Answer:
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "command", [["status"], ["tick"], ["explain", "ada"], ["messages", "list"]]
)
def test_a_database_that_does_not_answer_is_told_in_a_line_with_what_to_do(
    shop: ShopFolder, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    with closed_port() as port:
        url = f"postgresql+psycopg://nobody@127.0.0.1:{port}/x"
        monkeypatch.setenv("PARCOURS_DATABASE_URL", url)
        told = one_line(shop.run(*command))
    assert "Connection refused" in told
    assert "see that its server runs (`url` under [database] in parcours.toml" in told


def test_a_postgresql_that_ends_while_a_command_starts_is_told_in_a_line(
    shop: ShopFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server_that_hangs_up() as port:
        url = f"postgresql+psycopg://nobody@127.0.0.1:{port}/x"
        monkeypatch.setenv("PARCOURS_DATABASE_URL", url)
        told = one_line(shop.run("tick"))
    assert "see that its server runs" in told


def test_a_file_that_is_no_database_is_told_in_a_line(shop: ShopFolder) -> None:
    shop.write("var/parcours.db", "a letter, not a database\n" * 200)
    told = one_line(answer_of(run("status", cwd=shop.folder)))
    assert "file is not a database; the file is something else: name another place" in told


def test_a_folder_in_place_of_the_database_is_told_in_a_line(shop: ShopFolder) -> None:
    (shop.folder / "var/parcours.db").mkdir(parents=True)
    assert "unable to open database file; say it as the owner of the file" in one_line(
        shop.run("tick")
    )


def test_a_file_in_place_of_a_folder_is_told_in_a_line(shop: ShopFolder) -> None:
    shop.write("var", "no folder")
    told = one_line(shop.run("ingest", shop.write_calls()))
    assert told.endswith(
        "var: File exists; a file stands where a folder should: name another place"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told_in_a_line(shop: ShopFolder) -> None:
    shop.folder.chmod(0o500)
    try:
        assert "say it as a user who may, or name another place" in one_line(shop.run("tick"))
    finally:
        shop.folder.chmod(0o700)


def test_a_database_of_a_newer_version_is_told_in_a_line(shop: ShopFolder) -> None:
    shop.begin()
    with database_of(shop) as database, database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "a newer Parcours made it: run that version, or a newer one" in one_line(
        shop.run("status")
    )


def test_a_disk_that_is_full_is_told_in_a_line(shop: ShopFolder) -> None:
    shop.begin()
    calls = shop.write_calls(
        *(track(f"user-{n}", "Product Added", now(), note="x" * 2_000) for n in range(2_000))
    )
    done = subprocess.run(
        [PARCOURS, "ingest", calls],
        capture_output=True,
        text=True,
        check=False,
        cwd=shop.folder,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)
        ),  # as a quota would
    )
    told = one_line(answer_of(done))
    assert "the database: " in told
    assert "disk is full" in told
    assert shop.run("status").code == 0


@pytest.mark.parametrize("command", [["--help"], ["check"], ["status"], ["explain", "--help"]])
def test_an_output_that_takes_nothing_more_is_told_in_a_line(
    shop: ShopFolder, command: list[str]
) -> None:
    shop.begin()
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PARCOURS, *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=shop.folder,
        )
    told = one_line(answer_of(done))
    assert told == "parcours: No space left on device; free some space, then say it again"


def test_files_that_cannot_be_made_are_told_in_a_line(shop: ShopFolder) -> None:
    place = shop.write("place", "a file")
    assert "place" in one_line(shop.run("preview", "nudge", "--out", place))


def test_a_name_that_is_no_text_is_told_in_a_line(shop: ShopFolder) -> None:
    shop.begin()
    done = subprocess.run(
        [str(PARCOURS).encode(), b"explain", b"J\xfcrgen"],
        capture_output=True,
        check=False,
        cwd=shop.folder,
    )
    assert done.returncode == 1
    assert (
        done.stderr
        == b"parcours: 'J\\xfcrgen' is not readable text: type it in UTF-8, or rename the file\n"
    )


FAR = "lies over 100 years ahead"


@pytest.mark.parametrize(
    ("instant", "told"),
    [
        ("9999-12-31T23:59:59Z", FAR),
        ("9999-12-31", FAR),
        ("9999-12-31T23:59:59-14:00", "is no instant"),
        ("0001-01-01T00:00:00+14:00", "is no instant"),
        (f"{datetime.now(UTC).year + 101}-01-01", FAR),
    ],
)
def test_no_instant_beyond_a_lifetime_is_taken_anywhere(
    shop: ShopFolder, instant: str, told: str
) -> None:
    shop.begin()
    for command in (
        ["tick", "--now", instant],
        ["backtest", shop.write("none.jsonl", ""), "--until", instant],
    ):
        answer = shop.run(*command)
        assert answer.code == 2
        assert told in answer.err
    assert shop.run("tick").code == 0  # the database was not taken there


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("list", "there is no command 'list'; did you mean `parcours messages list`?"),
        ("settle", "did you mean `parcours messages settle`?"),
        ("explian", "did you mean 'explain'?"),
        ("zzz", "(known: up, new, check, test, ingest,"),
        ("messages lst", "did you mean 'list'?"),
    ],
)
def test_a_command_that_does_not_exist_is_answered_by_the_one_that_was_meant(
    run_command: RunCommand, name: str, told: str
) -> None:
    answer = run_command(name.split())
    assert answer.code == 2
    assert told in answer.err


@contextmanager
def server_that_hangs_up() -> Iterator[int]:
    """Takes connections and closes each at once, as a PostgreSQL that is shutting down."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            with suppress(OSError):
                while True:
                    listener.accept()[0].close()

        Thread(target=hang_up, daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
