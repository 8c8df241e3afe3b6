"""docs/templates.md: what it says is printed is printed, and the templates that it shows can be sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.expression import NOBODY, Scope
from orchestrator.domain.medium import Medium
from orchestrator.links import LINK_FUNCTIONS, LINK_NAMES, LinkSigner
from orchestrator.render import Templates
from orchestrator.render.sample import sample_context
from orchestrator.render.vetting import ROOTS
from orchestrator.starter.copying import new_project

PAGE = (Path(__file__).parents[2] / "docs/templates.md").read_text("utf-8")
PRINTED = re.findall(r"^\| `([^`]+\|?[^`]*)` \| (\S.*?) \|$", PAGE.partition("## Filters")[2], re.M)
MAIL, TEXT = re.findall(r"^```html\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
Make = Callable[..., Templates]
LATER = datetime(2026, 1, 8, 12, tzinfo=UTC)


def context(signer: LinkSigner, **of_project: object) -> Mapping[str, Any]:
    project = {"name": "My shop", "postal_address": "1 rue X", "currency": "EUR", **of_project}
    known = sample_context(project, {"id": "x"}, signer, "https://shop.example", "en-GB")
    known["entry"] = {
        "at": datetime(2026, 1, 5, 9, tzinfo=UTC),
        "total": 1234.5,
        "currency": "EUR",
        "products": [
            {"name": "Lamp", "price": 149, "quantity": 1},
            {"name": "Towel", "price": 32.5, "quantity": 2},
        ],
    }
    return {**known, "now": LATER, "marketing": True, "scope": Scope(NOBODY, LATER)}


@pytest.fixture
def ours(make_templates: Make) -> Templates:
    files = {
        path.removeprefix("templates/"): text
        for path, text in new_project("My shop", "relationship", ["en"]).items()
        if path.startswith("templates/")
    }
    return make_templates({**files, "email/shown.mjml": MAIL, "sms/shown.txt": TEXT})


@pytest.mark.parametrize(("written", "printed"), PRINTED)
def test_the_page_says_what_is_printed(
    ours: Templates, signer: LinkSigner, written: str, printed: str
) -> None:
    expression = written.replace("\\|", "|")
    subject = f"{{{{ {expression} }}}}"
    assert ours.render_email("shown", "en-GB", context(signer), subject).subject == printed


def test_the_mail_and_the_text_of_the_page_can_be_sent(ours: Templates, signer: LinkSigner) -> None:
    mail = ours.render_email("shown", "en-GB", context(signer))
    assert mail.subject == "Ada, your order is on its way"
    assert "We packed 2 things for you:" in mail.text
    assert "Lamp, €149.00" in mail.text
    sent = ours.render_text(Medium.SMS, "shown", "en-GB", context(signer))
    assert sent.startswith("My shop: your code NORD-7K2M-X4 ends on 19 January.")


def test_the_page_tells_every_name_and_every_link() -> None:
    told = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert ROOTS - {"subject", "preheader"} <= told
    links = set(re.findall(r"`links\.(\w+)", PAGE.partition("## Links")[2].partition("## ")[0]))
    assert links == {*LINK_NAMES, *LINK_FUNCTIONS}
