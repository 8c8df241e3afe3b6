"""A message of the ledger becomes a message ready to leave: context, template, links, headers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from orchestrator.domain.consent import CLICKS, OPENS, ConsentKey
from orchestrator.domain.errors import TemplateFailed
from orchestrator.domain.event import Event
from orchestrator.domain.expression import Scope
from orchestrator.domain.message import Purpose, QueuedMessage, RenderedMessage
from orchestrator.domain.policy import address
from orchestrator.domain.state import ITEM, CustomerState
from orchestrator.domain.value_class import value_class
from orchestrator.engine.parts import Parts
from orchestrator.links import Links
from orchestrator.render.sample import shop_scope

VALIDITY_MIN = timedelta(minutes=1)  # what a provider surely needs


@value_class
class Delivery:
    """A message of the ledger with the customer it is for, what started their enrollment, and when
    it leaves.
    """

    message: QueuedMessage
    state: CustomerState
    entry: Mapping[str, object]
    at: datetime


class CustomerView(Mapping[str, object]):
    """A customer as templates see one: facts, built-in properties and traits, looked up when
    used.
    """

    def __init__(self, state: CustomerState, now: datetime) -> None:
        self._state, self._now = state, now

    def __getitem__(self, name: str) -> object:
        value = self._state.get(name, self._now)
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: str, default: object = None) -> object:
        """That of `Mapping` raises for what is missing, and catches it."""
        value = self._state.get(name, self._now)
        return default if value is None else value

    def __iter__(self) -> Iterator[str]:
        return iter({**self._state.traits, **self._state.lifecycle.by_name})

    def __len__(self) -> int:
        return len({**self._state.traits, **self._state.lifecycle.by_name})


class AccountView(Mapping[str, object]):
    """The account that a customer belongs to, as templates see it: its id and traits."""

    def __init__(self, state: CustomerState) -> None:
        self._state = state

    def __getitem__(self, name: str) -> object:
        value = self._state.of_account(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        account = self._state.account
        return iter({"id", *account.traits} if account is not None and account.id else ())

    def __len__(self) -> int:
        return len(list(iter(self)))


class Past:
    """A customer as the functions of the language see one in a message: nothing later, and not the
    message itself.
    """

    def __init__(self, state: CustomerState, now: datetime) -> None:
        self._state, self._now = state, now

    def get(self, name: str, now: datetime) -> object:
        """A trait, fact or built-in property."""
        return self._state.get(name, now)

    def of_account(self, name: str) -> object:
        """A trait of their account."""
        return self._state.of_account(name)

    def events(self, name: str) -> list[Event]:
        """What they did up to now."""
        return [event for event in self._state.events(name) if event.at <= self._now]

    def received(self, name: str, since: datetime | None) -> bool:
        """Whether an earlier message of this template or journey went out after `since`."""
        earlier = (
            m for m in self._state.sent if m.at < self._now and (since is None or m.at > since)
        )
        return any(name in (m.template, m.journey) for m in earlier)


def compose(parts: Parts, delivery: Delivery) -> RenderedMessage:
    """Renders a message of the ledger for its customer; raises TemplateFailed."""
    message, state = delivery.message, delivery.state
    to = address(state, message.medium)
    if to is None:
        raise TemplateFailed("the customer has no address any more")
    locale = _locale(parts, delivery)
    make = _compose_email if message.medium.spec.is_mail else _compose_text
    return make(parts, delivery, to, locale)


def make_ready(parts: Parts, deliveries: Iterable[Delivery]) -> None:
    """Has the templates of these ready before a process is forked that renders them."""
    for one in deliveries:
        message = one.message
        parts.templates.make_ready(message.medium, message.template, _locale(parts, one))


def _locale(parts: Parts, delivery: Delivery) -> str:
    return str(delivery.state.get("locale", delivery.at) or parts.config.project.locale)


def _template_scope(parts: Parts, delivery: Delivery) -> dict[str, Any]:
    """What the templates of a message see."""
    message, state, now = delivery.message, delivery.state, delivery.at
    project = shop_scope(parts.config)
    where = message.medium, message.journey, message.template, message.step
    tracking = _tracking(tuple(parts.config.tracking_links.items()), *where)
    journey = parts.program.journeys.get(message.journey)
    return {
        "scope": Scope(Past(state, now), now, segments=parts.program.index.segment_tests),
        "customer": CustomerView(state, now),
        "account": AccountView(state),
        "entry": delivery.entry,
        "item": delivery.entry.get(ITEM),
        "vars": message.variables,
        "coupon": message.coupon,
        "journey": {"id": message.journey, "title": journey.title if journey else message.journey},
        "project": project,
        "links": Links(
            parts.signer,
            message.public_id,
            str(state.id or state.external_id),
            project["website"],
            tracking,
        ),
        "marketing": message.purpose == Purpose.MARKETING,
    }


@lru_cache(maxsize=1024)
def _tracking(
    written: tuple[tuple[str, str], ...], channel: str, journey: str, template: str, step: str
) -> Mapping[str, str]:
    """The query parameters of a step's links: the same for every customer."""
    told = {"channel": channel, "journey": journey, "template": template, "step": step}
    return {name: value.format_map(told) for name, value in written}


