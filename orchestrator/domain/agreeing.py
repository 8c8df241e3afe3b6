"""What an event says about being written to, taken up on its customer's line: each answer with its
time, its source and its proof.

Where the project asks for a double opt-in, a yes to a medium is *asked* first: it counts from the
moment at which a person confirms it on the page that a message of that medium leads to.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.consent import (
    ALL_TOPICS,
    AddressRecord,
    ConsentAnswer,
    ConsentKey,
    asked_key,
    medium_key,
    medium_of,
    read_answers,
    strictest,
    topic_key,
)
from orchestrator.domain.effects import AddressLifted, ConsentChange, Emitted
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.line import Line
from orchestrator.domain.medium import Medium
from orchestrator.domain.policy import address
from orchestrator.domain.state import Choice

UNREADABLE = "which is neither yes nor no"  # and so counts as a no
ASKED, CONFIRMED = "Consent Asked", "Consent Confirmed"
#: What a call tells of how a choice was made.
_PROOF = ("ip", "userAgent", "page", "unsubscribe", "proof")


def take_consent(line: Line, event: Event) -> None:
    """Applies what an event says about being written to, in its context or, identifying somebody,
    in their traits.
    """
    if is_confirmation(event):
        _confirm(line, event)
    if event.kind is not Kind.IDENTIFY and "consent" not in event.context:
        return  # as nearly all
    said = [event.context, event.properties] if event.kind is Kind.IDENTIFY else [event.context]
    answers = [
        answer for part in said if "consent" in part for answer in read_answers(part["consent"])
    ]
    for answer in strictest(answers):
        _take_answer(line, event, answer)


def is_confirmation(event: Event) -> bool:
    """Whether a person confirmed a yes on our own page. An event of that name by anybody else is
    one like any other."""
    return event.kind is Kind.EMITTED and event.name == CONFIRMED


def _take_answer(line: Line, event: Event, answer: ConsentAnswer) -> None:
    source = _source(event) if answer.readable else f"{_source(event)}, {UNREADABLE}"
    choice = Choice(answer.granted, event.at, source)
    if _must_be_confirmed(line, answer):
        _ask(line, event, answer.key, choice)
        return
    known = line.state.consent.get(answer.key)
    changed = line.state.take_choice(answer.key, choice)
    if changed:
        line.doubt_everything()
    taken = line.state.consent[answer.key] is choice
    if changed or (taken and not answer.readable and known is not None and known.source != source):
        line.effects.append(ConsentChange(event.at, answer.key, choice, proof=_proof(event)))
    if taken and answer.granted:
        _lift(line, answer.key, choice)
    elif taken:
        _ask_no_more(line, answer.key, choice)


def _source(event: Event) -> str:
    """Where a choice was made: what a page of ours says of itself, else the call that brought
    it.
    """
    page = event.context.get("unsubscribe")
    if isinstance(page, dict) and isinstance(page.get("origin"), str):
        return f"unsubscribe, {page['origin']}"
    return "identify" if event.kind is Kind.IDENTIFY else event.name


def _proof(event: Event) -> Mapping[str, object]:
    return {name: event.context[name] for name in _PROOF if name in event.context}


def _lift(line: Line, key: ConsentKey, choice: Choice) -> None:
    """Has a yes count for the addresses that this customer carries, and somebody unsubscribed
    before.
    """
    for medium in Medium:
        to = address(line.state, medium)
        record = line.state.address_book(medium, to) if to is not None else AddressRecord()
        for topic in {said.topic for said in record.choices}:
            wanted = (medium_key(medium),) if topic == "" else (topic_key(topic), ALL_TOPICS)
            if to is not None and key in wanted and record.refused_at(topic, choice.at) is not None:
                line.effects.append(
                    AddressLifted(choice.at, medium, to.lower(), topic, choice.source)
                )


# ---------------------------------------------------------------- double opt-in


def _must_be_confirmed(line: Line, answer: ConsentAnswer) -> bool:
    """Whether an answer is a yes that counts only when it is confirmed; one that says again what
    was confirmed does not."""
    if not answer.granted or medium_of(answer.key) not in line.program.policy.confirmed_media:
        return False
    return line.state.chosen(answer.key) is not True


def _ask(line: Line, event: Event, key: ConsentKey, choice: Choice) -> None:
    """Keeps a yes as one that is asked, and tells it, once; an older no holds meanwhile."""
    asked, refused = asked_key(key), line.state.consent.get(key)
    if refused is not None and refused.at > choice.at:
        return
    if line.state.take_choice(asked, choice):
        line.doubt_everything()
        line.effects.append(ConsentChange(event.at, asked, choice, proof=_proof(event)))
        _tell_asked(line, event, key)


def _tell_asked(line: Line, event: Event, key: ConsentKey) -> None:
    if line.retrace is not None and line.retrace.is_known(event):
        return  # it was told when the call came
    told = Event(event.at, Kind.EMITTED, ASKED, {"channel": key}, starts=event.starts)
    line.effects.append(Emitted(told))
    line.emitted.append(told)


def _ask_no_more(line: Line, key: ConsentKey, choice: Choice) -> None:
    """Forgets that a yes was asked, so that a later one is asked anew."""
    asked = line.state.consent.get(asked_key(key))
    if asked is not None and asked.at <= choice.at:
        del line.state.consent[asked_key(key)]


def _confirm(line: Line, event: Event) -> None:
    medium = medium_of(str(event.properties.get("channel")))
    if medium is None:
        return
    key, message = medium_key(medium), event.properties.get("email_id", "")
    choice = Choice(True, event.at, f"confirmed, message {message}" if message else "confirmed")
    if not line.state.take_choice(key, choice) and line.state.consent[key] is not choice:
        return
    line.doubt_everything()
    proof = {**event.properties, **_proof(event)}
    line.effects.append(ConsentChange(event.at, key, choice, proof=proof))
    _ask_no_more(line, key, choice)
    _lift(line, key, choice)
