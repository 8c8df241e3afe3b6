"""The rules of the house that no single file shows: who imports whom, who reads the clock, who
speaks SQL. How long is long stands in test_shape.py.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from orchestrator.domain.message import MessageState
from tests.support.house import ROOT, SOURCES, inside, shown, syntax

WALL_CLOCK = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "email.utils.localtime",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "sqlalchemy.func.now",
    "sqlalchemy.func.current_timestamp",
}
DATABASE_LIBRARIES = {"sqlalchemy", "sqlmodel", "alembic", "psycopg", "sqlite3"}
ORM_SESSIONS = {"sqlmodel.Session", "sqlalchemy.orm.Session", "sqlalchemy.orm.sessionmaker"}
VAGUE_NAMES = {"utils", "helpers", "common", "manager", "managers", "service", "services"}


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """The names that a file imports, at whatever depth, each with what it stands for in full,
    except from our own.
    """
    for node in ast.walk(syntax(path)):
        match node:
            case ast.Import():
                for alias in node.names:
                    # `import a.b` binds `a`, and the file then spells out the rest.
                    top = alias.name.partition(".")[0]
                    yield (alias.asname, alias.name) if alias.asname else (top, top)
            case ast.ImportFrom(level=0, module=str(module)):
                for alias in node.names:
                    yield alias.asname or alias.name, f"{module}.{alias.name}"


def libraries(path: Path) -> set[str]:
    return {name.partition(".")[0] for _, name in imported(path)}


def mentioned(path: Path) -> Iterator[tuple[str, int]]:
    """The dotted names in a file, spelled out through its imports, each with its line."""
    names = set(imported(path))
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Name | ast.Attribute):
            head, dot, rest = ast.unparse(node).partition(".")
            for local, name in names:
                if local == head:
                    yield name + dot + rest, node.lineno


def test_imports_point_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_has_its_place_in_the_map() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    placed = set(re.findall(r"[\w.]+", " ".join(contracts[0]["layers"])))
    rooms = {
        path.stem for path in (ROOT / "orchestrator").glob("[a-z]*") if path.suffix in ("", ".py")
    }
    assert {f"orchestrator.{room}" for room in rooms} | {"channels", "flows"} <= placed


#: Libraries that only compute: no clock, no network, no state.
PURE_LIBRARIES = {"phonenumbers", "holidays"}


def test_the_domain_imports_only_the_standard_library_and_what_is_pure_like_it() -> None:
    allowed = sys.stdlib_module_names | {"orchestrator"} | PURE_LIBRARIES
    foreign = {
        shown(path): libraries(path) - allowed
        for path in SOURCES
        if inside(path, "orchestrator/domain")
    }
    assert not {path: names for path, names in foreign.items() if names}


def test_only_the_clock_reads_the_time() -> None:
    readers = [
        f"{shown(path)}:{line}: {name}"
        for path in SOURCES
        if path != ROOT / "orchestrator/clock.py"
        for name, line in mentioned(path)
        if name in WALL_CLOCK
    ]
    assert not readers


@pytest.mark.parametrize(
    "line",
    [
        "import datetime; datetime.datetime.now()",
        "import datetime as dt; f = dt.date.today",
        "from datetime import datetime as D, UTC; D.now(UTC)",
        "from time import time; time()",
        "import time; time.time_ns()",
        "import email.utils; email.utils.localtime()",
        "from sqlalchemy import func; func.now()",
    ],
)
def test_reading_the_time_is_seen_however_it_is_spelled(line: str, tmp_path: Path) -> None:
    (tmp_path / "reader.py").write_text(line)
    assert WALL_CLOCK & {name for name, _ in mentioned(tmp_path / "reader.py")}


def test_only_the_store_speaks_sql() -> None:
    speakers = {
        shown(path): found
        for path in SOURCES
        if not inside(path, "orchestrator/store")
        and (found := libraries(path) & DATABASE_LIBRARIES)
    }
    assert not speakers


def test_the_store_opens_no_orm_session() -> None:
    openers = [
        shown(path) for path in SOURCES for _, name in imported(path) if name in ORM_SESSIONS
    ]
    assert not openers


def test_sending_goes_on_without_prefect_because_only_flows_and_the_command_line_know_it() -> None:
    knowing = [
        shown(path)
        for path in SOURCES
        if not inside(path, "flows", "orchestrator/cli") and "prefect" in libraries(path)
    ]
    assert not knowing


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [shown(path) for path in SOURCES if VAGUE_NAMES & set(re.split(r"[/_.]", shown(path)))]
    assert not vague


def test_no_file_points_beside_the_clone() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git clone: there is no list of files to read")
    dangling = [
        f"{name}: {target}"
        for name in listed.stdout.split("\0")
        if Path(name).suffix in {".py", ".md", ".yaml", ".toml", ".mjml", ".html", ".txt", ""}
        and not name.startswith("tests/")
        and (ROOT / name).is_file()
        for target in re.findall(r"(?:\.\./)+[\w][\w./-]*\w", (ROOT / name).read_text("utf-8"))
        if not leads_into_the_clone((ROOT / name).parent / target)
    ]
    assert not dangling


def leads_into_the_clone(path: Path) -> bool:
    return path.exists() and path.resolve().is_relative_to(ROOT)


def test_no_property_test_has_a_deadline_and_no_test_a_short_time_out() -> None:
    """A busy machine may take its time; a wait ends by its event, and only what hangs is ended."""
    assert hypothesis.settings().deadline is None
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text("utf-8")
        assert not re.search(r"\bsettings\([^)]*\bdeadline *= *(?!None)\d", text), shown(path)
        assert all(
            int(seconds) >= 60 for seconds in re.findall(r"\bmark\.timeout\((\d+)\)", text)
        ), shown(path)
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"][
        "ini_options"
    ]
    assert options["timeout"] >= 600


def test_the_time_line_names_no_kind_of_step() -> None:
    """What a kind does is its own: a new one needs no line where lives are run."""
    core = [path for path in SOURCES if path.parent == ROOT / "orchestrator/domain"]
    naming = {
        shown(path)
        for path in core
        for _, name in imported(path)
        if name.startswith("orchestrator.domain.steps.")
    }
    assert naming <= {"orchestrator/domain/friend_offer.py"}  # it looks for rewards


def test_one_place_decides_whether_a_message_may_leave() -> None:
    """The time line and the lease ask the same law; nobody asks a part of it beside them."""
    asking = {
        shown(path)
        for path in SOURCES
        for name, _ in mentioned(path)
        if name in ("orchestrator.domain.policy.may_send", "orchestrator.domain.policy.still_lacks")
    }
    assert asking == {"orchestrator/domain/release.py"}


#: Where a medium may be named: its table, adapters, and what reads or writes about one of them.
NAMES_MEDIA = {
    "orchestrator/domain/medium.py",
    "orchestrator/language/step_forms/message_forms.py",
    "orchestrator/language/form_errors.py",  # a template's name in the place of a step
    "orchestrator/store/line_saving.py",  # the e-mail address by which customers are found
    "orchestrator/intake/typed_addresses.py",
    "orchestrator/demo/readers.py",
}


def test_a_medium_is_named_in_few_places() -> None:
    """Whatever differs between media stands in their table: a new one must not be sought for."""
    naming = {
        shown(path)
        for path in SOURCES
        if not inside(path, "channels")
        and any(
            name.endswith((".Medium.EMAIL", ".Medium.SMS", ".Medium.WHATSAPP"))
            for name, _ in mentioned(path)
        )
    }
    assert naming - NAMES_MEDIA == set()


def test_states_of_messages_are_named_never_written_out() -> None:
    """A state written as text is one that no search for the state finds."""
    states = {str(state) for state in MessageState}
    written = {
        f"{shown(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Compare) and ".state" in ast.unparse(node)
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and part.value in states
    }
    assert written == set()


def test_keys_with_a_prefix_are_made_and_taken_apart_in_one_file() -> None:
    """What the stored keys of consent and of suppressed customers look like, nobody else knows."""
    knowing = {
        shown(path)
        for path in SOURCES
        if not inside(path, "orchestrator/store/migrations")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value.startswith(("topic:", "address:", "customer:"))
    }
    assert knowing == {"orchestrator/domain/consent.py"}
