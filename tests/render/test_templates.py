"""How templates are found, put together, rendered, and how they fail."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.domain.errors import TemplateFailed
from orchestrator.domain.message import Medium
from orchestrator.links import Links
from orchestrator.render import Templates
from orchestrator.render.markup import compile_text
from orchestrator.render.plain import read_html
from orchestrator.render.source import Piece
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
    assert (
        text("ja") == text("") == "deutsch"
    )  # the project's language comes before the file without one


def test_without_any_match_the_bare_file_speaks(make_templates: Make) -> None:
    templates = make_templates({"sms/hi.txt": "bare", "sms/hi.fr.txt": "français"})
    assert templates.render_text(Medium.SMS, "hi", "ja-JP", {}) == "bare"


def test_partials_speak_the_language_of_who_includes_them(make_templates: Make) -> None:
    layout = (
        '<mjml lang="{{ language }}"><mj-body>{% block body %}{% endblock %}{% include '
        '"_end.mjml" %}</mj-body></mjml>'
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
            "email/hi.fr-BE.mjml": child,
        }
    )
    assert templates.render_email("hi", "fr-BE", {}).text == "Au revoir"
    assert templates.render_email("hi", "en", {}).text == "Goodbye"
    french = templates.render_email("hi", "fr", {})
    assert french.text == "Au revoir"
    assert '<html lang="fr"' in french.html


# ---------------------------------------------------------------- putting together


def test_blocks_are_filled_over_several_layouts_and_super_keeps_what_was_there(
    make_templates: Make,
) -> None:
    templates = make_templates(
        {
            "sms/_base.txt": (
                "[{% block a %}base a{% endblock %}|{% block b %}base b{% endblock %}|{{ who }}]"
            ),
            "sms/_middle.txt": (
                '{% extends "_base.txt" %}{% block a %}middle, {{ super() }}{% endblock %}'
            ),
            "sms/leaf.txt": (
                '{% extends "_middle.txt" %}{% set who = "me" %}{% block b %}leaf{% endblock %}lost'
            ),
        }
    )
    assert templates.render_text(Medium.SMS, "leaf", "en", {}) == "[middle, base a|leaf|me]"


SECTION = "<mj-section><mj-column>%s</mj-column></mj-section>"
LOOPS = {
    "sections": "{% for x in entry.things %}"
    + SECTION % "<mj-text>{{ x }}</mj-text>"
    + "{% endfor %}",
    "sections of a wrapper": "<mj-wrapper>{% for x in entry.things %}"
    + SECTION % "<mj-text>{{ x }}</mj-text>"
    + "{% endfor %}</mj-wrapper>",
    "columns": "<mj-section>{% for x in entry.things %}<mj-column><mj-text>{{ x }}</mj-text></mj-column>{% endfor %}"
    "</mj-section>",
    "columns of a group": "<mj-section><mj-group>{% for x in entry.things %}<mj-column><mj-text>{{ x }}</mj-text>"
    "</mj-column>{% endfor %}</mj-group></mj-section>",
    "parts of a column": SECTION
    % "{% for x in entry.things %}<mj-text>{{ x }}</mj-text>{% endfor %}",
    "rows of a table": SECTION
    % "<mj-table>{% for x in entry.things %}<tr><td>{{ x }}</td></tr>{% endfor %}</mj-table>",
    "words": SECTION % "<mj-text>{% for x in entry.things %}<p>{{ x }}</p>{% endfor %}</mj-text>",
}
INLINED = '<mj-head><mj-style inline="inline">p { color: red }</mj-style></mj-head>'


@pytest.mark.parametrize(
    "head", ["", INLINED], ids=["plain", "inlined"]
)  # inlining goes through an HTML parser
@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_a_loop_may_stand_anywhere_in_a_mail(make_templates: Make, loop: str, head: str) -> None:
    before, after = SECTION % "<mj-text>before</mj-text>", SECTION % "<mj-text>after</mj-text>"
    source = f"---\nsubject: s\n---\n<mjml>{head}<mj-body>{before}{loop}{after}</mj-body></mjml>"
    rendered = make_templates({"email/hi.mjml": source}).render_email(
        "hi", "en", {"entry": {"things": ["one", "two"]}}
    )
    assert rendered.text.split() == ["before", "one", "two", "after"]
    visible = re.sub(r"<!--.*?-->", "", rendered.html, flags=re.DOTALL)
    assert [word for word in read_html(visible).split() if word.isalpha()] == [
        "before",
        "one",
        "two",
        "after",
    ]
    assert visible.count("<table") == visible.count("</table>")
    outlook = re.sub(r"<!\[endif\]-->|<!--\[if mso \| IE\]>", "", rendered.html)
    for tag in ("table", "tr", "td"):
        assert len(re.findall(rf"<{tag}\b", outlook)) == outlook.count(f"</{tag}>"), tag


def test_tags_work_in_attributes_titles_and_styles(make_templates: Make) -> None:
    head = (
        "<mj-head><mj-title>{{ subject }}</mj-title><mj-style>.a { color: {{ entry.color }} "
        "}</mj-style></mj-head>"
    )
    body = '<b style="{% if entry.color %}color:{{ entry.color }}{% endif %}">x</b>'
    source = mail(body, "Hi").replace("<mjml>", f'<mjml lang="{{{{ language }}}}">{head}')
    html = (
        make_templates({"email/hi.mjml": source})
        .render_email("hi", "en", {"entry": {"color": "teal"}})
        .html
    )
    assert "<title>Hi</title>" in html
    assert ".a { color: teal }" in html
    assert '<b style="color:teal">x</b>' in html
    assert "xjx" not in html


def test_html_templates_get_their_styles_inlined_and_keep_their_media_queries(
    make_templates: Make,
) -> None:
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


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<title>{{ subject }}</title>", "<title>Hi</title>"),
        (
            "<title>{{ subject }} {% if entry.x %}{{ entry.x }}{% endif %}</title>",
            "<title>Hi a&lt;b</title>",
        ),
        (
            "<body><textarea rows=2>{{ entry.x }}</textarea></body>",
            '<textarea rows="2">a&lt;b</textarea>',
        ),
        (
            "<style>p { color: {{ entry.color }} }</style><body><p>y</p></body>",
            '<p style="color: teal;">y</p>',
        ),
        (
            (
                "<body><!--[if mso]><table><tr><td>{{ entry.x "
                "}}</td></tr></table><![endif]--><p>y</p></body>"
            ),
            "<!--[if mso]><table><tr><td>a&lt;b</td></tr></table><![endif]--><p>y</p>",
        ),
        (
            "<body><!--[if !mso]><!--><b>{{ entry.x }}</b><!--<![endif]--></body>",
            "<!--[if !mso]><!--><b>a&lt;b</b><!--<![endif]-->",
        ),
        (
            "<body><![if !mso]><b>{{ entry.x }}</b><![endif]></body>",
            "<![if !mso]><b>a&lt;b</b><![endif]>",
        ),
        ("<body><!-- for {{ entry.x }} -->y</body>", "<!-- for a&lt;b -->y"),
        (
            '<body><a title="a > {{ entry.x }}" href="{{ entry.y }}">z</a></body>',
            'title="a > a&lt;b" href="">z</a>',
        ),
        ("<body><p {% if entry.x %}class='k'{% endif %}>{{ entry.x }}</p></body>", ">a&lt;b</p>"),
        (
            (
                "<body><table>{% for n in [1, 2] %}<tr><td>{{ n }}</td></tr>{% endfor "
                "%}</table></body>"
            ),
            "<td>1</td></tr><tr><td>2",
        ),
    ],
)
def test_a_tag_may_stand_anywhere_in_html(make_templates: Make, source: str, expected: str) -> None:
    head, _, body = source.partition("<body>") if "<body>" in source else (source, "", "z</body>")
    page = f"---\nsubject: Hi\n---\n<html><head>{head}</head><body>{body}</html>"
    context = {"entry": {"x": "a<b", "color": "teal"}}
    rendered = make_templates({"email/hi.html": page}).render_email("hi", "en", context)
    assert expected in rendered.html
    assert "xjx" not in rendered.html + rendered.text
    assert "[if" not in rendered.text


@pytest.mark.parametrize(
    "body",
    [
        "<!--[if mso]>{{ entry.x }}<![endif]-->",
        "<textarea>{{ entry.x }}</textarea>",
        "<![if !mso]>{{ entry.x }}<![endif]>",
    ],
)
def test_what_only_some_mail_programs_read_stays_in_mjml(make_templates: Make, body: str) -> None:
    html = (
        make_templates({"email/hi.mjml": mail(body)})
        .render_email("hi", "en", {"entry": {"x": "a<b"}})
        .html
    )
    assert body.replace("{{ entry.x }}", "a&lt;b") in html


def test_more_tags_than_five_digits_count_are_put_back() -> None:
    pieces = [Piece("{{ entry.x }}", True, "hi.txt", 1)] * 100_001
    assert "xjx" not in compile_text(pieces).source


def test_a_byte_order_mark_is_no_part_of_a_template(make_templates: Make, tmp_path: Path) -> None:
    files = {
        "sms/hi.txt": "Hello", "email/_part.mjml": "x",
        "email/hi.mjml": mail('{% include "_part.mjml" %}'),
        "email/own.html": "---\nsubject: Hi\n---\n<p>x</p>", "email/own.txt": "By hand",
    }  # fmt: skip
    make_templates(files)
    for path in (tmp_path / "templates").rglob("*.*"):
        path.write_bytes(codecs.BOM_UTF8 + path.read_bytes().replace(b"\n", b"\r\n"))
    marked = Templates.load(tmp_path)
    assert marked.render_text(Medium.SMS, "hi", "en", {}) == "Hello"
    assert marked.render_email("hi", "en", {}).text == "x"
    assert marked.render_email("own", "en", {}).text == "By hand"
    assert (
        "\ufeff"
        not in marked.render_email("hi", "en", {}).html + marked.render_email("own", "en", {}).html
    )


def test_a_text_file_beside_a_mail_replaces_the_derived_text(make_templates: Make) -> None:
    templates = make_templates(
        {"email/hi.mjml": mail("from the mail"), "email/hi.txt": "By hand, {{ customer.name }}"}
    )
    assert templates.render_email("hi", "en", {"customer": {"name": "Ada"}}).text == "By hand, Ada"
    assert templates.names(Medium.EMAIL) == {"hi"}


def test_the_text_part_keeps_every_address_and_no_markup(
    make_templates: Make, links: Links
) -> None:
    body = (
        '<p>One<br />two &amp; three</p><ul><li>four</li></ul><a href="{{ links.unsubscribe '
        '}}">Leave</a>'
    )
    rendered = make_templates({"email/hi.mjml": mail(body)}).render_email(
        "hi", "en", {"links": links}
    )
    assert rendered.text == f"One\ntwo & three\n\n- four\n\nLeave: {links.unsubscribe}"


def test_a_link_of_several_lines_has_its_address_below() -> None:
    assert (
        read_html('<a href="http://x">Free delivery<br>We pay.</a>')
        == "Free delivery\nWe pay.\nhttp://x"
    )
    assert (
        read_html('<a href="http://x">http://x</a> <a href="http://y"><img alt="Logo"></a>')
        == "http://x Logo: http://y"
    )


@example("<![;")
@example("<![if x]>")
@given(html=st.text("<>/abp =\"'&;!-[]\n", max_size=80))
def test_no_markup_breaks_the_reader_of_html(html: str) -> None:
    assert "\n\n\n" not in read_html(html)


def test_the_preheader_is_the_first_text_of_a_mail_and_is_hidden(make_templates: Make) -> None:
    source = mail("Body", preheader="For {{ customer.name }}")
    html = (
        make_templates({"email/hi.mjml": source})
        .render_email("hi", "en", {"customer": {"name": "<Ada>"}})
        .html
    )
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
    templates = make_templates(
        {"email/hi.mjml": mail("x", "Hello {{ customer.name }}", "Pre {{ customer.name }}")}
    )
    rendered = templates.render_email(
        "hi", "en", {"customer": {"name": "Ada\r\nBcc: all@example.com"}}
    )
    assert rendered.subject == "Hello Ada Bcc: all@example.com"
    assert rendered.preheader == "Pre Ada Bcc: all@example.com"


def test_a_step_may_bring_its_own_subject(make_templates: Make) -> None:
    templates = make_templates({"email/hi.mjml": mail("x")})
    rendered = templates.render_email(
        "hi", "en", {"customer": {"name": "Ada"}}, "Still thinking, {{ customer.name }}?"
    )
    assert rendered.subject == "Still thinking, Ada?"


@pytest.mark.parametrize(
    "expression",
    [
        "customer.nothing",
        "customer.nothing.at.all[3].x",
        "customer.empty",
        "customer.nothing + 1",
        "-customer.nothing * 2",
        "customer['nothing']()",
        "customer.nothing | money",
        "customer.nothing | date",
        "'x' if customer.nothing > 3 or customer.nothing <= 3",
        "'x' if customer.nothing == customer.nothing or customer.nothing != 1",
        "'x' if customer.empty is defined",
        "customer.nothing | join(', ')",
        "customer[customer]",
    ],
)
def test_what_is_missing_prints_nothing_and_compares_false(
    make_templates: Make, expression: str
) -> None:
    templates = make_templates({"sms/hi.txt": f"[{{{{ {expression} }}}}]"})
    assert templates.render_text(Medium.SMS, "hi", "en", {"customer": {"empty": None}}) == "[]"


def test_a_trait_may_bear_the_name_of_a_method(make_templates: Make) -> None:
    templates = make_templates({"sms/hi.txt": "{{ customer.items }} {{ customer['keys'] }}"})
    assert (
        templates.render_text(Medium.SMS, "hi", "en", {"customer": {"items": 3, "keys": "two"}})
        == "3 two"
    )


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


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<a href='https://s/1'>1</a><a href='https://s/2'>2</a>", "1: https://s/1 2: https://s/2"),
        ("<a href='https://s/1'>one</a>two", "one: https://s/1 two"),
        ("<a href='https://s/1'>one</a>, two", "one: https://s/1, two"),
        ("<a href='https://s/1'>one</a> two", "one: https://s/1 two"),
    ],
)
def test_an_address_ends_where_its_link_ends(html: str, text: str) -> None:
    assert read_html(html) == text


def test_what_is_made_ready_renders_as_ever_and_what_is_gone_is_told_when_it_is_rendered(
    shipped: Templates, make_templates: Make
) -> None:
    for locale in ("en", "fr-CA", "no such locale"):
        shipped.make_ready(Medium.EMAIL, "cart-reminder", locale)
        shipped.make_ready(Medium.EMAIL, "gone", locale)
    templates = make_templates(
        {"email/hello.html": "---\nsubject: Hi\n---\n<p>{{ 1 | money }}</p>"}
    )
    templates.make_ready(Medium.EMAIL, "hello", "fr")
    assert templates.render_email("hello", "fr", {}).text == "€1.00"
    with pytest.raises(TemplateFailed, match="gone does not exist"):
        shipped.render_email("gone", "en", {})
