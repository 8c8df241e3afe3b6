"""What templates may not do, and how a broken one, or one customer's data, is told from the
rest.
"""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from orchestrator.domain.errors import ProjectInvalid, TemplateFailed
from orchestrator.domain.medium import Medium
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
    assert "is closed to templates" in found[0]
    assert all(problem.startswith("templates/sms/hi.txt:2:") for problem in found)


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''['__class__'] }}",
        "{{ '' | attr('__class__') }}",
        "{{ links['_signer'] }}",
        "{{ loop['__init__'] }}",
        "{{ range['__globals__'] }}",
    ],
)
def test_hidden_attributes_fail_when_reached_another_way(
    make_templates: Make, links: Links, attack: str
) -> None:
    templates = make_templates({"sms/hi.txt": f"{{% for x in [1] %}}{attack}{{% endfor %}}"})
    with pytest.raises(
        TemplateFailed, match=r"^templates/sms/hi.txt:1: '_.*' is closed to templates$"
    ):
        templates.render_text(Medium.SMS, "hi", "en", {"links": links})


@pytest.mark.parametrize(
    "name", ["lipsum", "cycler", "joiner", "config", "environment", "self", "_scope", "_budget"]
)
def test_nothing_of_the_engine_room_is_within_reach(make_templates: Make, name: str) -> None:
    found = problems(make_templates, {"sms/hi.txt": f"[{{{{ {name}['__init__'] }}}}]"})
    assert f":1:5: there is no `{name}` here" in found[0]


