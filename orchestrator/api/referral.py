"""`/r/<token>`: an invitation by a friend. Who accepts becomes an anonymous customer until they
order.

Refused: the referrer's own address, in any spelling, and addresses that belong to a customer.
Accepting twice is harmless: ids derive from the address, and the first referrer counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from anyio import to_thread
from babel.numbers import format_currency, format_percent
from email_validator import EmailNotValidError, validate_email
from starlette.requests import Request
from starlette.responses import Response

from orchestrator.api.pages import PageMissing, Visit, begin_visit, read_link
from orchestrator.api.requests import read_form
from orchestrator.domain.consent import read_yes_no
from orchestrator.domain.friend_offer import FriendOffer
from orchestrator.domain.identity import Person, fold_address, referral_id
from orchestrator.links import LinkPurpose
from orchestrator.store.visitors import Referrer, find_referrer, is_known_address

NAME_CHARS_MAX = 80
ID_DIGITS_MAX = 18  # what a 64-bit key surely holds


async def show_referral(request: Request) -> Response:
    """Who invites, what for, and a form."""
    referrer = await _read_referrer(request)
    return _show_form(begin_visit(request), referrer)


async def accept_referral(request: Request) -> Response:
    """Takes a friend's address."""
    referrer = await _read_referrer(request)
    visit = begin_visit(request)
    form = await read_form(request)
    try:
        address = validate_email(form.get("email", ""), check_deliverability=False).normalized
    except EmailNotValidError:
        return _show_form(visit, referrer, form, problem="referral_invalid")
    if await to_thread.run_sync(_is_refused, visit, referrer, address):
        return _show_form(visit, referrer, form, problem="referral_known")
    friend = Person(referral_id(address), anonymous=True)
    await visit.tell(friend, *_friend_calls(visit, referrer, friend.id, address, form))
    words = visit.words
    return visit.show(
        "notice.html", heading=words["referral_thanks_heading"], text=words["referral_thanks"]
    )


async def _read_referrer(request: Request) -> Referrer:
    customer_id = read_link(request, LinkPurpose.REFERRAL)[0]
    if not customer_id.isdecimal() or len(customer_id) > ID_DIGITS_MAX:
        raise PageMissing
    referrer = await to_thread.run_sync(
        find_referrer, begin_visit(request).services.database, int(customer_id)
    )
    if referrer is None:
        raise PageMissing(gone=True)
    return referrer


def _is_refused(visit: Visit, referrer: Referrer, address: str) -> bool:
    folded = fold_address(address)
    if folded == fold_address(referrer.email):
        return True
    # The friend's own earlier acceptance does not count: accepting twice is harmless.
    return is_known_address(visit.services.database, {folded}, referral_id(address))


def _show_form(
    visit: Visit,
    referrer: Referrer,
    form: Mapping[str, str] | None = None,
    problem: str | None = None,
) -> Response:
    form, offer = form or {}, visit.services.friend_offer
    return visit.show(
        "referral.html",
        422 if problem else 200,
        name=referrer.first_name[:NAME_CHARS_MAX],
        worth=_format_worth(offer, visit) if offer else "",
        minimum=_format_money(offer.minimum, offer, visit) if offer and offer.minimum else "",
        email=form.get("email", ""),
        first_name=form.get("first_name", ""),
        consent=_agrees(form),
        problem=visit.words[problem] if problem else "",
    )


def _format_worth(offer: FriendOffer, visit: Visit) -> str:
    """`€10`, `10 %`; "" when the worth is computed for each customer."""
    if offer.amount is not None:
        return _format_money(offer.amount, offer, visit)
    if offer.percent is not None:
        return format_percent(
            offer.percent / 100, locale=visit.language, decimal_quantization=False
        )
    return ""


def _format_money(amount: float, offer: FriendOffer, visit: Visit) -> str:
    currency = offer.currency or visit.services.config.project.currency
    pattern = {"fr": "#,##0.##\u00a0¤"}.get(visit.language, "¤#,##0.##")
    return format_currency(amount, currency, pattern, visit.language, currency_digits=False)


def _agrees(form: Mapping[str, str]) -> bool:
    return read_yes_no(form.get("consent")) is True


def _friend_calls(
    visit: Visit, referrer: Referrer, key: str, address: str, form: Mapping[str, str]
) -> list[Mapping[str, object]]:
    traits: dict[str, object] = {
        "email": address,
        "locale": visit.language,
        "referred_by": referrer.external_id,
    }
    context: dict[str, object] = {"page": {"path": "/r"}}
    if first_name := form.get("first_name", "").strip()[:NAME_CHARS_MAX]:
        traits["first_name"] = first_name
    if _agrees(form):
        traits["consent"] = {"email": True}
        context["consent_text"] = visit.words[
            "referral_consent"
        ]  # the proof: what exactly was agreed to
    return [
        {"type": "identify", "messageId": f"{key}-identify", "traits": traits, "context": context},
        {
            "type": "track",
            "event": "Referral Accepted",
            "messageId": f"{key}-accepted",
            "properties": {"referred_by": referrer.external_id},
        },
    ]
