"""How templates are found, put together, rendered, and how they fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.errors import ProjectInvalid, TemplateFailed
from orchestrator.domain.message import Medium
from orchestrator.links import Links
from orchestrator.render import Templates
from orchestrator.render.plain import read_html
from orchestrator.render.templates import one_line

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


# ---------------------------------------------------------------- languages


def test_a_customer_reads_the_nearest_language_there_is(make_templates: Make) -> None:
    templates = make_templates(
        {
            "email/hi.mjml": mail("bare"),
            "email/hi.fr.mjml": mail("français"),
            "email/hi.fr-CA.mjml": mail("québécois"),
            "email/hi.de.mjml": mail("deutsch"),
        },
        "de",
    )

    def text(locale: str) -> str:
        return templates.render_email("hi", locale, {}).text

    assert text("fr-CA") == text("fr_CA") == "québécois"
    assert text("fr-FR") == text("fr") == "français"
    assert text("ja") == text("") == "deutsch"  # the project's language comes before the file without one


def test_without_any_match_the_bare_file_speaks(make_templates: Make) -> None:
    templates = make_templates({"sms/hi.txt": "bare", "sms/hi.fr.txt": "français"})
    assert templates.render_sms("hi", "ja-JP", {}) == "bare"


def test_a_template_that_leaves_some_people_out_is_refused(make_templates: Make) -> None:
    assert "email/hi:1:1: exists only in fr" in problems(make_templates, {"email/hi.fr.mjml": mail("seul")})[0]


def test_partials_speak_the_language_of_who_includes_them(make_templates: Make) -> None:
    layout = (
        '<mjml lang="{{ language }}"><mj-body>{% block body %}{% endblock %}{% include "_end.mjml" %}</mj-body></mjml>'
    )
    child = '---\nsubject: s\n---\n{% extends "_layout.mjml" %}{% block body %}{% endblock %}'
    section = "<mj-section><mj-column><mj-text>%s</mj-text></mj-column></mj-section>"
    templates = make_templates(
        {
            "email/_layout.mjml": layout,
            "email/_end.mjml": section % "Goodbye",
            "email/_end.fr.mjml": section % "Au revoir",
            "email/hi.mjml": child,
            "email/hi.fr.mjml": child,
        }
    )
    assert templates.render_email("hi", "en", {}).text == "Goodbye"
    french = templates.render_email("hi", "fr", {})
    assert french.text == "Au revoir"
    assert '<html lang="fr"' in french.html


# ---------------------------------------------------------------- putting together


def test_blocks_are_filled_over_several_layouts_and_super_keeps_what_was_there(make_templates: Make) -> None:
    templates = make_templates(
        {
            "sms/_base.txt": "[{% block a %}base a{% endblock %}|{% block b %}base b{% endblock %}|{{ who }}]",
            "sms/_middle.txt": '{% extends "_base.txt" %}{% block a %}middle, {{ super() }}{% endblock %}',
            "sms/leaf.txt": '{% extends "_middle.txt" %}{% set who = "me" %}{% block b %}leaf{% endblock %}lost',
        }
    )
    assert templates.render_sms("leaf", "en", {}) == "[middle, base a|leaf|me]"


def test_a_loop_may_stand_anywhere_between_the_parts_of_a_mail(make_templates: Make) -> None:
    source = mail("start").replace(
        "</mj-column></mj-section>",
        """
        {% for thing in entry.things %}<mj-text>row {{ thing }}</mj-text>{% endfor %}
        <mj-text>between</mj-text>
        <mj-table>{% for thing in entry.things %}<tr><td>cell {{ thing }}</td></tr>{% endfor %}</mj-table>
        </mj-column>
        {% for thing in entry.things %}<mj-column><mj-text>column {{ thing }}</mj-text></mj-column>{% endfor %}
        </mj-section>
        {% for thing in entry.things %}{% if thing > 1 and thing < 9 %}
        <mj-section><mj-column><mj-text>section {{ thing }}</mj-text></mj-column></mj-section>
        {% endif %}{% endfor %}""",
    )
    rendered = make_templates({"email/hi.mjml": source}).render_email("hi", "en", {"entry": {"things": [1, 2]}})
    found = [line.strip() for line in rendered.text.splitlines() if line.strip()]
    assert found == ["start", "row 1", "row 2", "between", "cell 1", "cell 2", "column 1", "column 2", "section 2"]


def test_html_templates_get_their_styles_inlined_and_keep_their_media_queries(make_templates: Make) -> None:
    source = """---
