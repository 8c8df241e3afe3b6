"""Proofs: drafts that leave through the project's own channels, marked as such, to whom one
names.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.adapters import open_channels
from orchestrator.clock import SystemClock
from orchestrator.config import Config
from orchestrator.domain.answer import Notice, Part
from orchestrator.domain.channel import Channel, OutcomeKind, SendOutcome
from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.medium import ChannelName, Medium, Reach
from orchestrator.domain.message import RenderedMessage
from orchestrator.domain.region import read_phone
from orchestrator.domain.route import route
from orchestrator.trial.drafts import Draft, Target

MARK = "[proof]"
NOTE = "A proof: nobody else gets it, and its links lead nowhere."
SEND_BUDGET_S = 60.0

_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
_BANNER = (
    '<div style="background:#fff3bf;color:#5c4400;font:14px/20px sans-serif;padding:8px '
    '16px;text-align:center">'
    f"{NOTE}</div>"
)


class ProofRefused(ParcoursError):
    """A proof that may not or cannot be sent."""


def reach_of(address: str) -> Reach | None:
    """Whether it is an address or a number; None when it is neither."""
    if "@" in address[1:-1]:
        return Reach.ADDRESS
    return Reach.NUMBER if re.fullmatch(r"\+?[0-9 .()/-]*[0-9][0-9 .()/-]*", address) else None


class Unreachable(ValueError):
    """What is no address and no number; the text says how they are written."""


def require_reachable(addresses: Sequence[str]) -> None:
    """Raises Unreachable for the first that is neither an address nor a number."""
    for address in addresses:
        if reach_of(address) is None:
            raise Unreachable(
                f"'{address}' is neither an e-mail address nor a number: write "
                "me@shop.example or +33612345678"
            )


@dataclass(frozen=True, slots=True)
class Proof:
    """A draft that was handed to a channel, with what the channel said."""

    draft: Draft
    adapter: str  # of the channel
    outcome: SendOutcome

    @property
    def left(self) -> bool:
        """Whether the channel took it."""
        return self.outcome.kind is OutcomeKind.ACCEPTED


def send_proofs(config: Config, drafts: Sequence[Draft], to: str) -> list[Proof]:
    """Sends the drafts of the media that reach `to`; raises ProofRefused, ChannelMisconfigured.

    A proof has no List-Unsubscribe and no place in the ledger, so nothing that is done with it has
    an effect.
    """
    reach = reach_of(to)
    if reach is None:
        raise ProofRefused("a proof goes to an e-mail address or a number")
    to = read_phone(to, "") or to
    only_to = config.channels.only_to
    if only_to and to.lower() not in only_to:
        raise ProofRefused(
            "`only_to` in parcours.toml does not name this address: nobody else is written to"
        )
    chosen = [draft for draft in drafts if draft.target.medium.spec.reach is reach]
    if not chosen:
        kinds = " or ".join(medium for medium in Medium if medium.spec.reach is reach)
        raise ProofRefused(
            f"none of these messages is of the kind {kinds}, by which that address is reached"
        )
    channels = open_channels(config, SystemClock())
    try:
        taken = [(draft, _channel_of(config, draft.target)) for draft in chosen]
        return [
            Proof(draft, config.channels.by_name[name].adapter, outcome)
            for name, channel in channels.items()
            for draft, outcome in _send(
                channel,
                [(one, _mark(config, name, one, to)) for one, by in taken if by == name],
            )
        ]
    finally:
        for channel in channels.values():
            channel.close()


def _channel_of(config: Config, target: Target) -> ChannelName:
    return route(config.channels.media, target.medium, target.provider)[0]


def _send(
    channel: Channel, marked: Sequence[tuple[Draft, RenderedMessage]]
) -> Iterator[tuple[Draft, SendOutcome]]:
    """Hands drafts to their channel as one batch."""
    batch = [message for _, message in marked]
    answers = dict(channel.send_batch(batch, time.monotonic() + SEND_BUDGET_S)) if batch else {}
    silence = SendOutcome(OutcomeKind.UNCERTAIN, reason="the channel gave no answer")
    for index, (draft, _) in enumerate(marked):
        yield draft, answers.get(index, silence)


def tell_proofs(config: Config, proofs: Sequence[Proof]) -> Iterator[Part]:
    """What became of the proofs of one address."""
    for proof in proofs:
        target, outcome = proof.draft.target, proof.outcome
        name = f"{target.medium} {target.template}"
        if proof.left:
            yield f"{name}: a proof left through the channel `{proof.adapter}`"
        else:
            yield Notice(f"{name}: {outcome.kind} {outcome.reason}", "error", apart=True)
    if any(proof.adapter == "mailbox" for proof in proofs):
        folder = config.var_dir / "mailbox"
        yield f"The channel `mailbox` only files messages: they lie in {folder}"


def _mark(config: Config, name: ChannelName, draft: Draft, to: str) -> RenderedMessage:
    target = draft.target
    message_id = f"proof-{secrets.token_hex(8)}"
    journey = target.journey.id if target.journey else ""
    if not target.medium.spec.is_mail:
        text = f"{MARK} {draft.text}"
        return RenderedMessage(
            message_id,
            target.medium,
            to,
            text,
            journey=journey,
            step=target.name,
            template=target.template,
            content_sid=draft.content.sid if draft.content else "",
            content_variables=draft.content.variables if draft.content else (),
        )
    sender = config.channels.sender(name)
    return RenderedMessage(
        message_id,
        target.medium,
        to,
        f"{NOTE}\n\n{draft.text}",
        sender=sender,
        sender_name=config.project.name,
        subject=f"{MARK} {draft.subject}",
        html=mark_html(draft.html),
        rfc_message_id=f"<{message_id}@{sender.rpartition('@')[2]}>",
        journey=journey,
        step=target.name,
        template=target.template,
    )


def mark_html(html: str) -> str:
    """The page with a line at its top that says what it is."""
    body = _BODY.search(html)
    at = body.end() if body else 0
    return html[:at] + _BANNER + html[at:]
