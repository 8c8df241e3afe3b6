"""A whole project: every file is read, and every fault of every file is said at once."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.medium import Medium
from orchestrator.language.journeys import parse_journey
from orchestrator.language.lifecycle_file import preset_text
from orchestrator.language.project import Project, find_templates, load_project

WELCOME_LEADS = (
    "journey: welcome\ntrigger: {stage: lead}\nserves: lead\nsteps: [{email: hello}, {sms: "
    "hello}]\n"
)


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write(
        tmp_path,
        {
            "parcours.toml": '[project]\nname = "Atelier"\ntimezone = "Europe/Paris"\n',
            "journeys/lifecycle.yaml": preset_text("relationship"),
            "journeys/segments.yaml": "segments: {vip: customer.orders >= 5}\n",
            "journeys/surveys.yaml": "surveys: {why: {type: text, question: Why?}}\n",
            "journeys/welcome.yaml": WELCOME_LEADS,
            "templates/email/hello.mjml": "",
            "templates/email/hello.fr.mjml": "",
            "templates/email/hello.txt": "",
            "templates/email/_layout.mjml": "",
            "templates/sms/hello.fr-CA.txt": "",
        },
    )


def faults(root: Path, *, need_templates: bool = True) -> list[str]:
    with pytest.raises(ProjectInvalid) as invalid:
        load_project(root, {}, need_templates=need_templates)
    return [str(problem) for problem in invalid.value.problems]


def test_a_project_is_read_whole(shop: Path) -> None:
    project = load_project(shop, {})
    assert project.config.project.name == "Atelier"
    assert [stage.name for stage in project.lifecycle.stages][-1] == "prospect"
    assert [segment.name for segment in project.lifecycle.segments] == ["vip"]
    assert {"why", "nps", "csat"} == set(project.surveys)
    assert list(project.journeys) == ["welcome"]
    assert project.templates == {(Medium.EMAIL, "hello"), (Medium.SMS, "hello")}
    assert project.warnings == ()


def test_one_journey_in_a_folder_is_a_project_where_nothing_is_rendered(tmp_path: Path) -> None:
    text = (
        "journey: cart\ntrigger: {event: Product Added}\nserves: lead\nsteps: [{email: "
        "cart-reminder}]\n"
    )
    project = load_project(write(tmp_path, {"journeys/cart.yaml": text}), {}, need_templates=False)
    assert isinstance(project, Project)
    assert [str(warning) for warning in project.warnings] == [
        "journeys/cart.yaml:4:17: warning: step 'cart-reminder': template 'email/cart-reminder' not found: "
        "write templates/email/cart-reminder.mjml (or .html)"
    ]
    assert faults(tmp_path) == [
        "journeys/cart.yaml:4:17: step 'cart-reminder': template 'email/cart-reminder' not found: "
        "write templates/email/cart-reminder.mjml (or .html)"
    ]


def test_an_empty_folder_is_an_empty_project(tmp_path: Path) -> None:
    project = load_project(tmp_path, {})
    assert (project.journeys, project.lifecycle.stages, project.warnings) == ({}, (), ())


def test_every_fault_of_every_file_is_said_in_the_order_of_files_and_lines(shop: Path) -> None:
    write(
        shop,
        {
            "parcours.toml": '[project]\nnam = "x"\n',
            "journeys/lifecycle.yaml": preset_text("relationship").replace(
                "customer.orders == 1", "customer.orders = 1"
            ),
            "journeys/segments.yaml": "segments: {vip: event.x}\n",
            "journeys/surveys.yaml": "surveys: {why: {type: txt, question: Why?}}\n",
            "journeys/welcome.yaml": WELCOME_LEADS.replace("stage: lead", "stage: led").replace(
                "email: hello", "email: helo"
            ),
            "journeys/broken.yaml": "journey: [\n",
        },
    )
    assert faults(shop) == [
        (
            "journeys/broken.yaml:2:1: this is not YAML: the file ends too early: something "
            "is opened and never closed"
        ),
        "journeys/lifecycle.yaml:15:47: `=` does not compare: write `==`",
        "journeys/segments.yaml:1:17: `event` is not known in a stage's or segment's rule",
        "journeys/surveys.yaml:1:23: `type` must be scale or choice or text; did you mean 'text'?",
        "journeys/welcome.yaml:2:18: there is no stage 'led'; did you mean 'lead'?",
        "journeys/welcome.yaml:4:17: step 'helo': template 'email/helo' not found; did you mean 'email/hello'?"
        " Else write templates/email/helo.mjml (or .html)",
        "parcours.toml:2:1: unknown key 'nam'; did you mean 'name'?",
    ]


def test_a_journey_s_id_is_its_file_s_name(shop: Path) -> None:
    (shop / "journeys/welcome.yaml").rename(shop / "journeys/hello.yaml")
    assert faults(shop) == [
        (
            "journeys/hello.yaml:1:10: the journey's id is its file's name: write 'hello', "
            "or rename the file"
        )
    ]


def test_a_name_in_a_faulty_file_is_still_known_to_the_others(shop: Path) -> None:
    write(shop, {"journeys/lifecycle.yaml": preset_text("relationship").replace("sum:", "sun:")})
    assert [fault.split(":")[0] for fault in faults(shop)] == ["journeys/lifecycle.yaml"]


def test_a_journey_without_its_lifecycle_is_told_that_there_is_no_such_stage(shop: Path) -> None:
    (shop / "journeys/lifecycle.yaml").unlink()
    assert faults(shop) == [
        "journeys/welcome.yaml:2:18: there is no stage 'lead': "
        "write it into journeys/lifecycle.yaml"
    ]


def test_two_files_of_one_name_are_refused(shop: Path) -> None:
    write(shop, {"journeys/welcome.yml": WELCOME_LEADS})
    assert faults(shop) == [
        "journeys/welcome.yml:1:1: there are two files 'welcome': keep the one that ends in .yaml"
    ]


def test_a_file_that_is_no_text_is_refused(shop: Path) -> None:
    (shop / "journeys/welcome.yaml").write_bytes(b"journey: caf\xe9\n")
    (shop / "parcours.toml").write_bytes(b"# caf\xe9\n")
    assert faults(shop) == [
        "journeys/welcome.yaml:1:1: this file is not UTF-8 text",
        "parcours.toml:1:1: this file is not UTF-8 text",
    ]


def test_the_zone_of_the_project_is_that_of_its_schedules(shop: Path) -> None:
    text = "journey: news\ntrigger: {schedule: 0 9 * * mon, segment: vip}\nsteps: []\n"
    trigger = (
        load_project(write(shop, {"journeys/news.yaml": text}), {}).journeys["news"].triggers[0]
    )
    assert trigger.cron.zone.key == "Europe/Paris"  # type: ignore[union-attr]  # it is a schedule


def test_an_old_version_is_read_again_when_its_template_is_gone(shop: Path) -> None:
    project = load_project(shop, {})
    old = parse_journey(WELCOME_LEADS.replace("hello", "gone"), "welcome of last year")
    assert [step.id for step in old.steps] == ["gone", "gone-2"]
    with pytest.raises(ProjectInvalid, match="template 'email/gone' not found"):
        parse_journey(old.source, "welcome.yaml", project.known)


def test_templates_are_found_by_name_without_locale_in_the_folder_of_their_medium(
    tmp_path: Path,
) -> None:
    names = [
        "email/a.mjml",
        "email/a.fr.html",
        "email/winter/b.html",
        "email/v.2.mjml",
        "email/_c.mjml",
        "email/d.txt",
        "sms/e.pt-BR.txt",
    ]
    write(tmp_path, dict.fromkeys(names, ""))
    assert find_templates(tmp_path) == {(Medium.EMAIL, "a"), (Medium.SMS, "e")}


@pytest.mark.parametrize(
    ("file", "name", "advice"), [("sub/hi", "sub/hi", "sub-hi"), ("hi.v2", "hi.v2", "hi-v2")]
)
def test_a_step_cannot_name_what_no_sender_would_find(
    shop: Path, file: str, name: str, advice: str
) -> None:
    write(
        shop,
        {
            f"templates/email/{file}.mjml": "",
            "journeys/welcome.yaml": WELCOME_LEADS.replace("hello", name),
        },
    )
    with pytest.raises(
        ProjectInvalid, match=f"template 'email/{name}' not found: .* rename it to '{advice}'"
    ):
        load_project(shop, {})


def test_a_byte_order_mark_is_no_part_of_any_file(shop: Path) -> None:
    plain = load_project(shop, {})
    for path in [*shop.rglob("*.yaml"), *shop.rglob("*.toml")]:
        path.write_bytes(codecs.BOM_UTF8 + path.read_bytes().replace(b"\n", b"\r\n"))
    (shop / "parcours.toml").write_bytes(codecs.BOM_UTF8 + b'[project]\r\nname = "Shop"\r\n')
    marked = load_project(shop, {})
    assert marked.config.project.name == "Shop"
    assert {name: journey.version for name, journey in marked.journeys.items()} == {
        name: journey.version for name, journey in plain.journeys.items()
    }
