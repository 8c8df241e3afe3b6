"""Whatever stands in a project's files, `check` answers with lines that name a place: never a
traceback, never late.

The files are those that a broken editor, a wrong download or a curious reviewer leaves behind.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.language.journeys import read_journey
from orchestrator.language.lifecycle_file import read_lifecycle
from orchestrator.language.place import Known
from orchestrator.language.surveys import read_surveys
from orchestrator.lint.project_check import Report, check_project

HEAD = "journey: x\ntrigger: manual\nsteps:\n"
MAIL = "---\nsubject: Hello\n---\n<p>{{ links.unsubscribe }} {{ project.postal_address }}</p>\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("journeys", "templates/email", "templates/sms"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "parcours.toml").write_text(
        '[project]\npostal_address = "1 rue des Tanneurs"\n[topics]\nnews = "News"\n', "utf-8"
    )
    (tmp_path / "templates/email/a.html").write_text(MAIL, "utf-8")
    (tmp_path / "journeys/good.yaml").write_text(
        "journey: good\ntopic: news\ntrigger: manual\nsteps: [email: a]\n", "utf-8"
    )
    return tmp_path


def checked(project: Path, text: str, file: str = "journeys/x.yaml") -> Report:
    (project / file).write_text(text, "utf-8", errors="surrogatepass")
    report = check_project(project, {})
    for problem in report.problems:
        line = str(problem)
        assert line.isprintable(), line
        assert len(line) < 400, line
        assert not any(word in line for word in ("Error", "Traceback", "token", "0x0")), line
    return report


JOURNEYS = {
    "NUL": HEAD + "  - email: a\0b\n",
    "bell": HEAD + "  - email: a\ab\n",
    "brackets": "journey: " + "[" * 500 + "]" * 500,
    "braces": "{a: " * 5000 + "1" + "}" * 5000,
    "indentation": "".join(" " * depth + "a:\n" for depth in range(300)),
    "dashes": "- " * 10000 + "x",
    "aliases of aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    ),
    "an alias of itself": "journey: &a [*a]\n",
    "an alias as a key": "? *a\n: x\n",
    "a list as a key": "{[a]: 3}\n",
    "a Python object": "journey: !!python/object:os.system x\n",
    "a sign that does not exist": 'journey: "\\U99999999"\n',
    "half an emoji": HEAD + '  - email: "\\ud83d"\n',
    "half an emoji as a key": '"\\ud83d": x\n',
    "nested branches": HEAD
    + "  - "
    + "{branch: [{if: true, then: [" * 60
    + "exit"
    + "]}]}" * 60
    + "\n",
    "a number of 5000 digits": HEAD + "  - set: {x: " + "9" * 5000 + "}\n  - exit: 3\n",
    "a number no database holds": HEAD + "  - set: {x: 99999999999999999999999999}\n",
    "infinity": HEAD + "  - set: {x: 1e999}\n",
    "infinite amount": HEAD + "  - coupon: {amount: 1e999}\n",
    "a priority of 299 digits": f"journey: x\ntrigger: manual\npriority: {'9' * 299}\nsteps: []\n",
    "a share that is no number": "journey: x\ntrigger: manual\nholdout: nan\nsteps: []\n",
    "a share in Arabic": "journey: x\ntrigger: manual\nholdout: ٣%\nsteps: []\n",
    "a duration in Arabic": HEAD + "  - delay: ٣d\n",
    "an ISO duration in Arabic": HEAD + "  - delay: P٣D\n",
    "a time in Arabic": HEAD + "  - wait_until: {time: ٠٩:٠٠}\n",
    "a duration of 400 digits": HEAD + "  - delay: " + "9" * 400 + "d\n",
    "a power": HEAD + "  - set: {x: '{{ 2**20000 }}'}\n",
    "400 parentheses": HEAD + "  - set: {x: '{{ " + "(" * 400 + "1" + ")" * 400 + " }}'}\n",
    "Arabic digits": HEAD + "  - set: {x: '{{ entry.price > ٣.٥ }}'}\n",
    "20,000 open braces": HEAD + "  - set: {x: '" + "{{ " * 20000 + "'}\n",
    "6,000 open braces": HEAD + "  - set: {x: '" + "{{ " * 6000 + "'}\n",
    "20,000 values": HEAD + "  - set: {x: '" + "{{ 1 }}" * 20000 + "'}\n",
    "a subject with 21 loops": HEAD
    + "  - email: {template: a, subject: '"
    + "{% for x in y %}" * 21
    + "x"
    + "{% endfor %}" * 21
    + "'}\n",
    "a subject in Arabic": HEAD + "  - email: {template: a, subject: '{{ ٣.٥ }}'}\n",
    "a subject of a power": HEAD + "  - email: {template: a, subject: '{{ 2**20000 }}'}\n",
    "a subject of 900 digits": HEAD
    + "  - email: {template: a, subject: '{{ "
    + "9" * 5000
    + " }}'}\n",
    "a subject with 400 parentheses": HEAD
    + "  - email: {template: a, subject: '{{ "
    + "(" * 400
    + "1"
    + ")" * 400
    + " }}'}\n",
    "a zone that is a path": (
        "journey: x\ntrigger: {schedule: '0 9 * * *', timezone: '../../etc/passwd'}\nsteps: []\n"
    ),
    "a zone with NUL": (
        'journey: x\ntrigger: {schedule: "0 9 * * *", timezone: "a\\0b"}\nsteps: []\n'
    ),
    "a cron step of nothing": "journey: x\ntrigger: {schedule: '*/0 9 * * *'}\nsteps: []\n",
    "a cron of 20 digits": (
        "journey: x\ntrigger: {schedule: '99999999999999999999 9 * * *'}\nsteps: []\n"
    ),
    "tests that are a word": HEAD + "  - exit\ntests: nothing\n",
    "tests that are a map": HEAD + "  - exit\ntests: {test: x}\n",
    "tests of words": HEAD + "  - exit\ntests: [1, a, null]\n",
    "a test without a time": HEAD
    + "  - exit\ntests: [{test: x, events: [{event: y}], expect: [{email: a}]}]\n",
    "a test of other words": HEAD
    + "  - exit\ntests: [{test: x, events: [[a]], expect: [{}, 3, {at: 1h}]}]\n",
    "a test at the end of the calendar": HEAD
    + (
        "  - exit\ntests: [{test: x, start: 9999-12-31T23:59:59+14:00, events: [{at: 3d, "
        "event: y}], expect: []}]\n"
    ),
    "a test before the calendar": HEAD
    + "  - exit\ntests: [{test: x, start: 0001-01-01, events: [{at: 1h, event: y}], expect: []}]\n",
    "nothing": "",
    "a word": "hello\n",
    "a list": "- a\n",
    "a tab": "journey:\tx\ntrigger: manual\nsteps:\n\t- exit\n",
    "a quarter of a megabyte": f"journey: x\ntitle: {'a' * 250000}\n",
}


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_journey_that_cannot_be_read_is_refused_in_lines_with_a_place(
    project: Path, name: str
) -> None:
    assert checked(project, JOURNEYS[name]).has_errors


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("journeys/lifecycle.yaml", "lifecycle: s\nfacts: [a]\n"),
        ("journeys/lifecycle.yaml", "lifecycle: s\nfacts:\n  a: {count: x, within: ٣d}\n"),
        ("journeys/lifecycle.yaml", "lifecycle: s\nfacts:\n  '٣': {count: x}\n"),
        ("journeys/lifecycle.yaml", "lifecycle: s\nstages: {a: b}\n"),
        (
            "journeys/lifecycle.yaml",
            "lifecycle: s\nstages:\n  - {stage: a, if: 'hours_since(customer.x) == 1e300'}\n",
        ),
        ("journeys/segments.yaml", "segments: [a]\n"),
        ("journeys/segments.yaml", "segments: {a: 3}\n"),
        (
            "journeys/surveys.yaml",
            "surveys: {a: {type: scale, question: x, lowest: 0, highest: 99999999999}}\n",
        ),
        ("journeys/surveys.yaml", "surveys: {a: {type: choice, question: x, options: [a]}}\n"),
        ("parcours.toml", "x = " + "[" * 3000),
        ("parcours.toml", "x = " + "9" * 5000),
        ("parcours.toml", "x" + ".x" * 3000 + " = 1"),
        ("parcours.toml", "\0"),
        ("parcours.toml", '[tracking]\nlinks = {utm_source = "{channel!r:>99999999999}"}\n'),
    ],
)
def test_so_is_every_other_file_of_a_project(project: Path, file: str, text: str) -> None:
    assert checked(project, text, file).has_errors


def test_a_name_that_is_no_file_is_said(project: Path) -> None:
    (project / "journeys/folder.yaml").mkdir()
    (project / "journeys/gone.yaml").symlink_to("nowhere")
    (project / "journeys/itself.yaml").symlink_to("itself.yaml")
    (project / "journeys/latin.yaml").write_bytes("journey: café".encode("latin-1"))
    found = [str(problem) for problem in check_project(project, {}).problems]
    assert found[:2] == [
        "journeys/folder.yaml:1:1: this file cannot be read: it is a folder",
        (
            "journeys/gone.yaml:1:1: this file cannot be read: it leads nowhere (a link, or "
            "just deleted)"
        ),
    ]
    assert found[2].startswith("journeys/itself.yaml:1:1: this file cannot be read: ")
    assert found[3] == "journeys/latin.yaml:1:1: this file is not UTF-8 text"


@pytest.mark.skipif(
    not Path("/proc/self/mem").exists(), reason="needs a file that nobody can read, root included"
)
@pytest.mark.parametrize(
    "name", ["journeys/x.yaml", "templates/email/x.html", "templates/sms/x.txt"]
)
def test_a_file_that_cannot_be_read_is_said(project: Path, name: str) -> None:
    (project / name).symlink_to("/proc/self/mem")
    (problem,) = check_project(project, {}).problems
    assert str(problem).startswith(f"{name}:1:1: this file cannot be read: ")


def test_a_template_that_is_no_file_is_said(project: Path) -> None:
    (project / "templates/email/folder.mjml").mkdir()
    (project / "templates/sms/gone.txt").symlink_to("nowhere")
    (project / "templates/email/.#a.html").symlink_to("ada@machine.4711:1")
    found = [str(problem) for problem in check_project(project, {}).problems]
    assert found == [
        "templates/email/folder.mjml:1:1: this file cannot be read: it is a folder",
        (
            "templates/sms/gone.txt:1:1: this file cannot be read: it leads nowhere (a link, "
            "or just deleted)"
        ),
    ]


def test_the_lock_of_a_file_that_is_open_in_an_editor_stops_nothing(project: Path) -> None:
    (project / "journeys/.#good.yaml").symlink_to("ada@machine.4711:1")
    report = check_project(project, {})
    assert not report.has_errors
    assert [str(problem) for problem in report.problems] == [
        (
            "journeys/.#good.yaml:1:1: warning: a name that begins with a dot is an editor's "
            "own: this file is not read"
        )
    ]


ROOT = Path(__file__).parents[2]
PIECES = [
    "null",
    "[]",
    "{}",
    "3",
    "-1",
    "1e999",
    "true",
    "'x'",
    '"{{ customer.a }}"',
    "{{ x }}",
    '"{{"',
    "٣",
    "²",
    "\0",
    "\t",
    "&a",
    "*a",
    "!t ",
    "- ",
    "? ",
    ":",
    "#",
    "'",
    '"',
    "[",
    "{",
    "}",
    "]",
    ",",
    "|\n",
    "99999999999999999999",
    "9999-12-31T23:59:59+14:00",
    "-7d",
    "PT1H",
    "((((",
    "not " * 50,
    "(" * 300,
    "%",
    "10%",
    "€",
    "„a“",
    "=>",
    " contains 'x'",
    "a.b.c",
    "<<",
    "performed(x)",
    "days_since(3)",
    "customer",
    "0x1F",
    ".inf",
    "\u2028",
    "\ufeff",
]


def one_change_away(text: str, chance: random.Random) -> str:
    """A file with one thing put in, taken out, or written in the place of another."""
    at = chance.randrange(len(text))
    values = [match.span(1) for match in re.finditer(r": ([^\n{}\[\],]+)", text)]
    lines = text.split("\n")
    match chance.randrange(4):
        case 0:
            return text[:at] + chance.choice(PIECES) + text[at:]
        case 1:
            return text[:at] + text[at + chance.randrange(1, 12) :]
        case 2:
            start, end = chance.choice(values)
            return text[:start] + chance.choice(PIECES) + text[end:]
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    return "\n".join(lines)


@pytest.mark.parametrize(
    "file", sorted((ROOT / "journeys").glob("*.yaml")), ids=lambda file: file.stem
)
def test_a_shipped_file_with_one_change_is_read_or_refused(file: Path) -> None:
    chance = random.Random(file.stem)
    text = file.read_text("utf-8")
    for _ in range(40):
        document, problems = read_yaml(one_change_away(text, chance), file.name)
        if file.stem == "lifecycle" and document.data is not None:
            read_lifecycle(document, None, Known(), problems)
        elif file.stem == "surveys" and document.data is not None:
            read_surveys(document, Known(), problems)
        elif document.data is not None:
            read_journey(document, Known(), problems)
        assert all(str(problem).isprintable() and problem.line >= 1 for problem in problems)