def _validity(parts: Parts, delivery: Delivery) -> timedelta | None:
    """How long a provider may hold a text back: it must not leave after quiet hours have begun."""
    message = delivery.message
    longest = message.medium.spec.validity
    if message.purpose != Purpose.MARKETING or longest is None:
        return None
    quiet = parts.program.policy.quiet_hours.get(message.medium)
    left = quiet.begins_after(delivery.at, delivery.state.zone, longest) if quiet else None
    return max(left or longest, VALIDITY_MIN)


def _compose_text(parts: Parts, delivery: Delivery, to: str, locale: str) -> RenderedMessage:
    message, scope = delivery.message, _template_scope(parts, delivery)
    validity = _validity(parts, delivery)
    which = message.medium, message.template, locale
    text = parts.templates.render_text(*which, scope)
    is_content = message.medium.spec.is_content
    content = parts.templates.render_content(*which, scope) if is_content else None
    return RenderedMessage(
        message.public_id,
        message.medium,
        to,
        text,
        sender=message.sender or "",
        journey=message.journey,
        step=message.step,
        template=message.template,
        validity_s=int(validity.total_seconds()) if validity else None,
        content_sid=content.sid if content else "",
        content_variables=content.variables if content else (),
    )


def _compose_email(parts: Parts, delivery: Delivery, to: str, locale: str) -> RenderedMessage:
    message, state = delivery.message, delivery.state
    scope = _template_scope(parts, delivery)
    mail = parts.templates.render_email(message.template, locale, scope, message.subject)
    project = parts.config.project
    sender = message.sender or parts.config.channels.sender(message.channel)
    domain = sender.rpartition("@")[2] or "localhost"
    first, last = (
        str(state.get(key, message.decided_at) or "") for key in ("first_name", "last_name")
    )
    return RenderedMessage(
        message.public_id,
        message.medium,
        to,
        mail.text,
        to_name=_one_line(f"{first} {last}".strip()),
        sender=sender,
        sender_name=project.name,
        reply_to=message.reply_to or "",
        subject=mail.subject,
        html=_with_counter(parts, delivery, mail.html),
        headers=_headers(message, scope["links"], domain),
        rfc_message_id=f"<{message.public_id}@{domain}>",
        journey=message.journey,
        step=message.step,
        template=message.template,
        tracks_opens=_may_measure(parts, state, OPENS),
        tracks_clicks=_may_measure(parts, state, CLICKS),
    )


def _with_counter(parts: Parts, delivery: Delivery, html: str) -> str:
    """A mail with the picture by which opens are counted without persons, where the project has
    them counted; not of who said no to it.
    """
    if not parts.config.tracking_opens_counted or delivery.state.chosen(OPENS) is False:
        return html
    message = delivery.message
    url = parts.signer.opens(message.journey, message.step, message.template)
    point = f'<img src="{url}" width="1" height="1" alt="">'
    body, end, behind = html.rpartition("</body>")
    return body + point + end + behind if end else html + point


def _may_measure(parts: Parts, state: CustomerState, what: ConsentKey) -> bool:
    """Whether opens or clicks of this customer may be measured: their own choice, else the
    project's default.
    """
    chosen = state.chosen(what)
    return parts.config.tracking_granted if chosen is None else chosen


def _headers(message: QueuedMessage, links: Links, domain: str) -> tuple[tuple[str, str], ...]:
    """One-click unsubscribe (RFC 8058), list and feedback ids for marketing; Auto-Submitted for the
    rest.
    """
    if message.purpose != Purpose.MARKETING:
        return (("Auto-Submitted", "auto-generated"),)
    return (
        ("List-Unsubscribe", f"<{links.unsubscribe}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", f"<{message.topic}.{domain}>"),
        ("Feedback-ID", f"{message.step}:{message.journey}:marketing:parcours"),
        ("Precedence", "bulk"),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
