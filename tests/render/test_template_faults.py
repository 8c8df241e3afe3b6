"""What templates may not do, and how a broken one, or one customer's data, is told from the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.domain.errors import ProjectInvalid, TemplateFailed
from orchestrator.domain.message import Medium
from orchestrator.links import Links
from orchestrator.render import Templates

Make = Callable[..., Templates]


def mail(body: str, subject: str = "Hello", preheader: str = "") -> str:
    """A whole MJML template with one text."""
    return f"""---
subject: "{subject}"
preheader: "{preheader}"
---
<mjml><mj-body><mj-section><mj-column><mj-text>{body}</mj-text></mj-column></mj-section></mj-body></mjml>
"""


def problems(make: Make, files: dict[str, str]) -> list[str]:
    with pytest.raises(ProjectInvalid) as caught:
        make(files)
    return [str(problem) for problem in caught.value.problems]


# ---------------------------------------------------------------- what must not run


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ customer.__class__ }}",
        "{{ links._signer }}",
        "{{ (1).__class__.__base__.__subclasses__() }}",
        "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    ],
)
def test_hidden_attributes_are_refused_when_loaded(make_templates: Make, attack: str) -> None:
    found = problems(make_templates, {"sms/hi.txt": f"fine\n{attack}"})
    assert len(found) == 1
    assert found[0].startswith("templates/sms/hi.txt:2:1: '_")


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''['__class__'] }}",
        "{{ '' | attr('__class__') }}",
        "{{ links['_signer'] }}",
        "{{ self['__init__'] }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ range(999999999) }}",
    ],
)
def test_hidden_attributes_fail_when_reached_another_way(make_templates: Make, links: Links, attack: str) -> None:
    templates = make_templates({"sms/hi.txt": attack})
    with pytest.raises(TemplateFailed, match=r"^templates/sms/hi.txt:1: (SecurityError|OverflowError) "):
        templates.render_sms("hi", "en", {"links": links})


@pytest.mark.parametrize("name", ["lipsum", "cycler", "joiner", "config", "environment"])
def test_nothing_of_the_engine_room_is_within_reach(make_templates: Make, name: str) -> None:
    assert make_templates({"sms/hi.txt": f"[{{{{ {name}['__init__'] }}}}]"}).render_sms("hi", "en", {}) == "[]"


def test_templates_include_files_of_their_own_folder_only(make_templates: Make, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    found = problems(make_templates, {"sms/hi.txt": 'a\n{% include "../../secret.txt" %}'})
    assert found == ["templates/sms/hi.txt:2:1: template '../../secret.txt' not found in templates/sms"]


# ---------------------------------------------------------------- how they fail


BROKEN = {
    "a.mjml": (mail("x {{ customer.name "), 5, "'{{' is not closed"),
    "b.mjml": (mail("{{ customer.name | mony }}"), 5, "No filter named 'mony'"),
    "c.mjml": (mail("{% if x %}never closed"), 5, "Unexpected end of template"),
    "d.mjml": (
        mail("x").replace("mj-section>", "mj-secton>"),
        5,
        "<mj-secton> is no MJML tag; did you mean <mj-section>?",
    ),
    "e.mjml": (mail("x").replace("</mj-column>", "\n"), 6, "</mj-section> closes nothing: <mj-column> is still open"),
    "f.mjml": (mail("x").replace("</mj-body></mjml>", ""), 5, "<mj-body> is not closed"),
    "g.mjml": (mail("a < b"), 5, "this is no MJML"),
    "h.mjml": ("---\npreheader: x\n---\n<mjml><mj-body></mj-body></mjml>", 1, "has no subject"),
    "i.mjml": ("---\nsubject: {{ x }}: y\n---\n", 2, "the front matter is no YAML"),
    "j.mjml": ("---\nsubject: x\nsender: y\n---\n", 3, "not 'sender'"),
    "k.mjml": ('---\nsubject: x\n---\n\n{% extends "_none.mjml" %}', 5, "template '_none.mjml' not found"),
    "l.mjml": ("---\nsubject: x\n---\n{% extends layout %}", 4, "name the file in quotes"),
    "m.mjml": ('---\nsubject: x\n---\n{% include "m.mjml" %}', 1, "is there a circle?"),
    "n.mjml": ("---\nsubject: x\n---\n\n{% block a %}", 5, "block 'a' is not closed"),
    "o.mjml": ('---\nsubject: x\n---\n{% import "m.mjml" as m %}', 4, "use include"),
    "p.mjml": ('---\nsubject: "{{ x"\n---\n' + "<mjml><mj-body></mj-body></mjml>", 2, "unexpected end"),
    "q.html": ("<p>no front matter</p>", 1, "has no subject"),
    "r.mjml": (mail("x") + "{{ late }}", 6, "may stand outside"),
}


def test_every_fault_is_named_with_file_and_line_and_all_at_once(make_templates: Make) -> None:
    found = problems(make_templates, {f"email/{name}": source for name, (source, _, _) in BROKEN.items()})
    assert len(found) == len(BROKEN)
    for problem, (name, (_, line, message)) in zip(found, sorted(BROKEN.items()), strict=True):
        assert problem.startswith(f"templates/email/{name}:{line}:1: "), problem
        assert message in problem


def test_a_file_that_is_no_text_is_named(make_templates: Make, tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "sms"
    folder.mkdir(parents=True)
    (folder / "hi.txt").write_bytes(b"\xff\xfe")
    assert problems(make_templates, {}) == ["templates/sms/hi.txt:1:1: is not UTF-8"]


def test_one_customers_data_fails_alone_and_the_error_names_the_line_but_not_the_data(make_templates: Make) -> None:
    layout = "<mjml><mj-body>\n\n{% block body %}{% endblock %}</mj-body></mjml>"
    child = """---
