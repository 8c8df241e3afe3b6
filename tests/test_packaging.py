"""A stranger's first minute: the lock installs what was tested, from anywhere, and make says what
is missing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution, entry_points
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

# One requirement of the lock: `name[extras]==version ; marker \`, then its hashes, indented.
ENTRY = re.compile(
    (
        r"^(?P<requirement>[a-z0-9][^\\\n]*?) \\\n(?P<hashes>(?: "
        r"{4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
    ),
    re.M,
)


def locked() -> list[Requirement]:
    return [Requirement(found["requirement"]) for found in ENTRY.finditer(LOCK)]


def test_the_lock_names_no_place_to_download_from() -> None:
    assert "://" not in LOCK
    assert "file:" not in LOCK
    assert not re.search(r"^\s*-(?!-hash)", LOCK, re.M), "an option of pip in the lock"


def test_every_line_of_the_lock_is_pinned_to_a_version_and_hashes() -> None:
    left = re.sub(r"^ *#.*\n", "", ENTRY.sub("", LOCK), flags=re.M)
    assert left.strip() == ""
    assert locked()
    assert all(re.fullmatch(r"==[^,*]+", str(requirement.specifier)) for requirement in locked())


@pytest.mark.parametrize(
    "wanted",
    [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["dev"],
        *PROJECT["build-system"]["requires"],
    ],
)
def test_the_lock_holds_what_the_project_asks_for(wanted: str) -> None:
    requirement = Requirement(wanted)
    name = canonicalize_name(requirement.name)
    versions = [
        str(entry.specifier)[2:] for entry in locked() if canonicalize_name(entry.name) == name
    ]
    assert versions, "run `make lock`"
    assert all(requirement.specifier.contains(version) for version in versions), "run `make lock`"


def test_what_is_installed_fits_together() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_command_parcours_exists() -> None:
    (command,) = entry_points(group="console_scripts", name="parcours")
    assert callable(command.load())


def test_the_licence_travels_with_the_package() -> None:
    metadata = distribution("parcours").metadata
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE"]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What make looks at before it installs anything."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def python_that(folder: Path, name: str, body: str) -> Path:
    """A Python of its own temper: `body` runs first, in every interpreter started by this name."""
    (folder / "temper").mkdir(exist_ok=True)
    (folder / "temper/sitecustomize.py").write_text(body)
    script = folder / name
    script.write_text(f'#!/bin/sh\nPYTHONPATH={folder}/temper exec {sys.executable} "$@"\n')
    script.chmod(0o755)
    return script


WITHOUT_ENSUREPIP = "import sys; sys.modules['ensurepip'] = None"
TOO_OLD = "import sys; sys.version_info = (3, 10, 12, 'final', 0)"


def test_make_names_the_apt_package_where_debian_left_out_ensurepip(clone: Path) -> None:
    done = make(
        clone, "install", f"PYTHONS={python_that(clone, 'debian-python', WITHOUT_ENSUREPIP)}"
    )
    assert done.returncode != 0
    assert (
        f"apt install python{sys.version_info.major}.{sys.version_info.minor}-venv" in done.stderr
    )
    assert not (clone / ".venv").exists()


def test_make_says_which_python_it_needs_where_there_is_none(clone: Path) -> None:
    done = make(
        clone, "install", f"PYTHONS=no-such-python {python_that(clone, 'old-python', TOO_OLD)}"
    )
    assert done.returncode != 0
    assert "needs a Python from 3.11 to 3.14" in done.stderr
    assert not (clone / ".venv").exists()


def test_make_passes_over_a_python_that_cannot_make_environments(clone: Path) -> None:
    (clone / "requirements.lock").write_text("--no-such-option\n")  # stops pip at once
    crippled = python_that(clone, "debian-python", WITHOUT_ENSUREPIP)
    done = make(clone, "install", f"PYTHONS={crippled} {sys.executable}")
    assert f"{sys.executable} -m venv" in done.stdout
    assert (clone / ".venv/bin/python").exists()
    assert not (clone / ".venv/.installed").exists()


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_make_installs_again_only_when_the_lock_or_the_project_changed(
    clone: Path, changed: str
) -> None:
    (clone / ".venv").mkdir()
    (clone / ".venv/.installed").touch()
    for name, seconds in (("requirements.lock", 1), ("pyproject.toml", 1), (".venv/.installed", 2)):
        os.utime(clone / name, (seconds, seconds))
    assert make(clone, "--question", "install").returncode == 0
    os.utime(clone / changed, (3, 3))
    assert make(clone, "--question", "install").returncode == 1


def test_a_wheel_carries_what_a_new_project_is_made_of(tmp_path: Path) -> None:
    """The programmes are links to the sample shop's own files: a wheel holds these."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("orchestrator", "flows", "channels", "journeys", "templates"):
        without = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=without)
    wanted = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path)]
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", *wanted, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    starter = ROOT / "orchestrator/starter"
    for folder in ("beginning", "shipped/journeys", "shipped/templates/*"):
        for file in starter.glob(f"{folder}/*.*"):
            assert file.relative_to(ROOT).as_posix() in inside
    assert "orchestrator/starter/shipped/journeys/welcome.yaml" in inside
    assert "orchestrator/starter/shipped/templates/email/_layout.mjml" in inside
