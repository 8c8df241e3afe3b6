"""Every template that ships, in every language it speaks, for a customer we know well and one we
know nothing of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.medium import Medium
from orchestrator.links import LinkSigner
from orchestrator.render import RenderedEmailParts, Templates
from orchestrator.render.plain import read_html
from orchestrator.render.sample import sample_context

ROOT = Path(__file__).resolve().parents[2]
EMAILS = sorted({path.name.split(".")[0] for path in ROOT.glob("templates/email/[a-z]*.mjml")})
TEXTS = sorted({path.name.split(".")[0] for path in ROOT.glob("templates/sms/[a-z]*.txt")})
TRANSACTIONAL = {"reward-referrer", "reward-friend", "nps-apology"}
WEBSITE = "http://localhost:8000/shop"
ADDRESS = "Atelier Nord, 14 rue des Tanneurs, 75003 Paris, France"
PROJECT = {
    "name": "Atelier Nord",
    "postal_address": ADDRESS,
    "currency": "EUR",
    "timezone": "Europe/Paris",
    "website": WEBSITE,
}
# GSM 03.38: what fits an SMS of 160 characters; the second line costs two each.
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà",
)
GSM_EXTENDED = set("^{}\\[~]|€")


def context_of(name: str, signer: LinkSigner, locale: str, rich: bool) -> dict[str, Any]:
    context = sample_context(PROJECT, {"id": name}, signer, WEBSITE, locale)
    context["marketing"] = name not in TRANSACTIONAL
    if not rich:
        context |= {"customer": {}, "entry": {}, "vars": {}, "coupon": {}}
    return context


@pytest.fixture(params=["en", "fr"])
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[True, False], ids=["known well", "unknown"])
def rich(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=EMAILS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def mail(
    shipped: Templates, signer: LinkSigner, name: str, locale: str, rich: bool
) -> RenderedEmailParts:
    return shipped.render_email(name, locale, context_of(name, signer, locale, rich))


class Elements(HTMLParser):
    """The start tags of a document, with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def values(self, tag: str, attribute: str) -> Iterator[str | None]:
        return (attributes.get(attribute) for found, attributes in self.found if found == tag)


def test_the_shop_ships_its_programmes_in_two_languages() -> None:
    assert len(EMAILS) == 20
    for folder, ending, names in (("email", "mjml", EMAILS), ("sms", "txt", TEXTS)):
        for template in names:
            assert ROOT.joinpath("templates", folder, f"{template}.{ending}").exists()
            assert ROOT.joinpath("templates", folder, f"{template}.fr.{ending}").exists()


def test_nothing_of_the_workshop_is_left_in_a_mail(mail: RenderedEmailParts) -> None:
    for part in (mail.subject, mail.preheader, mail.html, mail.text):
        assert not re.search(r"\{[{%#]|[%}#]\}|xjxtag|<mj-|\b(None|[Uu]ndefined|nan)\b", part)
    assert not re.search(r"(?<=\w) ,|  +[.,]|\(\)", mail.text + mail.subject)


def test_a_mail_can_be_told_from_its_subject_and_preheader(mail: RenderedEmailParts) -> None:
    assert 10 < len(mail.subject) <= 70
    assert 20 < len(mail.preheader) <= 110
    assert mail.subject[0].isupper() or mail.subject[0].isdigit() or mail.subject[0] == "€"
    body = mail.html[mail.html.index("<body") :]
    assert re.match(r'<body[^>]*><div style="display:none;[^"]*">[^&<]{5}', body)


def test_a_marketing_mail_says_how_to_leave_and_who_writes(
    mail: RenderedEmailParts, name: str
) -> None:
    hrefs = [href for href in Elements(mail.html).values("a", "href") if href]
    leaves = [href for href in hrefs if href.startswith("http://localhost:8000/u/")]
    assert bool(leaves) == (name not in TRANSACTIONAL)
    assert ADDRESS in mail.html
    assert ADDRESS in mail.text
    assert all(href in mail.text for href in leaves)


def test_a_mail_of_unknown_purpose_offers_to_unsubscribe(
    shipped: Templates, signer: LinkSigner
) -> None:
    context = sample_context(PROJECT, {}, signer, WEBSITE)
    assert context["links"].unsubscribe in shipped.render_email("nps-apology", "en", context).text


