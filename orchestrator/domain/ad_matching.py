"""Customers as ad platforms recognise them: normalised as they ask, and hashed, so that an address
is told to none that does not know it.

Sources: Google Ads, "About the customer match process" and its upload template; Meta, "Format a
customer list" (Custom Audiences). SHA-256, in hexadecimal, of UTF-8; a country and a postal code
are hashed for Meta only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from orchestrator.domain.consent import MARKETING
from orchestrator.domain.medium import Medium
from orchestrator.domain.policy import Policy, address, has_consent, is_unsubscribed
from orchestrator.domain.region import UNREADABLE_REGION, country_of
from orchestrator.domain.state import CustomerState
from orchestrator.domain.traits import RESERVED_TRAITS
from orchestrator.domain.values import as_text


class Platform(StrEnum):
    """Who takes the file."""

    GOOGLE = "google"
    META = "meta"


class LeftOut(StrEnum):
    """Why a member of an audience is not told of."""

    REFUSED = "no consent to marketing"
    UNKNOWN = "no address and no number"


@dataclass(frozen=True, slots=True)
class Reached:
    """By what a platform may know a customer: what they agreed to be reached by."""

    email: str = ""
    phone: str = ""  # E.164


def reach(policy: Policy, state: CustomerState, now: datetime) -> Reached | LeftOut:
    """What may be told of a customer: an address or number at which marketing may reach them. Who
    refused marketing is left out.
    """
    known = {medium: to for medium in Medium if (to := address(state, medium)) is not None}
    if not known:
        return LeftOut.UNKNOWN
    if MARKETING in state.suppressed:
        return LeftOut.REFUSED
    agreed = {
        medium.spec.by_number: to
        for medium, to in known.items()
        if has_consent(policy, state, medium, "")
        and not is_unsubscribed(state, medium, to, "", now)
        and not state.address_book(medium, to).dead
    }
    if not agreed:
        return LeftOut.REFUSED
    return Reached(agreed.get(False, ""), agreed.get(True, ""))


def known_as(state: CustomerState) -> Reached:
    """By what a platform knows them that is to forget them, whatever they agree to now."""
    known = {medium.spec.by_number: address(state, medium) or "" for medium in Medium}
    return Reached(known.get(False, ""), known.get(True, ""))


def hashes(reached: Reached) -> dict[str, str]:
    """An address and a number as ad platforms compare them; what is not told stays empty."""
    return {
        "email_sha256": _hashed(reached.email.strip().lower()),
        "phone_sha256": _hashed(reached.phone),
    }


Row = tuple[str, ...]
_EMAIL, _PHONE, _COUNTRY, _ZIP = "email", "phone", "country", "zip"
_FIRST, _LAST = "first_name", "last_name"


@dataclass(frozen=True, slots=True)
class _Form:
    """The columns of a platform's file, by what they hold; what is not hashed; how it writes a
    number."""

    columns: Mapping[str, str]
    plain: frozenset[str] = frozenset()
    phone: Callable[[str], str] = str


_FORMS = {
    Platform.GOOGLE: _Form(
        {
            "Email": _EMAIL,
            "Phone": _PHONE,
            "First Name": _FIRST,
            "Last Name": _LAST,
            "Country": _COUNTRY,
            "Zip": _ZIP,
        },
        plain=frozenset({_COUNTRY, _ZIP}),
    ),
    Platform.META: _Form(
        {
            "email": _EMAIL,
            "phone": _PHONE,
            "fn": _FIRST,
            "ln": _LAST,
            "zip": _ZIP,
            "country": _COUNTRY,
        },
        phone=lambda e164: e164.removeprefix("+"),
    ),
}


def header(platform: Platform) -> Row:
    """The heads of the columns."""
    return tuple(_FORMS[platform].columns)


def row(platform: Platform, state: CustomerState, reached: Reached) -> Row:
    """A customer in the columns of a platform; what is not known stays empty."""
    form = _FORMS[platform]
    known = {
        _EMAIL: reached.email.strip().lower(),
        _PHONE: form.phone(reached.phone),
        _FIRST: _name(state, _FIRST),
        _LAST: _name(state, _LAST),
        _COUNTRY: _country(state),
        _ZIP: _postal_code(state),
    }
    return tuple(
        known[part] if part in form.plain else _hashed(known[part].lower())
        for part in form.columns.values()
    )


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest() if text else ""


def _name(state: CustomerState, trait: str) -> str:
    traits = state.traits
    return _text(traits.get(trait, traits.get(RESERVED_TRAITS[trait])))


def _country(state: CustomerState) -> str:
    told = country_of(state.traits)
    return "" if told == UNREADABLE_REGION else told


def _postal_code(state: CustomerState) -> str:
    traits, home = state.traits, state.traits.get("address")
    inside = home if isinstance(home, dict) else {}
    told = (traits.get("postal_code"), traits.get("zip"), inside.get("postalCode"))
    return next((text for text in map(_text, told) if text), "").replace(" ", "")


def _text(value: object) -> str:
    return as_text(value).strip() if isinstance(value, str | int) else ""
