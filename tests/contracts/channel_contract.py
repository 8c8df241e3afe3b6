"""What the engine relies on, asked of every channel: subclass ChannelContract and give it a
`rig`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

import pytest

from orchestrator.domain.channel import Channel, Feature, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from tests.channels.samples import email, sms, soon, whatsapp


@dataclass
class Rig:
    """A channel on a healthy provider, and what the provider has received: the texts of the
    messages.
    """

    channel: Channel
    arrived: Callable[[], list[str]]

    def message(self, number: int) -> RenderedMessage:
        """A message that the channel can carry; its text is `text_of(number)`."""
        make = {Medium.EMAIL: email, Medium.SMS: sms, Medium.WHATSAPP: whatsapp}[
            self.channel.medium
        ]
        lacks: dict[Feature, dict[str, Any]] = {
            Feature.HTML: {"html": ""},
            Feature.HEADERS: {"headers": ()},
            Feature.REPLY_TO: {"reply_to": ""},
            Feature.VALIDITY: {"validity_s": None},
        }
        changes: dict[str, Any] = {}
        for feature, absence in lacks.items():
            changes.update({} if feature in self.channel.supports else absence)
        return make(number, text=text_of(number), **changes)

    def send(self, *messages: RenderedMessage) -> list[SendOutcome]:
        """The outcomes of one batch, in the order of its messages; fails when one is missing or
        told twice.
        """
        answers = list(self.channel.send_batch(messages, soon()))
        assert sorted(index for index, _ in answers) == list(range(len(messages)))
        return [outcome for _, outcome in sorted(answers, key=lambda answer: answer[0])]


def text_of(number: int) -> str:
    """A text that is found again at the provider."""
    return f"this is message number {number}."


class WatchedWire(Wire):
    """Remembers what it was told, and refuses the messages of some indexes."""

    def __init__(self, refuses: Collection[int] = ()) -> None:
        self.refuses = refuses
        self.told: list[tuple[int, str]] = []  # append is atomic: threads share it

    def begin(self, index: int) -> bool:
        if index in self.refuses:
            return False
        self.told.append((index, "begin"))
        return True

    def end(self, index: int, outcome: SendOutcome) -> None:
        self.told.append((index, outcome.kind))

    def of(self, index: int) -> list[str]:
        """What was told of one message, in order."""
        return [what for who, what in self.told if who == index]


class ChannelContract:
    """The promises of `orchestrator.domain.channel.Channel`."""

    def test_it_says_who_it_is(self, rig: Rig) -> None:
        assert rig.channel.name
        assert isinstance(rig.channel.medium, Medium)
        assert rig.channel.supports <= frozenset(Feature)

    def test_every_message_is_answered_once_and_arrives_once(self, rig: Rig) -> None:
        outcomes = rig.send(*(rig.message(number) for number in range(25)))
        assert {outcome.kind for outcome in outcomes} == {OutcomeKind.ACCEPTED}
        assert sorted(rig.arrived()) == sorted(text_of(number) for number in range(25))

    def test_an_empty_batch_is_answered_with_nothing(self, rig: Rig) -> None:
        assert rig.send() == []

    def test_a_second_batch_goes_out_as_the_first(self, rig: Rig) -> None:
        assert rig.send(rig.message(1))[0].kind is OutcomeKind.ACCEPTED
        assert rig.send(rig.message(2))[0].kind is OutcomeKind.ACCEPTED
        assert sorted(rig.arrived()) == [text_of(1), text_of(2)]

    def test_nothing_is_begun_after_the_deadline(self, rig: Rig) -> None:
        answers = list(
            rig.channel.send_batch([rig.message(number) for number in range(5)], time.monotonic())
        )
        assert sorted(index for index, _ in answers) == [0, 1, 2, 3, 4]
        assert {outcome.kind for _, outcome in answers} == {OutcomeKind.NOT_ATTEMPTED}
        assert rig.arrived() == []

    @pytest.mark.parametrize(
        "poison",
        [
            {"to": ""},
            {"to": "nobody"},
            {"to": "+33\n612345678"},
            {"text": "", "html": ""},
            {"message_id": ""},
            {"message_id": "../../m-1"},
            {"journey": "cart\r\nBcc: eve@example.com"},
            {"text": "half of an emoji: \ud83c"},
            {"subject": "half of an emoji: \ud83c"},
            {"text": 7},
        ],
        ids=lambda poison: "-".join(poison),
    )
    def test_one_bad_message_is_rejected_and_the_others_go_out(
        self, rig: Rig, poison: dict[str, Any]
    ) -> None:
        first, bad, last = rig.message(1), _changed(rig.message(2), poison), rig.message(3)
        outcomes = rig.send(first, bad, last)
        assert [outcome.kind for outcome in outcomes] == _ACCEPTED_REJECTED_ACCEPTED
        assert outcomes[1].reason
        assert sorted(rig.arrived()) == [text_of(1), text_of(3)]

    @pytest.mark.parametrize(
        "line_break", ["\r\nBcc: eve@example.com", "\n", "\r", "\0", "\x0b", "\u2028"]
    )
    def test_an_address_with_a_line_break_is_suppressed_and_takes_nobody_along(
        self, rig: Rig, line_break: str
    ) -> None:
        bad = rig.message(2)
        outcomes = rig.send(
            rig.message(1), _changed(bad, {"to": f"{bad.to}{line_break}"}), rig.message(3)
        )
        assert [outcome.kind for outcome in outcomes] == _ACCEPTED_REJECTED_ACCEPTED
        assert [outcome.suppress for outcome in outcomes] == [False, True, False]
        assert sorted(rig.arrived()) == [text_of(1), text_of(3)]

    def test_what_an_author_writes_with_accents_leaves(self, rig: Rig) -> None:
        if rig.channel.medium.spec.by_number:
            pytest.skip("a text has no domain and no headers")
        written = {
            "sender": "Maison Chloé <hello@bücher.example>",
            "reply_to": "Aide à côté <aide@bücher.example>",
            "rfc_message_id": "<m-1@bücher.example>",
            "headers": (
                ("List-Unsubscribe", "<https://bücher.example/désabonner/1>"),
                ("List-Id", "<Nouveautés d'été.bücher.example>"),
                ("Feedback-ID", "étape:journée:marketing:parcours"),
            ),
        }
        assert rig.send(_changed(rig.message(1), written))[0].kind is OutcomeKind.ACCEPTED
        assert rig.arrived() == [text_of(1)]

    def test_a_name_with_a_line_break_cannot_say_more_than_a_name(self, rig: Rig) -> None:
        name = "Ann\r\nBcc: eve@example.com"
        assert (
            rig.send(_changed(rig.message(1), {"to_name": name, "sender_name": name}))[0].kind
            is OutcomeKind.ACCEPTED
        )
        assert rig.arrived() == [text_of(1)]

    def test_a_message_of_another_medium_is_refused(self, rig: Rig) -> None:
        other = sms(1) if rig.channel.medium is Medium.EMAIL else email(1)
        assert rig.send(other)[0].kind is OutcomeKind.REJECTED
        assert rig.arrived() == []

    def test_what_the_channel_lacks_is_refused_and_not_dropped(self, rig: Rig) -> None:
        asked: dict[Feature, dict[str, Any]] = {
            Feature.HTML: {"html": "<p>hello</p>"},
            Feature.HEADERS: {"headers": (("X-Loyalty", "gold"),)},
            Feature.REPLY_TO: {"reply_to": "help@shop.example"},
            Feature.VALIDITY: {"validity_s": 60},
        }
        for feature, change in asked.items():
            outcome = rig.send(_changed(rig.message(1), change))[0]
            wanted = (
                OutcomeKind.ACCEPTED if feature in rig.channel.supports else OutcomeKind.REJECTED
            )
            assert outcome.kind is wanted, feature

    def test_a_reason_names_no_person(self, rig: Rig) -> None:
        bad = _changed(rig.message(1), {"to": "ann.lee+0612345678", "to_name": "Ann Lee"})
        outcome = rig.send(bad)[0]
        assert outcome.kind is OutcomeKind.REJECTED
        assert not any(word in outcome.reason for word in ("ann.lee", "Ann", "Lee", "0612345678"))

    def test_a_caller_that_stops_listening_stops_the_batch(self, rig: Rig) -> None:
        answers = rig.channel.send_batch([rig.message(number) for number in range(200)], soon())
        next(answers)
        answers.close()  # type: ignore[attr-defined]  # every adapter answers with a generator
        arrived = len(rig.arrived())
        assert 1 <= arrived < 200
        time.sleep(0.1)
        assert len(rig.arrived()) == arrived

    def test_the_wire_is_told_before_and_after_each_message_that_leaves(self, rig: Rig) -> None:
        watch = WatchedWire()
        messages = [rig.message(1), _changed(rig.message(2), {"to": "nobody"}), rig.message(3)]
        assert len(list(rig.channel.send_batch(messages, soon(), watch))) == 3
        for index in (0, 2):
            assert watch.of(index) == ["begin", OutcomeKind.ACCEPTED]
        assert watch.of(1) == []  # refused before anything could leave

    def test_what_the_wire_refuses_is_not_begun(self, rig: Rig) -> None:
        watch = WatchedWire(refuses={1, 2})
        answers = dict(
            rig.channel.send_batch([rig.message(number) for number in range(4)], soon(), watch)
        )
        assert [answers[index].kind for index in range(4)] == [
            OutcomeKind.ACCEPTED, OutcomeKind.NOT_ATTEMPTED, OutcomeKind.NOT_ATTEMPTED,
            OutcomeKind.ACCEPTED,
        ]  # fmt: skip
        assert sorted(rig.arrived()) == [text_of(0), text_of(3)]
        assert watch.of(1) == watch.of(2) == []

    def test_closing_twice_is_harmless_and_leaves_no_thread(self, rig: Rig) -> None:
        rig.send(rig.message(1))
        rig.channel.close()
        rig.channel.close()
        assert not [
            thread for thread in threading.enumerate() if thread.name.startswith("channel-")
        ]


_ACCEPTED_REJECTED_ACCEPTED = [OutcomeKind.ACCEPTED, OutcomeKind.REJECTED, OutcomeKind.ACCEPTED]


def _changed(message: RenderedMessage, changes: dict[str, Any]) -> RenderedMessage:
    return replace(message, **changes)