def test_templates_include_files_of_their_own_folder_only(
    make_templates: Make, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    found = problems(make_templates, {"sms/hi.txt": 'a\n{% include "../../secret.txt" %}'})
    assert found == [
        "templates/sms/hi.txt:2:1: template '../../secret.txt' not found in templates/sms"
    ]


# ---------------------------------------------------------------- how they fail


@pytest.mark.parametrize(
    "text", ["Terminé >", "…>", "à > b", "\u202f>", "0 == ' \u2028 >=", "<b title='é'>é</b>>"]
)
def test_a_sign_behind_a_letter_of_several_bytes_breaks_no_mail(
    make_templates: Make, text: str
) -> None:
    html = make_templates({"email/a.mjml": mail(text)}).render_email("a", "en", {}).html
    assert unescape(text.replace("'", '"')) in unescape(html).replace("'", '"')


BROKEN = {
    "a.mjml": (mail("x {{ customer.name "), "5:50", "'{{' is not closed"),
    "b.mjml": (
        mail("{{ customer.name | mony }}"),
        "5:67",
        "there is no filter `mony`; did you mean 'money'?",
    ),
    "c.mjml": (
        mail("{% if vars.x %}never closed"),
        "5:51",
        "`{% if … %}` is not closed: write `{% endif %}`",
    ),
    "d.mjml": (
        mail("x").replace("mj-section>", "mj-secton>"),
        "5:16",
        "<mj-secton> is no MJML tag; did you mean <mj-section>?",
    ),
    "e.mjml": (
        mail("x").replace("</mj-column>", "\n"),
        "6:1",
        "</mj-section> closes nothing: <mj-column> is still open",
    ),
    "f.mjml": (mail("x").replace("</mj-body></mjml>", ""), "5:7", "<mj-body> is not closed"),
    "g.mjml": (mail("a < b"), "5:50", "`<` begins no element: write `&lt;` for the sign <"),
    "g2.mjml": (mail("I <3 you"), "5:50", "`<3` begins no element: write `&lt;` for the sign <"),
    "g3.mjml": (mail("a\n<a href='x'>link"), "6:1", "<a> is not closed: write </a> where it ends"),
    "g5.mjml": (
        mail("<img src=x />"),
        "5:48",
        "<img>: the value of `src` must stand between quotes",
    ),
    "h.mjml": ("---\npreheader: x\n---\n<mjml><mj-body></mj-body></mjml>", "1:1", "has no subject"),
    "i.mjml": ("---\nsubject: {{ x }}: y\n---\n", "2:17", "the front matter is no YAML"),
    "i2.mjml": (
        "---\nsubject: x\nsubject: y\n---\n",
        "3:1",
        "the key 'subject' is already there, in line 2",
    ),
    "j.mjml": ("---\nsubject: x\nsender: y\n---\n", "3:1", "not 'sender'"),
    "k.mjml": (
        '---\nsubject: x\n---\n\n{% extends "_none.mjml" %}',
        "5:1",
        "template '_none.mjml' not found",
    ),
    "l.mjml": ("---\nsubject: x\n---\n{% extends layout %}", "4:1", "name the file in quotes"),
    "m.mjml": ('---\nsubject: x\n---\n{% include "m.mjml" %}', "1:1", "is there a circle?"),
    "n.mjml": ("---\nsubject: x\n---\n\n{% block a %}", "5:1", "block 'a' is not closed"),
    "o.mjml": ('---\nsubject: x\n---\n{% import "m.mjml" as m %}', "4:1", "use include"),
    "p.mjml": (
        '---\nsubject: "{{ entry"\n---\n<mjml><mj-body></mj-body></mjml>',
        "2:11",
        "the tag ends too early",
    ),
    "p2.html": ("---\nsubject: # {{ x }}\n---\n<p>x</p>", "2:1", "subject must be a text"),
    "q.html": ("<p>no front matter</p>", "1:1", "has no subject"),
    "r.mjml": (mail("x") + "{{ now }}", "6:1", "may stand outside"),
    "s.mjml": (mail("a {{ 'it's' }}"), "5:58", "the quote ' is not closed"),
    "t.mjml": (
        mail("{% if entry.total = 3 %}x{% endif %}"),
        "5:66",
        "`=` does not compare: write `==`",
    ),
    "u.mjml": (mail("{{ entry.a b }}"), "5:59", "`b` is not expected here"),
    "v.mjml": (mail("xjxtag99999xjx"), "5:48", "is a word that Parcours keeps for itself"),
    "w.mjml": (mail("{{ " + "(" * 400 + "1" + ")" * 400 + " }}"), "5:50", "nested too deeply"),
    "x.mjml": (
        mail("{% for x in entry.a %}" * 21 + "{% endfor %}" * 21),
        "5:490",
        "nested too deeply",
    ),
    "y.mjml": (mail("{{ " + "9" * 5000 + " }}"), "5:50", "a number is too long"),
    "z.mjml": (mail("{{ 2**20000 }}"), "5:52", "`**` is not part of the language"),
}


def test_every_fault_is_named_with_its_place_and_all_at_once(make_templates: Make) -> None:
    found = problems(
        make_templates, {f"email/{name}": source for name, (source, _, _) in BROKEN.items()}
    )
    for problem, (name, (_, place, message)) in zip(found, sorted(BROKEN.items()), strict=True):
        assert problem.startswith(f"templates/email/{name}:{place}: "), problem
        assert message in problem


def test_a_file_that_is_no_text_is_named(make_templates: Make, tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "sms"
    folder.mkdir(parents=True)
    (folder / "hi.txt").write_bytes(b"\xff\xfe")
    assert problems(make_templates, {}) == ["templates/sms/hi.txt:1:1: is not UTF-8"]


def test_one_customers_data_fails_alone_and_the_error_names_the_line_but_not_the_data(
    make_templates: Make,
) -> None:
    layout = "<mjml><mj-body>\n\n{% block body %}{% endblock %}</mj-body></mjml>"
    child = """---
subject: s
---
{% extends "_layout.mjml" %}
{% block body %}<mj-section><mj-column>
<mj-text>{{ customer.name }}</mj-text>
<mj-text>{{ customer.name }} {{ '★' * customer.age }}</mj-text>
</mj-column></mj-section>{% endblock %}
"""
    templates = make_templates({"email/_layout.mjml": layout, "email/hi.mjml": child})
    with pytest.raises(TemplateFailed) as caught:
        templates.render_email("hi", "en", {"customer": {"name": "Ada", "age": 10**9}})
    assert str(caught.value) == "templates/email/hi.mjml:7: a text would be longer than 1 MB"
    assert (
        "Ada ★★★"
        in templates.render_email("hi", "en", {"customer": {"name": "Ada", "age": 3}}).html
    )


def test_an_unknown_template_is_named() -> None:
    with pytest.raises(TemplateFailed, match="templates/email/none does not exist"):
        Templates.load(Path("/nonexistent")).render_email("none", "en", {})


def test_a_project_without_templates_is_no_error(tmp_path: Path) -> None:
    assert Templates.load(tmp_path).names(Medium.EMAIL) == frozenset()


def test_a_template_that_leaves_some_people_out_is_refused(make_templates: Make) -> None:
    assert (
        "email/hi:1:1: exists only in fr"
        in problems(make_templates, {"email/hi.fr.mjml": mail("seul")})[0]
    )


@pytest.mark.parametrize("file", ["email/hi.mjml", "email/hi.html", "sms/hi.txt"])
def test_a_template_with_nothing_to_send_is_refused(make_templates: Make, file: str) -> None:
    text = "---\nsubject: a\n---\n" if file.startswith("email") else "\n"
    assert problems(make_templates, {file: text}) == [
        f"templates/{file}:1:1: has nothing to send: write its text below the head"
    ]


def test_a_link_that_does_not_exist_is_refused_with_what_was_meant(make_templates: Make) -> None:
    assert problems(make_templates, {"sms/hi.txt": "see links.html\n{{ links.unsubscrib }}"}) == [
        "templates/sms/hi.txt:2:10: there is no link 'unsubscrib'; did you mean 'unsubscribe'?"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ project.nam }}", "`project` has no 'nam'; did you mean 'name'?"),
        ("{{ journey.titel }}", "`journey` has no 'titel'; did you mean 'title'?"),
        ("{{ journey.purpose }}", "`journey` has no 'purpose' (known: id, title)"),
    ],
)
def test_what_no_project_and_no_journey_has_is_refused_rather_than_printed_as_nothing(
    make_templates: Make, text: str, told: str
) -> None:
    (problem,) = problems(make_templates, {"sms/hi.txt": text})
    assert problem.endswith(told)


