"""The text part of a mail is rendered with its HTML in one go; a reader cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.domain.errors import TemplateFailed
from orchestrator.links import LinkSigner
from orchestrator.render import RenderedEmailParts, Templates
from orchestrator.render.compiled import CompiledText, HtmlAndText
from orchestrator.render.sample import sample_context

Make = Callable[..., Templates]
EMAILS = sorted(
    path.name.split(".")[0]
    for path in (Path(__file__).resolve().parents[2] / "templates/email").glob("[a-z]*.mjml")
    if path.name.count(".") == 1
)
ENTRY = {
    "list": [1, 2, 3],
    "name": "<Ann & Bo>",
    "url": "https://shop.example/?a=1&b=2",
    "products": [{"name": "Lamp", "price": 40}, {"name": "Rug", "price": 60}],
}


@contextmanager
def apart(both: HtmlAndText) -> Iterator[None]:
    """Meanwhile HTML and text are rendered one after the other, as those that do not go along."""
    both.make_ready()
    template, both._template = both._template, None
    try:
        yield
    finally:
        both._template = template


def render(templates: Templates, locale: str = "en") -> RenderedEmailParts:
    return templates.render_email("hello", locale, {"entry": ENTRY, "customer": {"vip": True}})


def mail_of(source: str) -> dict[str, str]:
    return {"email/hello.html": f"---\nsubject: Hi\n---\n{source}"}


def both_of(templates: Templates, name: str = "hello", locale: str = "en") -> HtmlAndText:
    both = templates._email_for(name, locale).both
    assert both is not None
    return both


def is_in_one(both: HtmlAndText) -> bool:
    both.make_ready()
    return both._template is not None


@pytest.mark.parametrize("name", EMAILS)
@pytest.mark.parametrize("locale", ["en", "fr"])
def test_every_mail_that_ships_reads_the_same_in_one_go_as_apart(
    shipped: Templates, signer: LinkSigner, name: str, locale: str
) -> None:
    project = {"name": "Atelier Nord", "currency": "EUR", "timezone": "Europe/Paris"}
    context = sample_context(project, {"id": name}, signer, "http://localhost/shop", locale)
    both = both_of(shipped, name, locale)
    assert is_in_one(both)
    for seen in (context, context | {"customer": {}, "entry": {}, "vars": {}, "coupon": {}}):
        together = shipped.render_email(name, locale, seen)
        with apart(both):
            assert shipped.render_email(name, locale, seen) == together


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ entry.name }} {{ entry.name | upper }}</p>",
        "<ul>{% for i in entry.list %}<li>{{ loop.index }}: {{ i }}</li>{% else %}no{% endfor %}</ul>",
        "{% for p in entry.products %}<p>{{ p.name }} {{ p.price | money }}</p>{% endfor %}",
        "<p>{% if customer.vip %}{{ entry.name }}{% elif entry.no %}b{% else %}c{% endif %}</p>",
        "<p><a href='{{ entry.url }}'>{{ entry.name }}</a> {{ entry.list[0] }}</p>",
        "<p {% if customer.vip %}class='{{ entry.name }}'{% endif %}>{{ entry.name }}</p>",
        "{% set a = entry.name %}<p>{{ a }}</p>{% set a = 'x' %}<p>{{ a }}</p>",
        "{% set a = '<b>' %}<p>{{ a }}{{ 'x < y' }}</p>",
        "<p>{{ '<i>' | safe }}{{ '<i>' ~ entry.name }}{{ 1 == 1 }}{{ entry.list }}</p>",
        "{% for p in entry.products %}{% if p.price > 50 %}<p>{{ p.name }}</p>{% endif %}{% endfor %}",
        "{% for p in entry.products if p.price > 50 %}<p>{{ p.name }}</p>{% endfor %}",
        "<p>{{ 'LONG' }}{{ entry.name * 50 }}</p>".replace("LONG", "<" * 300),
        "{% set n = namespace(a=1) %}{% for i in entry.list %}{% set n.a = n.a + i %}{% endfor %}"
        "<p>{{ n.a }}</p>",
    ],
)
def test_what_goes_along_is_rendered_in_one_go_and_reads_the_same(
    make_templates: Make, source: str
) -> None:
    templates = make_templates(mail_of(source))
    together = render(templates)
    assert is_in_one(both_of(templates))
    with apart(both_of(templates)):
        assert render(templates) == together


@pytest.mark.parametrize(
    "source",
    [
        "{% macro m(x) %}<b>x{{ x }}</b>{% endmacro %}<p>{{ m(entry.name) }}</p>",
        "{% set a %}<b>x{{ entry.name }}</b>{% endset %}<p>{{ a }}</p>",
        "{% for i in [1, 1, 2] %}<p>x{{ loop.changed(i) }}</p>{% endfor %}",
        "<p>{{ 'see www.shop.example' | urlize }}</p>",
        "<p {% set a = 'x' %}class='a'>x{{ a }}</p>",
        "<p><a href='{% if customer.vip %}{{ entry.url }}{% endif %}'>"
        "{% for i in entry.list %}x{{ i }}{% endfor %}</a></p>",
    ],
)
def test_what_may_mean_another_thing_in_each_is_rendered_apart(
    make_templates: Make, source: str
) -> None:
    templates = make_templates(mail_of(source))
    assert not is_in_one(both_of(templates))
    assert "x" in render(templates).text


def test_a_value_that_both_print_is_computed_once(
    make_templates: Make,
) -> None:
    templates = make_templates(mail_of("<p>{{ entry.counted }}</p>"))
    asked = []

    class Counting(dict[str, object]):
        def get(self, key: str, default: object = None) -> object:
            asked.append(key)
            return f"<{len(asked)}>"

    mail = templates.render_email("hello", "en", {"entry": Counting()})
    assert asked == ["counted"]
    assert "&lt;1&gt;" in mail.html
    assert mail.text == "<1>"


def test_a_failure_names_its_line_as_apart(make_templates: Make) -> None:
    templates = make_templates(
        mail_of("<p>fine</p>\n<p>{{ entry.list | title | center(99999) }}</p>")
    )
    with pytest.raises(TemplateFailed, match=r"hello\.html:5"):
        render(templates)
    assert is_in_one(both_of(templates))


def test_a_text_of_its_own_is_rendered_apart(make_templates: Make) -> None:
    files = mail_of("<p>{{ entry.name }}</p>") | {"email/hello.txt": "Dear {{ entry.name }}"}
    templates = make_templates(files)
    assert render(templates).text == "Dear <Ann & Bo>"
    assert isinstance(templates._email_for("hello", "en").text, CompiledText)
