"""The web copy of a mail, rendered anew: also when its reader, its template or its journey has
changed meanwhile.
"""

from __future__ import annotations

from typing import Any

from orchestrator.wiring import render_copy

GREETING = """
journey: greeting
trigger: {event: Signed Up}
steps:
  - email: hello
  - sms: nudge
"""


def sent(open_shop: Any) -> Any:
    shop = open_shop(GREETING)
    shop.identify("0h", "ada", email="ada@example.com", phone="+33612345678")
    shop.track("0h", "Signed Up")
    shop.tick("1m")
    return shop


def id_of(shop: Any, medium: str = "email") -> str:
    (row,) = shop.rows("SELECT public_id FROM messages WHERE medium = :medium", medium=medium)
    return str(row[0])


def test_a_mail_can_be_seen_in_the_browser_and_a_text_or_nothing_cannot(open_shop: Any) -> None:
    shop = sent(open_shop)
    assert "<p>hello</p>" in str(render_copy(shop.context, id_of(shop)))
    assert render_copy(shop.context, id_of(shop, "sms")) is None
    assert render_copy(shop.context, "nothing") is None


def test_a_mail_whose_reader_has_no_address_any_more_cannot_be_shown(open_shop: Any) -> None:
    shop = sent(open_shop)
    shop.identify("2m", "ada", email=None)
    shop.tick("3m")
    assert render_copy(shop.context, id_of(shop)) is None


def test_a_mail_whose_template_is_gone_or_broken_cannot_be_shown(open_shop: Any) -> None:
    shop = sent(open_shop)
    template = shop.root / "templates/email/hello.html"
    template.write_text("---\nsubject: x\n---\n{{ 'x' * 100000000 }}{{ links.unsubscribe }}")
    shop.open()
    assert render_copy(shop.context, id_of(shop)) is None
    template.unlink()
    shop.open(GREETING.replace("hello", "other"))
    template.unlink(missing_ok=True)
    shop.open()
    assert render_copy(shop.context, id_of(shop)) is None