subject: s
---
<html><head><style>p { color: red } @media (max-width: 9px) { p { color: blue } }</style></head><body>
<table><tbody>{% for name in entry.names %}<tr><td class="{% if loop.first %}first{% endif %}">{{ name }}</td></tr>
{% endfor %}</tbody></table><p>{{ customer.name }}</p></body></html>"""
    rendered = make_templates({"email/hi.html": source}).render_email(
        "hi", "en", {"entry": {"names": ["a<b", "c"]}, "customer": {"name": "Ada & co"}}
    )
    assert '<p style="color: red;">Ada &amp; co</p>' in rendered.html
    assert "@media (max-width: 9px)" in rendered.html
    assert rendered.html.index("<tbody>") < rendered.html.index('<td class="first">a&lt;b</td>')
    assert rendered.html.index("c</td>") < rendered.html.index("</tbody>")


def test_a_text_file_beside_a_mail_replaces_the_derived_text(make_templates: Make) -> None:
    templates = make_templates({"email/hi.mjml": mail("from the mail"), "email/hi.txt": "By hand, {{ customer.name }}"})
    assert templates.render_email("hi", "en", {"customer": {"name": "Ada"}}).text == "By hand, Ada"
    assert templates.names(Medium.EMAIL) == {"hi"}


def test_the_text_part_keeps_every_address_and_no_markup(make_templates: Make, links: Links) -> None:
    body = '<p>One<br />two &amp; three</p><ul><li>four</li></ul><a href="{{ links.unsubscribe }}">Leave</a>'
    rendered = make_templates({"email/hi.mjml": mail(body)}).render_email("hi", "en", {"links": links})
    assert rendered.text == f"One\ntwo & three\n\n- four\n\nLeave: {links.unsubscribe}"


@given(html=st.text("<>/abp =\"'&;!-[]\n", max_size=80))
def test_no_markup_breaks_the_reader_of_html(html: str) -> None:
    assert "\n\n\n" not in read_html(html)


def test_the_preheader_is_the_first_text_of_a_mail_and_is_hidden(make_templates: Make) -> None:
    source = mail("Body", preheader="For {{ customer.name }}")
    html = make_templates({"email/hi.mjml": source}).render_email("hi", "en", {"customer": {"name": "<Ada>"}}).html
    body = html[html.index("<body") :]
    first = body[body.index(">") + 1 :]
    assert first.startswith('<div style="display:none;')
    assert "For &lt;Ada&gt;" in first[:300]


# ---------------------------------------------------------------- what customers bring


def test_hostile_names_are_escaped_in_html_and_kept_in_text(make_templates: Make) -> None:
    context = {"customer": {"name": "<script>alert(1)</script>{{ 7 * 7 }}"}}
    source = mail("Hello {{ customer.name }}", subject="{{ customer.name }}")
    rendered = make_templates({"email/hi.mjml": source}).render_email("hi", "en", context)
    assert "<script>" not in rendered.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }}" in rendered.html
    assert rendered.subject == "<script>alert(1)</script>{{ 7 * 7 }}"
    assert rendered.text == "Hello <script>alert(1)</script>{{ 7 * 7 }}"


@given(name=st.text(max_size=30))
def test_no_name_can_break_a_header(name: str) -> None:
    line = one_line(f"Hello {name}!")
    assert len(f"x{line}x".splitlines()) == 1
    assert not any(ord(letter) < 32 for letter in line)


def test_line_breaks_in_a_subject_become_spaces(make_templates: Make) -> None:
    templates = make_templates({"email/hi.mjml": mail("x", "Hello {{ customer.name }}", "Pre {{ customer.name }}")})
    rendered = templates.render_email("hi", "en", {"customer": {"name": "Ada\r\nBcc: all@example.com"}})
    assert rendered.subject == "Hello Ada Bcc: all@example.com"
    assert rendered.preheader == "Pre Ada Bcc: all@example.com"


def test_a_step_may_bring_its_own_subject(make_templates: Make) -> None:
    templates = make_templates({"email/hi.mjml": mail("x")})
    rendered = templates.render_email("hi", "en", {"customer": {"name": "Ada"}}, "Still thinking, {{ customer.name }}?")
    assert rendered.subject == "Still thinking, Ada?"


@pytest.mark.parametrize(
    "expression",
    [
        "customer.nothing",
        "customer.nothing.at.all[3].x",
        "nothing",
        "customer.empty",
        "customer.nothing + 1",
        "-customer.nothing * 2",
        "customer.nothing()",
        "customer.nothing | money",
        "customer.nothing | date",
        "'x' if customer.nothing > 3 or customer.nothing <= 3",
        "'x' if customer.nothing == customer.nothing or customer.nothing != 1",
        "'x' if customer.empty is defined",
        "customer.nothing | join(', ')",
        "customer[customer]",
    ],
)
def test_what_is_missing_prints_nothing_and_compares_false(make_templates: Make, expression: str) -> None:
    templates = make_templates({"sms/hi.txt": f"[{{{{ {expression} }}}}]"})
    assert templates.render_sms("hi", "en", {"customer": {"empty": None}}) == "[]"


def test_a_trait_may_bear_the_name_of_a_method(make_templates: Make) -> None:
    templates = make_templates({"sms/hi.txt": "{{ customer.items }} {{ customer['keys'] }}"})
    assert templates.render_sms("hi", "en", {"customer": {"items": 3, "keys": "two"}}) == "3 two"


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


# ---------------------------------------------------------------- versions


def test_the_version_changes_with_any_variant_layout_or_subject(make_templates: Make) -> None:
    files: dict[str, Any] = {
        "email/_end.mjml": "",
        "email/hi.mjml": mail("x{% include '_end.mjml' %}"),
        "sms/hi.txt": "x",
    }
    versions = [make_templates(files).version(Medium.EMAIL, "hi")]
    assert make_templates(files | {"sms/hi.txt": "y"}).version(Medium.EMAIL, "hi") == versions[0]
    for change in (
        {"email/_end.mjml": "!"},
        {"email/hi.fr.mjml": mail("x")},
        {"email/hi.mjml": mail("x", "Other")},
        {"email/hi.txt": "by hand"},
    ):
        versions.append(make_templates(files | change).version(Medium.EMAIL, "hi"))
    assert len(set(versions)) == len(versions)
