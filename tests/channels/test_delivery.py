"""A batch over several threads: how it ends early, and what an unforeseen error becomes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from channels.acceptance import EVERYTHING, MessageRefused, check
from channels.delivery import Crew, attempt
from orchestrator.domain.channel import OutcomeKind, SendOutcome, Wire
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from tests.channels.samples import email, soon

ACCEPTED = SendOutcome(OutcomeKind.ACCEPTED)


def accept(message: RenderedMessage, _: RenderedMessage) -> SendOutcome:
    return ACCEPTED


def keep(message: RenderedMessage) -> RenderedMessage:
    return message


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew("test", 3)
    yield crew
    crew.close()


def test_a_fault_before_anything_was_sent_is_a_rejection_that_names_its_class_only() -> None:
    def prepare(message: RenderedMessage) -> None:
        raise KeyError("ann@example.com")

    outcome = attempt(email(1), prepare, lambda message, _: ACCEPTED)
    assert outcome == SendOutcome(
        OutcomeKind.REJECTED, reason="it cannot be put into form (KeyError)"
    )


def test_a_refusal_of_ours_is_a_rejection_that_says_why() -> None:
    def prepare(message: RenderedMessage) -> None:
        raise MessageRefused("a line break in a header")

    outcome = attempt(email(1), prepare, lambda message, _: ACCEPTED)
    assert outcome == SendOutcome(OutcomeKind.REJECTED, reason="a line break in a header")


def test_an_address_that_nobody_can_mail_is_suppressed_and_a_faulty_message_is_not() -> None:
    def prepare(message: RenderedMessage) -> None:
        check(message, Medium.EMAIL, EVERYTHING)

    dead = attempt(replace(email(1), to="léa@example.com"), prepare, lambda message, _: ACCEPTED)
    faulty = attempt(
        replace(email(1), subject="a\r\nBcc: eve@example.com"), prepare, lambda message, _: ACCEPTED
    )
    assert (dead.kind, dead.suppress) == (OutcomeKind.REJECTED, True)
    assert (faulty.kind, faulty.suppress) == (OutcomeKind.REJECTED, False)


def test_a_fault_while_sending_is_uncertain() -> None:
    def transmit(message: RenderedMessage, _: RenderedMessage) -> SendOutcome:
        raise RuntimeError("ann@example.com")

    outcome = attempt(email(1), keep, transmit)
    assert outcome == SendOutcome(
        OutcomeKind.UNCERTAIN, reason="an unforeseen error (RuntimeError)"
    )


def test_messages_go_out_side_by_side(crew: Crew) -> None:
    together = threading.Barrier(3, timeout=300)

    def transmit(message: RenderedMessage, _: RenderedMessage) -> SendOutcome:
        together.wait()
        return ACCEPTED

    outcomes = list(crew.deliver([email(number) for number in range(6)], soon(), keep, transmit))
    assert [outcome for _, outcome in outcomes] == [ACCEPTED] * 6


def test_after_a_misconfiguration_nothing_more_is_begun(crew: Crew) -> None:
    begun = []
    refused = SendOutcome(OutcomeKind.MISCONFIGURED, reason="the key is refused")

    def transmit(message: RenderedMessage, _: RenderedMessage) -> SendOutcome:
        begun.append(message.message_id)
        return refused

    outcomes = list(crew.deliver([email(number) for number in range(100)], soon(), keep, transmit))
    assert sorted(index for index, _ in outcomes) == list(range(100))
    assert len(begun) <= 3
    assert [outcome for _, outcome in outcomes].count(refused) == len(begun)
    assert {outcome.kind for _, outcome in outcomes} == {
        OutcomeKind.MISCONFIGURED,
        OutcomeKind.NOT_ATTEMPTED,
    }


#: Until a deadline; a busy machine may need longer to begin as many as there are connections.
PATIENCES_S = (0.2, 2.0, 20.0)


def test_what_is_not_begun_at_the_deadline_stays_and_what_is_begun_ends(crew: Crew) -> None:
    def transmit(message: RenderedMessage, _: RenderedMessage) -> SendOutcome:
        time.sleep(max(0.0, end_s - time.monotonic()) + 0.01)
        return ACCEPTED

    batch = [email(number) for number in range(9)]
    for patience_s in PATIENCES_S:
        end_s = time.monotonic() + patience_s
        kinds = [outcome.kind for _, outcome in crew.deliver(batch, end_s, keep, transmit)]
        if kinds.count(OutcomeKind.ACCEPTED) >= 3:
            break
    assert kinds.count(OutcomeKind.ACCEPTED) == 3
    assert kinds.count(OutcomeKind.NOT_ATTEMPTED) == 6


def test_outcomes_come_as_they_are_known(crew: Crew) -> None:
    slow_may_end = threading.Event()

    def transmit(message: RenderedMessage, _: RenderedMessage) -> SendOutcome:
        if message.message_id == "m-0":
            slow_may_end.wait(300)
        return ACCEPTED

    answers = crew.deliver([email(0), email(1), email(2)], soon(), keep, transmit)
    assert {next(answers)[0], next(answers)[0]} == {1, 2}
    slow_may_end.set()
    assert [index for index, _ in answers] == [0]


def test_a_message_that_waits_for_its_answer_holds_its_connection_only(crew: Crew) -> None:
    silent = threading.Event()

    def transmit(message: RenderedMessage, _: RenderedMessage) -> SendOutcome:
        if message.message_id == email(0).message_id:
            silent.wait(300)
        return ACCEPTED

    first = crew.deliver([email(0), email(1)], soon(), keep, transmit)
    assert next(first)[0] == 1
    second = crew.deliver([email(number) for number in range(2, 9)], soon(), keep, transmit)
    assert sorted(index for index, _ in second) == list(range(7))
    silent.set()
    assert next(first)[0] == 0


def test_closing_waits_for_no_answer(crew: Crew) -> None:
    silent = threading.Event()

    def transmit(message: RenderedMessage, _: RenderedMessage) -> SendOutcome:
        silent.wait(300)
        return ACCEPTED

    answers = crew.deliver([email(1)], soon(), keep, transmit)
    threading.Thread(target=next, args=(answers,), daemon=True).start()
    crew.close()
    silent.set()


def test_what_is_left_at_the_deadline_is_told_though_every_connection_waits(crew: Crew) -> None:
    batch = [email(number) for number in range(9)]
    for patience_s in PATIENCES_S:
        silent, begun = threading.Event(), list[str]()

        def transmit(message: RenderedMessage, _: RenderedMessage) -> SendOutcome:
            begun.append(message.to)  # noqa: B023 - called in this turn only
            silent.wait(300)  # noqa: B023
            return ACCEPTED

        answers = crew.deliver(batch, time.monotonic() + patience_s, keep, transmit)
        first = [next(answers)[1].kind for _ in range(6)]
        silent.set()
        others = [outcome.kind for _, outcome in answers]
        if len(begun) >= 3:
            break
    assert first == [OutcomeKind.NOT_ATTEMPTED] * 6
    assert others == [OutcomeKind.ACCEPTED] * 3


def test_a_closed_crew_begins_nothing(crew: Crew) -> None:
    began = threading.Event()
    crew_may_go_on = threading.Event()

    def transmit(message: RenderedMessage, _: RenderedMessage) -> SendOutcome:
        began.set()
        crew_may_go_on.wait(300)
        return ACCEPTED

    def end() -> None:
        began.wait(300)
        crew.stop()
        crew_may_go_on.set()

    ending = threading.Thread(target=end)
    ending.start()
    answers = crew.deliver([email(number) for number in range(50)], soon(), keep, transmit)
    taken = [outcome.kind for _, outcome in answers]
    ending.join()
    assert taken.count(OutcomeKind.ACCEPTED) <= 3
    assert taken.count(OutcomeKind.NOT_ATTEMPTED) >= 47
    again = crew.deliver([email(1)], soon(), keep, transmit)
    assert [outcome.kind for _, outcome in again] == [OutcomeKind.NOT_ATTEMPTED]


class Forgetful(Wire):
    """A note that cannot be written."""

    def begin(self, index: int) -> bool:
        if index == 1:
            raise OSError("disk full")
        return True

    def end(self, index: int, outcome: SendOutcome) -> None:
        raise OSError("disk full")


def test_what_cannot_be_noted_does_not_leave_and_holds_nothing_up(
    crew: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    answers = dict(
        crew.deliver([email(number) for number in range(3)], soon(), keep, accept, Forgetful())
    )
    assert [answers[index].kind for index in range(3)] == [
        OutcomeKind.ACCEPTED, OutcomeKind.NOT_ATTEMPTED, OutcomeKind.ACCEPTED,
    ]  # fmt: skip
    assert "An outcome could not be noted: OSError" in caplog.text
