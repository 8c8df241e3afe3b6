"""The reasons of decisions in English, by their facts. Another language is another such table."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.formatting import format_value
from orchestrator.domain.reasons import Reason

#: In braces the facts that a reason comes with (`domain.reasons.Detail`).
ENGLISH: Mapping[Reason, str] = {
    Reason.PLAIN: "",
    Reason.HELD_OUT: "held out: in the control group, so nothing is done",
    Reason.ALREADY_INSIDE: "already inside",
    Reason.REENTRY_NEVER: "entered before, and reentry is never",
    Reason.ENTERED_RECENTLY: "entered too recently",
    Reason.LATER_ENTRY: "a later entry is already known",
    Reason.ONLY_IF: "`only_if` does not hold ({condition})",
    Reason.ENDED: "the journey takes nobody in any more: its end is past",
    Reason.DRAFT: "the journey is a draft, which nobody enters",
    Reason.NO_TRIGGER: "its trigger asks for something else",
    Reason.AGAIN: "again, pass {pass_no}",
    Reason.MOVED: "the customer's date or zone changed",
    Reason.EDITED: "the journey was edited",
    Reason.NO_ADDRESS: "no address to write to",
    Reason.SAME_ADDRESS: "somebody else who was called with them has this address",
    Reason.NO_CONSENT: "no consent",
    Reason.UNSUBSCRIBED: "somebody who reads this address unsubscribed it",
    Reason.MUTED: "marketing is muted for a while",
    Reason.SUPPRESSED: "suppressed: {because}",
    Reason.FREQUENCY_CAP: "the frequency cap",
    Reason.QUIET_HOURS: "quiet hours",
    Reason.NEVER: "`{condition}` of [never]",
    Reason.OVERDUE: "its time to leave was over",
    Reason.LEFT_BEFORE: "left before: {because}",
    Reason.TOO_LATE: "its time was past before the date was known",
    Reason.ONLY_TO: "only_to: this project writes to a few addresses only",
    Reason.ANSWER: "for the answer of the webhook",
    Reason.ANSWERED: "the webhook's answer came, kept as {names}",
    Reason.NO_ANSWER: "no answer of the webhook came within the hour: {names} stays undefined",
    Reason.CONDITION: "goes the way of `{condition}`",
    Reason.ELSE: "goes the other way, as no condition before it holds",
    Reason.NO_WAY: "goes on, as no condition of the branch holds",
    Reason.VARIANT: "is given the variant {variant}",
    Reason.CAME: "the wait is over: {event} came",
    Reason.TIMED_OUT: "waited in vain",
    Reason.PASS: "begins pass {pass_no} of {times}",
    Reason.GOTO: "goes on with {to}",
    Reason.NO_DATE: "{date} is {lack}; {turn}",
    Reason.NO_DURATION: "{date} is {lack}; {turn}",
    Reason.DATE_PAST: "goes on: the date is past: {skipped} skipped",
    Reason.SET: "keeps in mind: {names}",
    Reason.UPDATE: "the customer's data change: {names}",
    Reason.CONSENT: "{key}: {granted}",
    Reason.MUTE: "no marketing for a while",
    Reason.EMITS: "emits {event}",
    Reason.WRITES: "{medium} {template} goes to the {receiver}, if they may be written to",
    Reason.STARTS: "is to begin the journey {to}",
    Reason.JOINS: "joins the audience {audience}",
    Reason.QUITS: "leaves the audience {audience}",
    Reason.SHOWS: "sees something in the slot {slot} of the shop's pages",
    Reason.BY_HAND: "a person settles a message: {verdict}",
    Reason.COUPON: "coupon",
    Reason.REWARD: "reward",
    Reason.POOL_EMPTY: "the pool {pool} is empty",
    Reason.NOT_REFERRED: "not referred by anybody",
    Reason.REWARDED: "{receiver} already rewarded",
    Reason.END: "the end of the journey",
    Reason.EXIT_STEP: "an exit step",
    Reason.GOAL: "{rule}",
    Reason.EXIT: "{rule}",
    Reason.FILTERED: "{condition}",
    Reason.JOURNEY_GONE: "the journey no longer exists",
    Reason.STEP_GONE: "the journey or step no longer exists",
    Reason.TOO_MANY_STEPS: "more than {steps} steps in one instant",
    Reason.MERGED: "the customer turned out to be another",
    Reason.KNOWN_LATE: "decided before {calls} was known",
    Reason.TAKEN_BACK: "{ending} is taken back: {calls} came late",
    Reason.FAULT: "{error}",
}

#: Facts that have words of their own.
_FACTS: Mapping[str, Mapping[object, str]] = {
    "granted": {True: "yes", False: "no"},
    "lack": {"too_far": "more than a hundred years ahead"},
    "turn": {"continue": "goes on", "exit": "leaves", "skip": "goes on"},
    "verdict": {
        "sent": "it arrived",
        "again": "queue it again",
        "drop": "let it be",
        "retry": "it failed, send it again",
    },
}
#: What is said of facts where there are none.
_NONE: Mapping[str, str] = {
    "calls": "who the customer is",
    "granted": "no",
    "skipped": "end",
    "verdict": "by hand",
}
#: Words of the ledger of messages that are told in others.
_OF_MESSAGES = (
    Reason.NO_ADDRESS, Reason.SAME_ADDRESS, Reason.NO_CONSENT, Reason.UNSUBSCRIBED, Reason.MUTED,
    Reason.FREQUENCY_CAP, Reason.QUIET_HOURS,
)  # fmt: skip


_REASONS = frozenset(map(str, Reason))


class _Facts(dict[str, str]):
    """The facts of a row in words; nothing here trusts that they are there."""

    def __missing__(self, name: str) -> str:
        return _NONE.get(name, "")


def is_known(reason: str) -> bool:
    """Whether a reason is one of this version."""
    return reason in _REASONS


def tell_why(reason: str, facts: Mapping[str, object], **named: str) -> str:
    """The reason of a decision in words; some of its facts may be `named` better than the row does.
    One that a later version wrote is told as it is."""
    if not is_known(reason):
        return tell_words(reason)
    words = {name: _tell_fact(name, value) for name, value in facts.items()}
    if facts.get("turn") == "skip" and facts.get("skipped"):
        words["turn"] = f"{facts['skipped']} is skipped"
    told = ENGLISH[Reason(reason)].format_map(_Facts(words | named))
    return f"{told}: {words['member']}, of the same account" if "member" in words else told


def tell_reason(reason: str) -> str:
    """The word in the ledger of messages for why one stayed, in plain ones."""
    return ENGLISH[Reason(reason)] if reason in _OF_MESSAGES else tell_words(reason)


def tell_words(text: str) -> str:
    """A name as words; what is a sentence stays one."""
    return text if " " in text else text.replace("_", " ")


def _tell_fact(name: str, value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or _NONE.get(name, "")
    if value is None:
        return _NONE.get(name, "")
    known = _FACTS.get(name, {})
    if isinstance(value, str | bool) and value in known:
        return known[value]
    return value if isinstance(value, str) else format_value(value)
