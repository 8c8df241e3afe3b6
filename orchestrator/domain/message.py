"""A message: what is decided about it, the states of its life, and its rendered form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.value_class import value_class


class Purpose(StrEnum):
    """Marketing needs consent and obeys caps and quiet hours; transactional obeys suppression
    only.
    """

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"


class MessageState(StrEnum):
    """A message's life. docs/messages.md draws it.

    queued → leased → accepted → delivered → opened → clicked
                    ↘ rejected | unknown    ↘ bounced | complained
    queued → not_sent (the policy, asked again in the lease, said no)
    """

    QUEUED = "queued"  # decided, waiting for a lease
    LEASED = "leased"  # handed to a channel, outcome not yet written
    ACCEPTED = "accepted"  # the provider took it
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    REJECTED = "rejected"  # the provider refused this message for good
    FAILED = "failed"  # given up: template broken, retries exhausted
    NOT_SENT = "not_sent"  # refused by the policy at the lease
    UNKNOWN = "unknown"  # bytes left, no answer came: never resent by itself


#: Nobody has the message yet.
OPEN = (MessageState.QUEUED, MessageState.LEASED)
#: It arrived, as far as anybody knows.
ARRIVED = (
    MessageState.ACCEPTED,
    MessageState.DELIVERED,
    MessageState.OPENED,
    MessageState.CLICKED,
)
#: A provider has the message, whatever became of it then.
TAKEN = (*ARRIVED, MessageState.COMPLAINED, MessageState.BOUNCED)
#: No provider has it, and none is asked again, unless a person says so.
GIVEN_UP = (MessageState.FAILED, MessageState.REJECTED)
#: It went wrong, before a provider had it or after.
FAILED = (*GIVEN_UP, MessageState.BOUNCED, MessageState.COMPLAINED)


@value_class
class QueuedMessage:
    """A message of the ledger, as whoever asks about it, renders, sends and settles it knows it."""

    id: int
    public_id: str  # travels with the message
    customer_id: int
    enrollment_id: int
    journey: str
    version: str  # of the journey
    step: str
    pass_no: int
    medium: Medium
    channel: ChannelName
    template: str
    purpose: Purpose
    topic: str
    subject: str | None
    sender: str | None
    reply_to: str | None
    resend_uncertain: bool
    variables: Mapping[str, object]
    coupon: Mapping[str, object] | None
    decided_at: datetime
    not_before: datetime
    expires_at: datetime | None
    state: MessageState
    code: str
    provider_id: str
    attempts: int
    leased_by: str | None  # the worker whose lease it is, by its token
    lease_until: datetime | None
    leased_at: datetime | None


@value_class
class RenderedMessage:
    """A message ready to leave; a channel needs nothing else to deliver it.

    `message_id` is ours, opaque, and travels with the message (header, custom argument, callback
    URL) so that a receipt finds it again. E-mail uses every field; SMS uses `to`, `sender`, `text`
    and `validity_s`. `headers` are extra e-mail headers (List-Unsubscribe, …), free of CR and LF.
    """

    message_id: str
    medium: Medium
    to: str  # an e-mail address, or a number in E.164
    text: str
    to_name: str = ""
    sender: str = ""  # the From address; for SMS empty means the channel's own number
    sender_name: str = ""
    reply_to: str = ""
    subject: str = ""
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    rfc_message_id: str = ""  # `<…@domain>`, made before sending: idempotence and bounce matching
    journey: str = ""
    step: str = ""
    template: str = ""
    tracks_opens: bool = False  # whether this person agreed to have it measured that they open it
    tracks_clicks: bool = False
    validity_s: int | None = None  # SMS: the provider gives up after this many seconds
    # WhatsApp: the approved template, and what is put into its places; `text` shows both
    content_sid: str = ""
    content_variables: tuple[tuple[str, str], ...] = ()
