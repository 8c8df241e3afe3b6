"""The media: everything that differs between them, in one table.

What else a new one takes: an adapter that carries it, and a row in the docs (docs/extending.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NewType

from orchestrator.domain.phrase import Phrase, say

#: What a project calls one of its channels: the key of everything that runs.
ChannelName = NewType("ChannelName", str)


class Medium(StrEnum):
    """How a message reaches a person. Its value is also the word of its step, the key of its
    consent, its table in `parcours.toml` and the folder of its templates.
    """

    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"

    @property
    def spec(self) -> MediumSpec:
        """Its row of the table."""
        return MEDIA[self]


MAIL = Medium.EMAIL  #: what has a subject, a web copy and links to unsubscribe in its head


class Body(StrEnum):
    """What a message consists of."""

    MAIL = "mail"  # subject, HTML with a text beside it, headers
    TEXT = "text"  # plain text alone
    CONTENT = "content"  # a template that its provider approved, with what is put into its places


class Reach(StrEnum):
    """By what a person is reached."""

    ADDRESS = "address"  # of e-mail
    NUMBER = "number"  # of a phone, in E.164


@dataclass(frozen=True, slots=True)
class MediumSpec:
    """What the house must know of a medium."""

    noun: str  # one of its messages, where people read it
    plural: str
    one: Phrase  # with its article
    search_words: str  # by which the mailbox finds its messages, besides their own words
    body: Body
    reach: Reach
    trait: str  # the customer's trait that holds where they are reached
    unreadable: str  # told of a trait that cannot be read
    endings: tuple[str, ...]  # of its template files; the first is the one that is offered
    give_up: timedelta  # a marketing message that no provider takes is worth sending so long
    validity: timedelta | None = None  # how long a provider may hold a message back
    is_common: bool = True  # every project has a channel of it, and is told of it

    @property
    def is_mail(self) -> bool:
        """Whether its messages have a subject, HTML and headers."""
        return self.body is Body.MAIL

    @property
    def is_content(self) -> bool:
        """Whether its messages are made from templates that a provider has approved."""
        return self.body is Body.CONTENT

    @property
    def by_number(self) -> bool:
        """Whether its messages go to a phone's number."""
        return self.reach is Reach.NUMBER


_UNREADABLE_NUMBER = (
    "the phone trait is no number that can be read: write it with its country, as +33612345678"
)

MEDIA: dict[Medium, MediumSpec] = {
    Medium.EMAIL: MediumSpec(
        noun="e-mail",
        one=say("an e-mail"),
        plural="e-mails",
        search_words="email e-mail mail",
        body=Body.MAIL,
        reach=Reach.ADDRESS,
        trait="email",
        unreadable="the email trait is no address that mail can go to",
        endings=("mjml", "html"),
        give_up=timedelta(hours=48),
    ),
    Medium.SMS: MediumSpec(
        noun="SMS",
        one=say("an SMS"),
        plural="SMS",
        search_words="sms text",
        body=Body.TEXT,
        reach=Reach.NUMBER,
        trait="phone",
        unreadable=_UNREADABLE_NUMBER,
        endings=("txt",),
        give_up=timedelta(hours=6),
        validity=timedelta(hours=4),
    ),
    Medium.WHATSAPP: MediumSpec(
        noun="WhatsApp message",
        one=say("a WhatsApp message"),
        plural="WhatsApp messages",
        search_words="whatsapp",
        body=Body.CONTENT,
        reach=Reach.NUMBER,
        trait="phone",
        unreadable=_UNREADABLE_NUMBER,
        endings=("yaml",),
        give_up=timedelta(hours=6),
        is_common=False,
    ),
}
