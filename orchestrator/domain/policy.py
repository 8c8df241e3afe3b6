"""May this message go to this customer now? Consent, suppression, mute, caps, quiet hours → Allow |
Defer | Deny.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from orchestrator.domain.consent import (
    ALL_TOPICS,
    MARKETING,
    PHONE,
    asked_key,
    medium_key,
    topic_key,
)
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.never import NeverRule
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.domain.region import read_phone
from orchestrator.domain.schedule import QuietHours
from orchestrator.domain.state import CustomerState
from orchestrator.domain.value_class import value_class

TURNS_MAX = 64


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` marketing messages of a medium in any `window`."""

    count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """The project's rules about who may be written to, and when."""

    consent_default: bool = False
    caps: Mapping[Medium, tuple[Cap, ...]] = field(default_factory=dict)
    quiet_hours: Mapping[Medium, QuietHours] = field(default_factory=dict)
    asked_topics: frozenset[str] = frozenset()  # those that ask for a yes of their own
    never: tuple[NeverRule, ...] = ()
    confirmed_media: frozenset[Medium] = frozenset()  # a yes to these counts once it is confirmed

    @property
    def longest_window(self) -> timedelta:
        """How far back the caps look."""
        return max(
            (cap.window for caps in self.caps.values() for cap in caps), default=timedelta(0)
        )


class Permission(StrEnum):
    ALLOW = "allow"
    DEFER = "defer"
    DENY = "deny"


@value_class
class Verdict:
    """The policy's answer. `until` is the next free instant of a deferral."""

    answer: Permission
    reason: Reason = Reason.PLAIN
    until: datetime | None = None
    detail: Detail = field(default_factory=Detail)


ALLOW = Verdict(Permission.ALLOW)


def _suppressed(because: str) -> Verdict:
    return Verdict(Permission.DENY, Reason.SUPPRESSED, detail={"because": because})


def address(state: CustomerState, medium: Medium) -> str | None:
    """Where this customer is reached: the `email` trait, or the `phone` trait in E.164; None when
    there is none that can be read."""
    spec = medium.spec
    written = state.traits.get(spec.trait)
    if written is None:  # as of many: their region need not be known
        return None
    return read_phone(written, state.region) if spec.by_number else _read_mail(written)


def address_in(traits: Mapping[str, object], medium: Medium, region: str) -> str | None:
    """The address in some traits; numbers are read as of `region`."""
    spec = medium.spec
    written = traits.get(spec.trait)
    return read_phone(written, region) if spec.by_number else _read_mail(written)


def _read_mail(written: object) -> str | None:
    email = written.strip() if isinstance(written, str) else ""
    return email if "@" in email[1:-1] else None


def may_send(
    policy: Policy,
    state: CustomerState,
    medium: Medium,
    purpose: Purpose,
    topic: str,
    now: datetime,
) -> Verdict:
    """Whether a message may leave now. Transactional messages obey suppression only."""
    to = address(state, medium)
    if to is None:
        return Verdict(Permission.DENY, Reason.NO_ADDRESS)
    if dead := state.address_book(medium, to).dead:
        return _suppressed(dead)
    if purpose is Purpose.TRANSACTIONAL:
        return ALLOW
    if MARKETING in state.suppressed:
        return _suppressed(state.suppressed[MARKETING])
    if state.muted_until is not None and now < state.muted_until:
        return Verdict(Permission.DENY, Reason.MUTED)
    if not has_consent(policy, state, medium, topic):
        return Verdict(Permission.DENY, Reason.NO_CONSENT)
    if is_unsubscribed(state, medium, to, topic, now):
        return Verdict(Permission.DENY, Reason.UNSUBSCRIBED)
    return _when_free(policy, state, medium, now)


def may_ring(state: CustomerState, purpose: Purpose, now: datetime) -> Verdict:
    """Whether a person of the shop may ring a customer up now. For marketing a consumer must have
    said yes to that, whatever the project's default; who acts for a company need not."""
    if purpose is Purpose.TRANSACTIONAL:
        return ALLOW
    if MARKETING in state.suppressed:
        return _suppressed(state.suppressed[MARKETING])
    if state.muted_until is not None and now < state.muted_until:
        return Verdict(Permission.DENY, Reason.MUTED)
    said = state.chosen(PHONE)
    if said is True or (said is None and state.traits.get("company")):
        return ALLOW
    return Verdict(Permission.DENY, Reason.NO_CONSENT)