def test_no_link_of_a_mail_is_dead(mail: RenderedEmailParts) -> None:
    hrefs = list(Elements(mail.html).values("a", "href"))
    assert len(hrefs) >= 2
    for href in hrefs:
        assert re.match(
            r"http://localhost:8000/(shop/|[usrmp]/[\w-]+\.[\w-]+(\?|$))|mailto:\?", href or ""
        ), href


def test_a_mail_is_small_accessible_and_knows_the_dark(
    mail: RenderedEmailParts, locale: str
) -> None:
    elements = Elements(mail.html)
    assert len(mail.html.encode()) < 102_000  # Gmail cuts what is longer
    assert all(elements.values("img", "alt"))
    assert all(
        role == "presentation" for role in elements.values("table", "role") if role is not None
    )
    assert next(elements.values("html", "lang")) == ("fr" if locale.startswith("fr") else "en")
    assert 'name="color-scheme" content="light dark"' in mail.html
    assert "@media (prefers-color-scheme: dark)" in mail.html
    assert "@media only screen and (max-width: 479px)" in mail.html
    assert mail.html.count("<h1") == 1
    assert not re.search(r"<(link|script|iframe|form)\b|@import|url\(", mail.html)


def test_french_mails_are_set_as_french_is(mail: RenderedEmailParts, locale: str) -> None:
    if not locale.startswith("fr"):
        return
    for part in (mail.subject, mail.preheader, re.sub(r"(https?|mailto):\S+", "", mail.text)):
        assert not re.search(r"[^\s\u00a0\u202f][!?;»]|« | [!?;»]|\d [€%]|'", part), part
        assert not re.search(r"(?<=[a-zé»]) :", part), part


def test_the_name_of_the_customer_is_used_where_it_is_known(
    mail: RenderedEmailParts, locale: str, rich: bool
) -> None:
    greeting = "Bonjour" if locale.startswith("fr") else "Hello"
    known = " Camille" if locale.startswith("fr") else " Ada"
    assert f"{greeting}{known if rich else ''}," in mail.text


def test_a_hostile_customer_cannot_write_into_a_mail(
    shipped: Templates, signer: LinkSigner, name: str
) -> None:
    context = context_of(name, signer, "en", True)
    hostile = '"><img src=x onerror=alert(1)>\r\nBcc: all@example.com'
    context["customer"]["first_name"] = hostile
    context["coupon"]["code"] = context["entry"]["code"] = hostile
    context["entry"]["products"][0]["image_url"] = context["entry"]["products"][0]["url"] = hostile
    context["entry"]["products"][0]["name"] = context["entry"]["name"] = hostile
    mail = shipped.render_email(name, "en", context)
    assert "<img src=x" not in mail.html
    assert "\n" not in mail.subject + mail.preheader
    assert "\r" not in mail.subject + mail.preheader


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("locale", ["en", "en-GB", "fr", "fr-CA", "de"])
def test_an_sms_is_one_segment_and_says_how_to_stop(
    shipped: Templates, signer: LinkSigner, text: str, locale: str, rich: bool
) -> None:
    sent = shipped.render_text(Medium.SMS, text, locale, context_of(text, signer, locale, rich))
    assert set(sent) <= GSM | GSM_EXTENDED, set(sent) - GSM - GSM_EXTENDED
    assert len(sent) + sum(letter in GSM_EXTENDED for letter in sent) <= 160
    assert sent.startswith("Atelier Nord")
    assert "STOP" in sent
    assert WEBSITE in sent
    assert "{" not in sent
    assert "\n" not in sent


def test_the_text_part_says_all_that_the_html_shows(mail: RenderedEmailParts) -> None:
    body = re.sub(r"&#847;.*?</div>", "</div>", mail.html[mail.html.index("<body") :], count=1)
    shown = read_html(body.replace(escape(mail.preheader), "", 1))
    assert shown.split() == mail.text.split()


def test_every_link_says_where_it_leads(mail: RenderedEmailParts) -> None:
    anchors = re.findall(r"<a\b[^>]*>(.*?)</a>", mail.html, re.DOTALL)
    said = (re.sub(r'<img [^>]*alt="([^"]+)"[^>]*>', r"\1", anchor) for anchor in anchors)
    assert all(re.sub(r"<[^>]*>|\s", "", anchor) for anchor in said)


