"""Templates that a provider has approved: their file, and what is put in for one customer."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.errors import ProjectInvalid, TemplateFailed
from orchestrator.domain.medium import Medium
from orchestrator.render import Templates

SID = "HX" + "0" * 32
CART = f"""\
content_sid: {SID}
variables:
  1: "{{{{ customer.first_name or 'there' }}}}"
  2: "{{{{ entry.product }}}}"
body: "Hi {{{{1}}}}, your {{{{ 2 }}}} waits."
"""
CONTEXT = {"customer": {"first_name": "Ada"}, "entry": {"product": "Lamp"}}


def write(root: Path, **files: str) -> Path:
    folder = root / "templates/whatsapp"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name.replace('__', '.')}.yaml").write_text(text, encoding="utf-8")
    return root


def test_its_variables_are_put_in_and_the_approved_text_shows_them(tmp_path: Path) -> None:
    templates = Templates.load(write(tmp_path, cart=CART))
    content = templates.render_content(Medium.WHATSAPP, "cart", "en", CONTEXT)
    assert (content.sid, content.variables) == (SID, (("1", "Ada"), ("2", "Lamp")))
    text = templates.render_text(Medium.WHATSAPP, "cart", "en", CONTEXT)
    assert text == "Hi Ada, your Lamp waits."


def test_without_its_text_the_variables_are_shown_one_after_the_other(tmp_path: Path) -> None:
    written = CART[: CART.index("body:")]
    templates = Templates.load(write(tmp_path, cart=written))
    assert templates.render_text(Medium.WHATSAPP, "cart", "en", CONTEXT) == "1: Ada\n2: Lamp"


def test_each_language_has_its_own_approved_template(tmp_path: Path) -> None:
    french = CART.replace(SID, "HX" + "1" * 32).replace("'there'", "'toi'")
    templates = Templates.load(write(tmp_path, cart=CART, cart__fr=french))
    context = {**CONTEXT, "customer": {}}
    told = [
        templates.render_content(Medium.WHATSAPP, "cart", locale, context)
        for locale in ("fr-CA", "de")
    ]
    assert [one.sid[-1] for one in told] == ["1", "0"]
    assert [one.variables[0][1] for one in told] == ["toi", "there"]


def test_its_version_changes_with_its_text(tmp_path: Path) -> None:
    before = Templates.load(write(tmp_path, cart=CART)).version(Medium.WHATSAPP, "cart")
    after = Templates.load(write(tmp_path, cart=CART.replace("waits", "is here")))
    assert after.version(Medium.WHATSAPP, "cart") != before


def test_what_is_put_in_is_one_line_that_is_not_empty(tmp_path: Path) -> None:
    templates = Templates.load(write(tmp_path, cart=CART))
    broken = {"customer": {"first_name": "Ada\n\tLovelace"}, "entry": {"product": "Lamp"}}
    content = templates.render_content(Medium.WHATSAPP, "cart", "en", broken)
    assert content.variables[0] == ("1", "Ada Lovelace")
    with pytest.raises(TemplateFailed, match="the variable 2 is empty for this customer"):
        templates.render_content(Medium.WHATSAPP, "cart", "en", {"customer": {}, "entry": {}})


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("hello", "1:1", "write `content_sid: HX…`"),
        ("content_sid: HX12\n", "1:14", "`content_sid` is HX and 32 hexadecimal digits"),
        ("variables: {1: a}\n", "1:1", "`content_sid` is HX"),
        (f"content_sid: {SID}\nvariable: {{1: a}}\n", "2:11", "did you mean 'variables'?"),
        (f"content_sid: {SID}\nvariables: [a]\n", "2:12", "`variables` is a map"),
        (f"content_sid: {SID}\nvariables: {{1: ''}}\n", "2:17", "never empty"),
        (f"content_sid: {SID}\nvariables: {{a b: c}}\n", "2:18", "no place of a template"),
        (f"content_sid: {SID}\nbody: 'Hi {{{{1}}}}'\n", "2:8", "has no variable: add `1`"),
        (
            f"content_sid: {SID}\nvariables:\n  1: '{{{{ customer.x | shout }}}}'\n",
            "3:23",
            "shout",
        ),
    ],
)
def test_a_fault_is_told_at_its_place(tmp_path: Path, text: str, where: str, what: str) -> None:
    with pytest.raises(ProjectInvalid) as refused:
        Templates.load(write(tmp_path, cart=text))
    problem = refused.value.problems[0]
    assert what in problem.message
    assert f"{problem.line}:{problem.column}" == where
    assert problem.file == "templates/whatsapp/cart.yaml"