def still_lacks(
    policy: Policy, state: CustomerState, medium: Medium, purpose: Purpose, topic: str
) -> Reason | None:
    """What a customer has not told yet and a message cannot leave without: an address, or a choice
    about consent where none means no. None where nothing is lacking, or a no was said."""
    if address(state, medium) is None:
        return Reason.NO_ADDRESS
    if purpose is not Purpose.MARKETING or is_refused(state, topic):
        return None
    by_medium = state.chosen(medium_key(medium))
    is_asked = by_medium is None and not policy.consent_default
    if by_medium is not False and asks_yes(policy, topic):
        is_asked = is_asked or chosen_topic(state, topic) is None
    return Reason.NO_CONSENT if is_asked else None


def is_unsubscribed(
    state: CustomerState, medium: Medium, to: str, topic: str, now: datetime
) -> bool:
    """Whether somebody unsubscribed this address, from all marketing or from the topic, and this
    customer has not said yes since."""
    record = state.address_book(medium, to)
    if not record.choices:  # as of nearly all
        return False
    for refused, keys in (
        ("", (medium_key(medium),)),
        (topic.lower(), (topic_key(topic), ALL_TOPICS)),
    ):
        since = record.refused_at(refused, now)
        if since is not None and not any(state.agreed_after(key, since) for key in keys):
            return True
    return False


def has_consent(policy: Policy, state: CustomerState, medium: Medium, topic: str) -> bool:
    """A refused topic says no, and so does silence about one that asks for a yes; then the choice
    about the medium holds, then the project's default.
    """
    by_topic = chosen_topic(state, topic)
    if by_topic is False or (by_topic is None and asks_yes(policy, topic)):
        return False
    by_medium = state.chosen(medium_key(medium))
    if by_medium is None:
        is_asked = bool(policy.confirmed_media) and asked_key(medium_key(medium)) in state.consent
        return policy.consent_default and not is_asked
    return by_medium


def is_refused(state: CustomerState, topic: str) -> bool:
    """Whether the customer said no to a topic, or to all of them."""
    return chosen_topic(state, topic) is False


def chosen_topic(state: CustomerState, topic: str) -> bool | None:
    """What the customer said about a topic, or about all of them; None: nothing."""
    return state.chosen(topic_key(topic), ALL_TOPICS)


def asks_yes(policy: Policy, topic: str) -> bool:
    """Whether a yes to the medium does not say yes to this topic."""
    return bool(policy.asked_topics) and topic.strip().lower() in policy.asked_topics


def _when_free(policy: Policy, state: CustomerState, medium: Medium, now: datetime) -> Verdict:
    quiet, caps = policy.quiet_hours.get(medium), policy.caps.get(medium, ())
    reason, free, zone = Reason.PLAIN, now, None if quiet is None else state.zone
    for _ in range(
        TURNS_MAX
    ):  # what frees the one may bind the other: each turn passes a window or a night
        capped = cap_free_from(caps, state, medium, free)
        calm = quiet.free_from(capped, zone) if quiet is not None and zone is not None else capped
        if calm == free:
            return ALLOW if free == now else Verdict(Permission.DEFER, reason, free)
        reason = reason or (Reason.FREQUENCY_CAP if capped > free else Reason.QUIET_HOURS)
        free = calm
    # no free time for weeks: the message expires before
    return Verdict(Permission.DEFER, reason, free)


def cap_free_from(
    caps: tuple[Cap, ...], state: CustomerState, medium: Medium, now: datetime
) -> datetime:
    """The first instant ≥ now at which every cap has room: when the message that fills it leaves
    its window.
    """
    if not caps:
        return now
    if not state.sent:
        return now
    free, since = now, now - max([cap.window for cap in caps])
    times = [
        message.at
        for message in state.sent
        if message.at > since and message.medium is medium and message.marketing
    ]
    if len(times) < min([cap.count for cap in caps]):
        return free
    times.sort()
    for cap in caps:
        counted = [at for at in times if at > now - cap.window]
        if len(counted) >= cap.count:
            free = max(free, counted[-cap.count] + cap.window)
    return free