subject: s
---
{% extends "_layout.mjml" %}
{% block body %}<mj-section><mj-column>
<mj-text>{{ customer.name }}</mj-text>
<mj-text>{{ customer.name }} {{ customer.age + 1 }}</mj-text>
</mj-column></mj-section>{% endblock %}
"""
    templates = make_templates({"email/_layout.mjml": layout, "email/hi.mjml": child})
    with pytest.raises(TemplateFailed) as caught:
        templates.render_email("hi", "en", {"customer": {"name": "Ada", "age": "secret"}})
    assert str(caught.value) == "templates/email/hi.mjml:7: TypeError with this customer's data"
    assert "Ada 4" in templates.render_email("hi", "en", {"customer": {"name": "Ada", "age": 3}}).html


def test_an_unknown_template_is_named() -> None:
    with pytest.raises(TemplateFailed, match="templates/email/none does not exist"):
        Templates.load(Path("/nonexistent")).render_email("none", "en", {})


def test_a_project_without_templates_is_no_error(tmp_path: Path) -> None:
    assert Templates.load(tmp_path).names(Medium.EMAIL) == frozenset()


def test_a_template_that_leaves_some_people_out_is_refused(make_templates: Make) -> None:
    assert "email/hi:1:1: exists only in fr" in problems(make_templates, {"email/hi.fr.mjml": mail("seul")})[0]


@pytest.mark.parametrize("file", ["email/hi.mjml", "email/hi.html", "sms/hi.txt"])
def test_a_template_with_nothing_to_send_is_refused(make_templates: Make, file: str) -> None:
    text = "---\nsubject: a\n---\n" if file.startswith("email") else "\n"
    assert problems(make_templates, {file: text}) == [
        f"templates/{file}:1:1: has nothing to send: write its text below the head"
    ]


def test_a_link_that_does_not_exist_is_refused_with_what_was_meant(make_templates: Make) -> None:
    assert problems(make_templates, {"sms/hi.txt": "see links.html\n{{ links.unsubscrib }}"}) == [
        "templates/sms/hi.txt:2:1: there is no link 'unsubscrib'; did you mean 'unsubscribe'?"
    ]


def test_one_mail_in_two_forms_is_refused(make_templates: Make) -> None:
    mail = "---\nsubject: a\n---\n"
    files = {"email/hi.html": f"{mail}<p>a</p>", "email/hi.mjml": f"{mail}<mjml><mj-body></mj-body></mjml>"}
    assert problems(make_templates, files) == [
        "templates/email/hi.mjml:1:1: another file of 'hi' says the same in another form: keep the .mjml or the .html"
    ]