def test_carts_show_the_products_of_a_checkout_or_the_one_that_was_added(
    shipped: Templates, signer: LinkSigner
) -> None:
    context = context_of("cart-reminder", signer, "en", True)
    both = shipped.render_email("cart-reminder", "en", context)
    assert both.subject == "Your cart is still here"
    assert "Aura lamp" in both.text
    assert "2\xa0×\xa0€32.50" in both.text
    context["entry"] = {"name": "Linen throw", "price": 80}
    one = shipped.render_email("cart-reminder", "en", context)
    assert one.subject == "Linen throw is still in your cart"
    assert "€80.00" in one.text
    assert "Aura lamp" not in one.text


def test_carts_show_pictures_that_lead_to_the_products_and_what_it_all_costs(
    shipped: Templates, signer: LinkSigner
) -> None:
    context = context_of("cart-reminder", signer, "en", True)
    lamp = {"url": "https://shop.example/lamp", "image_url": "https://shop.example/lamp.jpg"}
    context["entry"]["products"][0] |= lamp
    html = shipped.render_email("cart-reminder", "en", context).html
    assert re.search(r'href="https://shop.example/lamp"[^>]*><img [^>]*lamp\.jpg', html)
    assert "€214.00" in html
    context["entry"] = {"name": "Linen throw", "price": 80}
    html = shipped.render_email("cart-reminder", "en", context).html
    assert "<img" not in html
    assert re.search(r'href="http://localhost:8000/shop/cart[^"]*"[^>]*>Linen throw', html)
    assert "Total" not in html


#: Whatever a journey or parcours.toml decides: the name of the shop, what is given, and its terms.
DECIDED = re.compile(r"Atelier Nord|Paris|[€$£]\s?\d|\d\s?[€$£]|\b\d+\s?% (off|de remise)")


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("templates/*/[a-z_]*")), ids=lambda path: path.name
)
def test_a_template_says_nothing_that_its_journey_or_parcours_toml_decides(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    assert DECIDED.findall(text) == []


def test_a_mail_of_another_shop_with_other_offers_says_what_these_are(
    shipped: Templates, signer: LinkSigner
) -> None:
    context = context_of("referral-invite", signer, "en", True)
    context["vars"] |= {"gift": 25, "minimum": 90}
    mail = shipped.render_email("referral-invite", "en", context)
    assert mail.subject == "€25 for a friend, €25 for you"
    assert "each of you receives €25 by email, for any order from €90." in mail.text
    context = context_of("nps-apology", signer, "en", True)
    assert "will call you" in shipped.render_email("nps-apology", "en", context).text
    context["customer"]["consent"] = {"email": True}
    assert "will call you" not in shipped.render_email("nps-apology", "en", context).text


def test_what_the_invitations_promise_is_what_the_referral_gives() -> None:
    def said(name: str, pattern: str) -> set[tuple[str, str]]:
        return set(re.findall(pattern, (ROOT / f"journeys/{name}.yaml").read_text("utf-8")))

    given = said("referral-reward", r"amount: (\d+), currency: EUR, minimum: (\d+)")
    assert len(given) == 1
    for name in ("referral-invite", "nps"):
        assert said(name, r"set: \{gift: (\d+), minimum: (\d+)\}") == given


def test_the_scale_of_the_survey_offers_every_score_once(
    shipped: Templates, signer: LinkSigner
) -> None:
    mail = shipped.render_email("nps-ask", "en", context_of("nps-ask", signer, "en", True))
    hrefs = [href or "" for href in Elements(mail.html).values("a", "href")]
    assert [href.partition("?score=")[2] for href in hrefs if "?score=" in href] == [
        str(score) for score in range(11)
    ]


def test_the_offers_of_the_mail_are_the_options_of_the_survey(
    shipped: Templates, signer: LinkSigner
) -> None:
    mail = shipped.render_email(
        "winback-survey", "fr", context_of("winback-survey", signer, "fr", True)
    )
    offered = re.findall(r"\?answer=([\w-]+)", mail.html)
    asked = re.findall(
        r"- \{id: ([\w-]+)", ROOT.joinpath("journeys/surveys.yaml").read_text(encoding="utf-8")
    )
    assert offered == asked == ["free-shipping", "discount", "new-arrivals", "not-interested"]


def test_the_shop_has_templates_for_both_media(shipped: Templates) -> None:
    assert shipped.names(Medium.EMAIL) == set(EMAILS)
    assert shipped.names(Medium.SMS) == set(TEXTS) == {"cart-nudge", "welcome-code"}
