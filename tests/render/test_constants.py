"""What a template sets at its top is put into the text when it is compiled; a reader of the mail
cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.domain.medium import Medium
from orchestrator.render import Templates

Make = Callable[..., Templates]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% set a = 'x' %}<{{ a }}>", "<x>"),
        ("{% set a = 'x' %}{{ a }}{% set a = a or 'y' %}{{ a }}{% set a = 'z' %}{{ a }}", "xxz"),
        ("{% set a = '' %}{% set b = a or 'y' %}[{{ a }}{{ b }}]", "[y]"),
        ("{% set a = b or 'y' %}{% set b = 'x' %}{{ a }}{{ b }}", "yx"),
        ("[{{ a }}]{% set a = 'x' %}{{ a }}", "[]x"),
        ("{% set a = 'x' %}{% if entry.no %}{% set a = 'y' %}{% endif %}{{ a }}", "x"),
        ("{% set a = 'x' %}{% if entry.yes %}{% set a = 'y' %}{% endif %}{{ a }}", "y"),
        ("{% set a = 'x' %}{% for a in entry.list %}{{ a }}{% endfor %}{{ a }}", "12x"),
        ("{% set a = 'x' %}{% for i in entry.list %}{{ a }}{{ i }}{% endfor %}", "x1x2"),
        ("{% set a = 'x' %}{% macro m() %}{{ a }}{% endmacro %}{% set a = 'y' %}{{ m() }}", "y"),
        ("{% set a, b = entry.list %}{% set a = 'x' %}{{ a }}{{ b }}", "x2"),
        ("{% set a = 'x' %}{% with a = 'y' %}{{ a }}{% endwith %}{{ a }}", "yx"),
        ("{% set a = 'price' %}{{ entry[a] }}{{ a | upper }}", "5PRICE"),
        ("{% set a = entry.price %}{{ a }}", "5"),
        ("{% set a %}x{% endset %}{{ a }}", "x"),
        ("{% set a = 'LONG' %}{{ a }}".replace("LONG", "x" * 300), "x" * 300),
    ],
)
def test_what_a_name_holds_where_it_is_read_is_what_is_printed(
    make_templates: Make, source: str, text: str
) -> None:
    templates = make_templates({"sms/hello.txt": source})
    entry = {"yes": True, "no": False, "list": [1, 2], "price": 5}
    assert templates.render_text(Medium.SMS, "hello", "en", {"entry": entry}) == text


def test_a_constant_is_escaped_in_html_and_not_in_the_text_part(make_templates: Make) -> None:
    source = "{% set a = '<b> & \"c\"' %}<p>{{ a }} {{ 'x < y' }}</p>"
    templates = make_templates({"email/hello.html": f"---\nsubject: Hi\n---\n{source}"})
    mail = templates.render_email("hello", "en", {})
    assert "&lt;b&gt; &amp; &#34;c&#34; x &lt; y" in mail.html
    assert mail.text == '<b> & "c" x < y'
