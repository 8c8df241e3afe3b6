"""The tables of `parcours.toml` as pydantic models: every key that may be written, its default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from string import Formatter
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from orchestrator.config import LINK_FIELDS, UTM, Channels, ProjectSettings
from orchestrator.domain.medium import Medium
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.policy import Cap
from orchestrator.domain.public_holidays import places_with_holidays
from orchestrator.domain.region import country_of, read_phone
from orchestrator.domain.schedule import find_zone, parse_duration
from orchestrator.domain.suggestion import closest, did_you_mean
from orchestrator.language.plain_forms import (
    Clock,
    Duration,
    Form,
    MediumName,
    Percent,
    Plain,
    Rule,
    Weekday,
    as_list,
)
from orchestrator.language.topic_forms import Topics

_SHOP, _CHANNELS = ProjectSettings(), Channels()
_KEYS_OF_CHANNELS = ("from_email", "only_to")
_WEB_ADDRESS = say("an address such as https://shop.example")
_PER = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


# ---------------------------------------------------------------- values


def _matching(pattern: str, example: Phrase) -> AfterValidator:
    """Text of a certain form; `example` says which."""

    def check(text: str, info: ValidationInfo) -> str:
        if re.fullmatch(pattern, text):
            return text
        raise ValueError(say("`{key}` must be {example}", key=info.field_name, example=example))

    return AfterValidator(check)


def _web_address(text: str, info: ValidationInfo) -> str:
    url = text.rstrip("/")
    is_address = re.fullmatch(r"https?://[^\s/\x00-\x1f]+\S*", url)
    if not url or (is_address and has_port(url) and urlsplit(url).hostname):
        return url
    raise ValueError(
        say(
            "`{key}` must be {example}",
            key=info.field_name,
            example=_WEB_ADDRESS,
        )
    )


def has_port(url: str) -> bool:
    """Whether host and port of a URL can be told apart; half of an IPv6 address, or a port in
    words, cannot.
    """
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _without_password(url: str) -> str:
    if re.match(r"[^/]*://[^/@]*:[^/@]+@", url):
        raise ValueError(
            say("a password stands here: set PARCOURS_DATABASE_URL in the environment instead")
        )
    return url


def _timezone(name: str) -> str:
    if find_zone(name) is None:
        hint = did_you_mean(name, available_timezones()) or say(": write one such as Europe/Paris")
        raise ValueError(say("there is no time zone '{name}'{hint}", name=name, hint=hint))
    return name


def _holiday_place(name: str) -> str:
    places = places_with_holidays()
    if name not in places:
        meant = country_of({"country": name})
        countries = [place for place in places if place.partition("-")[0] == name[:2].upper()]
        hint = (
            say("; did you mean '{meant}'?", meant=meant)
            if meant in places
            else did_you_mean(name, countries)
            or say(": write a country's code, such as FR or DE-BY")
        )
        raise ValueError(say("no holidays are known of '{name}'{hint}", name=name, hint=hint))
    return name


def _reached_at(text: str) -> str:
    """An address or an international number, in the spelling in which messages go to it."""
    return read_phone(text, "") or text.strip().lower()


def _variable_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(
            say(
                "'{name}' is no name of an environment variable: write one such as "
                "CRM_KEY; what it holds stays in the environment (or .env)",
                name=name,
            )
        )
    if name.upper().startswith("PARCOURS_"):
        raise ValueError(
            say("{name} is a variable of Parcours itself, which never leaves it", name=name)
        )
    return name


def _host_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", name):
        raise ValueError(
            say("'{name}' is no host: write its name alone, such as crm.internal", name=name)
        )
    return name.lower()


def _cap(value: object) -> Cap:
    if not isinstance(value, str):
        raise ValueError(say("a cap is text between quotes, such as 1/day, 3/week or 10/30d"))
    count, _, per = value.partition("/")
    try:
        window = _PER.get(per.strip()) or parse_duration(per)
        if int(count) >= 1 and window > timedelta(0):
            return Cap(int(count), window)
    except ValueError:
        pass  # said below, with what is accepted
    raise ValueError(say("'{value}' is not a cap: write 1/day, 3/week or 10/30d", value=value))


def _link_parameters(links: dict[str, str]) -> dict[str, str]:
    for name, value in links.items():
        if not set(LINK_FIELDS).issuperset(_fields(value)):
            known = ", ".join(f"{{{field}}}" for field in LINK_FIELDS)
            raise ValueError(
                say("'{name}' may hold {known}, and no other braces", name=name, known=known)
            )
    return links


def _fields(text: str) -> Iterator[str]:
    """What stands between braces; a format after a colon or `!` is left on it, so that it is
    nothing we know.
    """
    try:
        for _, name, form, conversion in Formatter().parse(text):
            if name is not None:
                yield name + (form or "") + (conversion or "")
    except ValueError:  # a brace without its partner
        yield "{"


OneLine = Annotated[
    str, _matching(r"[^\x00-\x1f\x7f]+", say("one line of text, the sender people see"))
]
HolidayPlace = Annotated[str, AfterValidator(_holiday_place)]
Zone = Annotated[str, AfterValidator(_timezone)]
Locale = Annotated[str, _matching(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*", say("such as en or fr-CA"))]
Currency = Annotated[str, _matching(r"[A-Z]{3}", say("three capital letters, such as EUR"))]
WebAddress = Annotated[str, AfterValidator(_web_address)]
DatabaseUrl = Annotated[str, AfterValidator(_without_password)]
Sender = Annotated[
    str,
    _matching(
        r"[^@\s<>]+@[^@\s<>]+|[^<>]*<[^@\s<>]+@[^@\s<>]+>",
        say("an address such as hello@shop.example or The Shop <hello@shop.example>"),
    ),
]
VariableName = Annotated[str, AfterValidator(_variable_name)]
HostName = Annotated[str, AfterValidator(_host_name)]
Recipient = Annotated[str, AfterValidator(_reached_at)]
YesOrNo = Literal["denied", "granted"]


# ---------------------------------------------------------------- tables


class ProjectForm(Form):
    name: OneLine = _SHOP.name
    timezone: Zone = _SHOP.timezone
    locale: Locale = _SHOP.locale
    currency: Currency = _SHOP.currency
    postal_address: str = _SHOP.postal_address
    website: WebAddress = _SHOP.website


class DatabaseForm(Form):
    url: DatabaseUrl = "sqlite:///var/parcours.db"


class ChannelForm(Form):
    medium: MediumName
    adapter: str
    from_email: Sender | None = None


class ChannelsForm(Form):
    """The table holds the channels beside its other keys; `_spell_channels` puts them apart."""

    written_as: ClassVar[Mapping[str, Sequence[str]]] = {"by_name": list(Medium)}
    from_email: Sender = _CHANNELS.from_email
    only_to: Annotated[list[Recipient], BeforeValidator(as_list)] = Field(default_factory=list)
    by_name: dict[str, ChannelForm] = Field(default_factory=dict)


def _spell_channels(table: object) -> object:
    if not isinstance(table, dict):
        return table
    own = {key: value for key, value in table.items() if _is_key_of_channels(key, value)}
    channels = {key: _spell_channel(key, table[key]) for key in table if key not in own}
    return {**own, "by_name": channels}


def _is_key_of_channels(key: str, value: object) -> bool:
    """Whether a key is no channel's name: one of the table's own, or a slip in one."""
    return key in _KEYS_OF_CHANNELS or (
        key not in list(Medium)
        and isinstance(value, str)
        and closest(key, [*_KEYS_OF_CHANNELS, *Medium]) is not None
    )


def _spell_channel(name: str, written: object) -> object:
    """`email = "smtp"` is short for a channel called like its medium."""
    if name not in list(Medium):
        return written
    return {"medium": name, **(written if isinstance(written, dict) else {"adapter": written})}


def _media_to_confirm(written: object) -> object:
    if isinstance(written, bool):
        return list(Medium) if written else []
    if isinstance(written, list):
        return written
    raise ValueError(
        say('`double_opt_in` must be true or false, without quotes, or a list such as ["email"]')
    )


class ConsentForm(Form):
    default: YesOrNo = "denied"
    double_opt_in: Annotated[list[MediumName], BeforeValidator(_media_to_confirm)] = Field(
        default_factory=list
    )


class QuietHoursForm(Form):
    from_: Clock | None = Field(default=None, alias="from")
    to: Clock | None = None
    days_off: Annotated[list[Weekday], BeforeValidator(as_list)] = Field(default_factory=list)
    holidays: Annotated[list[HolidayPlace], BeforeValidator(as_list)] = Field(default_factory=list)


class NeverForm(Form):
    rules: Annotated[list[Rule], BeforeValidator(as_list)] = Field(default_factory=list)


class HoldoutForm(Form):
    global_: Percent = Field(default=0.0, alias="global")


class TrackingForm(Form):
    not_built = frozenset({"clicks"})
    default: YesOrNo = "denied"
    links: Annotated[dict[str, str], AfterValidator(_link_parameters)] = Field(
        default_factory=lambda: dict(UTM)
    )
    opens: Literal["aggregate"] | None = None
    clicks: Plain = None


class IngestForm(Form):
    max_age: Duration = timedelta(hours=24)


class PredictionsForm(Form):
    nightly: bool | None = None


class WebhooksForm(Form):
    secrets: Annotated[list[VariableName], BeforeValidator(as_list)] = Field(default_factory=list)
    allow: Annotated[list[HostName], BeforeValidator(as_list)] = Field(default_factory=list)


class OutletForm(Form):
    webhook: str | None = None


class WebForm(Form):
    public_url: WebAddress = "http://localhost:8000"


Caps = Annotated[list[Annotated[Cap, BeforeValidator(_cap)]], BeforeValidator(as_list)]
QuietHoursOrNone = Annotated[
    QuietHoursForm | None, BeforeValidator(lambda value: None if value == "none" else value)
]


Channels_ = Annotated[ChannelsForm, BeforeValidator(_spell_channels)]


class ConfigForm(Form):
    """The whole `parcours.toml`."""

    project: ProjectForm = Field(default_factory=ProjectForm)
    database: DatabaseForm = Field(default_factory=DatabaseForm)
    channels: Channels_ = Field(default_factory=ChannelsForm)
    consent: ConsentForm = Field(default_factory=ConsentForm)
    caps: dict[MediumName, Caps] = Field(default_factory=dict)
    quiet_hours: dict[MediumName, QuietHoursOrNone] = Field(default_factory=dict)
    never: NeverForm = Field(default_factory=NeverForm)
    holdout: HoldoutForm = Field(default_factory=HoldoutForm)
    tracking: TrackingForm = Field(default_factory=TrackingForm)
    ingest: IngestForm = Field(default_factory=IngestForm)
    predictions: PredictionsForm = Field(default_factory=PredictionsForm)
    web: WebForm = Field(default_factory=WebForm)
    topics: Topics | None = None
    webhooks: WebhooksForm = Field(default_factory=WebhooksForm)
    coupons: OutletForm = Field(default_factory=OutletForm)
    tasks: OutletForm = Field(default_factory=OutletForm)
    audiences: OutletForm = Field(default_factory=OutletForm)
