"""`parcours tasks`: the to-dos for people."""

from __future__ import annotations

import csv

import pytest

from tests.cli.conftest import ShopFolder, identify, now, track

CARE = """\
journey: care
purpose: transactional
trigger: {event: Complained}
steps:
  - task: {type: call, note: "{{ entry.text }}", assignee: bob, due: 2d}
  - wait_for: {event: Task Done, within: 7d, then: [{email: reminder}]}
"""


@pytest.fixture
def complaint(stored_shop: ShopFolder) -> ShopFolder:
    """Ada has complained."""
    stored_shop.write("journeys/care.yaml", CARE)
    at = now()
    stored_shop.ingest(identify("ada", at), track("ada", "Complained", at, text="=cmd()"))
    stored_shop.run("tick")
    return stored_shop


def test_the_tasks_that_wait_are_listed_with_what_is_to_be_known(complaint: ShopFolder) -> None:
    for command in (("tasks",), ("tasks", "list"), ("tasks", "list", "--assignee", "bob")):
        told = complaint.run(*command).out
        assert told.startswith("ID  DUE (Europe/Paris)"), told
        assert "call  ada       bob  care     =cmd()" in told
    (task,) = complaint.run("tasks", "list", "--json").json
    assert (task["user_id"], task["step"], task["done_at"]) == ("ada", "task-before-reminder", None)
    assert complaint.run("tasks", "list", "--assignee", "eve").out == "No tasks.\n"
    assert complaint.run("tasks", "list", "--journey", "car").code == 2
    assert "1 task for a person" in complaint.run("status").out


def test_who_has_done_a_task_says_how_it_went(complaint: ShopFolder) -> None:
    answer = complaint.run("tasks", "done", 1, "--result", "calmed", "--note", "a voucher helped")
    assert (answer.code, answer.out) == (0, "1 task done\n")
    complaint.run("tick")
    assert "the wait is over: Task Done" in complaint.run("explain", "ada").out
    assert complaint.run("tasks", "list").out == "No tasks.\n"
    assert "calmed" in complaint.run("tasks", "list", "--all").out
    assert "for a person" not in complaint.run("status").out


def test_what_is_no_open_task_is_said(complaint: ShopFolder) -> None:
    unknown = complaint.run("tasks", "done", 1, 7)
    assert (unknown.code, unknown.err) == (1, "nothing is noted: there is no task 7\n")
    assert complaint.run("tasks", "done", 1).code == 0
    again = complaint.run("tasks", "done", 1)
    assert (again.code, again.err) == (1, "done before, and left as it was: 1\n")


def test_tasks_are_written_to_a_spreadsheet_that_computes_nothing(complaint: ShopFolder) -> None:
    file = complaint.folder / "tasks.csv"
    assert complaint.run("tasks", "export", file).err == f"1 task written to {file}\n"
    printed = complaint.run("tasks", "export", "-", "--all").out
    assert printed == file.read_text("utf-8")
    (row,) = csv.DictReader(printed.splitlines())
    told = ("first_name", "email", "phone", "note", "assignee", "done_at", "type")
    assert [row[name] for name in told] == [
        "Ada", "ada@example.com", "+33612345678", "'=cmd()", "bob", "", "call",
    ]  # fmt: skip


def test_tasks_from_before_are_told_where_a_server_is_named(complaint: ShopFolder) -> None:
    nobody = complaint.run("tasks", "post")
    assert nobody.code == 1
    assert "`[tasks] webhook`" in nobody.err
    file = complaint.folder / "parcours.toml"
    toml = file.read_text("utf-8") + '[tasks]\nwebhook = "https://crm.shop.example/tasks"\n'
    complaint.write("parcours.toml", toml)
    assert complaint.run("tasks", "post").out == "1 task to be told of, with the next tick\n"
    assert complaint.run("tasks", "post").out == "0 tasks to be told of, with the next tick\n"
    assert "care" in complaint.run("webhooks", "list").out
