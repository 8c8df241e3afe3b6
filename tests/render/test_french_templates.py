"""The French mails read as French: what a reader whose language it is stumbled over stays away."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from orchestrator.links import LinkSigner
from orchestrator.render import RenderedEmailParts, Templates
from tests.render.test_shipped_templates import EMAILS, context_of

#: What stood there once, and is no French, or breaks where no French line does.
STUMBLING_BLOCKS = {
    "the first of a month is 1er": r"(?<!\d)1 (janvier|décembre)",
    "oil does not drink": r"nuit pour boire",
    "a place is not laid": r"place à table",
    "pieces are not preferred": r"préférée?s|PRÉFÉRÉ",
    "products have French names": r"Fjell stool|[Oo]iled oak|Aura lamp|linen towel|opal glass",
    "an e-mail is not broken at its hyphen": r"\be-mail",
    "a verb is not parted from its pronoun": r"[a-zé](ez|ons|ait)-(vous|nous|il)\b",
    "no line consists of one word": r" dire\.",
}


@pytest.fixture(params=EMAILS)
def mail(
    request: pytest.FixtureRequest, shipped: Templates, signer: LinkSigner
) -> RenderedEmailParts:
    context = context_of(request.param, signer, "fr", rich=True)
    first = datetime(2026, 12, 1, 12, tzinfo=UTC)
    context["coupon"] = {**context["coupon"], "expires_at": first}
    context["entry"] = {**context["entry"], "expires_at": first.isoformat()}
    return shipped.render_email(request.param, "fr", context)


@pytest.mark.parametrize("block", STUMBLING_BLOCKS.values(), ids=STUMBLING_BLOCKS.keys())
def test_no_french_reader_stumbles(mail: RenderedEmailParts, block: str) -> None:
    said = re.sub(r"<style.*?</style>", "", mail.html, flags=re.DOTALL)
    for part in (mail.subject, mail.preheader, said, mail.text):
        found = re.search(block, re.sub(r"https?://\S+|mailto:\S+", "", part))
        assert not found, part[max(0, found.start() - 60) : found.end() + 20] if found else ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cart-last-chance", "mardi 1er décembre"),
        ("nps-care-guide", "le temps d’une nuit pour l’absorber"),
        ("winback-invitation", "votre couvert est toujours mis"),
        ("welcome-favourites", "LES INCONTOURNABLES"),
        ("welcome-favourites", "Voir tous les incontournables"),
        ("cart-reminder", "Lampe Aura"),
        ("nps-ask", "Nous recommanderiez‑vous"),
        ("welcome-hello", "nous\N{NO-BREAK SPACE}le\N{NO-BREAK SPACE}dire."),
    ],
)
def test_it_is_said_as_the_french_say_it(
    shipped: Templates, signer: LinkSigner, name: str, said: str
) -> None:
    context = context_of(name, signer, "fr", rich=True)
    context["coupon"] = {**context["coupon"], "expires_at": datetime(2026, 12, 1, 12, tzinfo=UTC)}
    mail = shipped.render_email(name, "fr", context)
    assert said in f"{mail.subject}\n{mail.preheader}\n{mail.text}\n{mail.html}"