def test_a_name_that_a_template_gives_itself_has_what_the_template_says(
    make_templates: Make,
) -> None:
    text = "{% for project in entry.projects %}{{ project.anything }}{% endfor %}"
    make_templates({"sms/hi.txt": text})


@pytest.mark.parametrize("style", ["dd/mm/yyyy", "YYYY-mm-dd", "%d %B"])
def test_a_style_that_no_date_can_be_written_in_is_told_before_anybody_gets_it(
    make_templates: Make, style: str
) -> None:
    text = f"{{% if entry.never %}}{{{{ entry.at | date({style!r}) }}}}{{% endif %}}"
    (problem,) = problems(make_templates, {"sms/hi.txt": text})
    assert "MM is the month, mm the minutes" in problem
    make_templates({"sms/hi.txt": "{{ entry.at | date('EEEE d MMMM') }} {{ now | date('HH:mm') }}"})


def test_one_mail_in_two_forms_is_refused(make_templates: Make) -> None:
    mail = "---\nsubject: a\n---\n"
    files = {
        "email/hi.html": f"{mail}<p>a</p>",
        "email/hi.mjml": f"{mail}<mjml><mj-body></mj-body></mjml>",
    }
    assert problems(make_templates, files) == [
        (
            "templates/email/hi.mjml:1:1: another file of 'hi' says the same in another "
            "form: keep the .mjml or the .html"
        )
    ]
