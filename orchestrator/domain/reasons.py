"""Why something was decided: a closed list of reasons, and what each of them is about.

Nothing here is a sentence for people: those are made in `measure`. A reason's value is what the
ledger has said of it from the beginning, and what journeys' `tests:` and people's reports name;
nobody takes it apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypedDict


class Reason(StrEnum):
    """Why. Behind each stand the facts of `Detail` that it comes with."""

    PLAIN = ""  # the kind of the decision says it all

    # who is let in
    HELD_OUT = "held out"
    ALREADY_INSIDE = "already inside"  # member, where it is another of the account
    REENTRY_NEVER = "entered before, and reentry is never"  # member
    ENTERED_RECENTLY = "entered too recently"  # member
    LATER_ENTRY = "a later entry is already known"  # member
    ONLY_IF = "only_if"  # condition
    NO_TRIGGER = "its trigger asks for something else"
    ENDED = "the journey has ended"
    DRAFT = "the journey is a draft"
    AGAIN = "again"  # pass_no

    # why a wait has another end than it was told to have
    MOVED = "the customer's date or zone changed"
    EDITED = "the journey was edited"

    # why a message stays
    NO_ADDRESS = "no_address"
    SAME_ADDRESS = "same_address"
    NO_CONSENT = "no_consent"
    UNSUBSCRIBED = "unsubscribed"
    MUTED = "muted"
    SUPPRESSED = "suppressed"  # because
    FREQUENCY_CAP = "frequency_cap"
    QUIET_HOURS = "quiet_hours"
    NEVER = "never"  # condition
    OVERDUE = "overdue"
    LEFT_BEFORE = "left before"  # because
    TOO_LATE = "too late"
    ONLY_TO = "only_to: this project writes to a few addresses only"

    # what a webhook's answer is to a journey that keeps it
    ANSWER = "the answer of a webhook"
    ANSWERED = "answered"  # names
    NO_ANSWER = "no answer within the hour"  # names

    # which way somebody goes
    CONDITION = "condition"  # condition, arm
    ELSE = "else"  # arm
    NO_WAY = "no branch holds"
    VARIANT = "variant"  # variant
    CAME = "came"  # event
    TIMED_OUT = "timed out"
    PASS = "pass"  # pass_no, times
    GOTO = "goto"  # to
    NO_DATE = "there is no date"  # date, lack, turn, skipped
    NO_DURATION = "there is no duration"  # date, lack, turn, skipped
    DATE_PAST = "the date is past"  # skipped

    # what a step did
    SET = "set"  # names
    UPDATE = "update"  # names
    CONSENT = "consent"  # key, granted
    MUTE = "no marketing for a while"
    EMITS = "emits"  # event
    STARTS = "starts"  # to
    WRITES = "writes to"  # receiver, medium, template
    JOINS = "joins an audience"  # audience
    QUITS = "quits an audience"  # audience
    SHOWS = "shows"  # slot, until
    BY_HAND = "by hand"  # message, verdict
    COUPON = "coupon"  # receiver
    REWARD = "reward"  # receiver
    POOL_EMPTY = "pool_empty"  # pool
    NOT_REFERRED = "not referred by anybody"
    REWARDED = "already rewarded"  # receiver

    # why somebody leaves
    END = "end of the journey"
    EXIT_STEP = "exit step"
    GOAL = "goal"  # rule
    EXIT = "exit"  # rule
    FILTERED = "filtered"  # condition
    JOURNEY_GONE = "the journey no longer exists"
    STEP_GONE = "the journey or step no longer exists"
    TOO_MANY_STEPS = "too many steps in one instant"  # steps
    MERGED = "merged"

    # what nobody planned
    KNOWN_LATE = "known late"  # calls
    TAKEN_BACK = "taken back"  # ending, calls
    FAULT = "fault"  # error


class Detail(TypedDict, total=False):
    """The facts of a decision, as JSON types; never an address. Some come with its reason, the
    others with its kind."""

    because: str  # why somebody is suppressed, or left before
    rule: str  # of an exit or goal: its event, its stage, or its condition as written
    condition: str  # as written
    arm: int  # of a branch, from 0
    variant: str
    event: str  # its name
    names: list[str]  # of variables or traits
    key: str  # of consent
    granted: bool | None
    member: str  # another customer of the same account, by their id
    receiver: str  # of a coupon or reward: their role
    pool: str  # of coupons
    audience: str  # of ad platforms
    slot: str  # of the shop's pages
    pass_no: int
    times: int  # how many passes there are
    to: str  # a step, or a journey, by its id
    steps: int
    date: str  # or duration of a wait, as written
    lack: str  # missing, unreadable, too_far
    turn: str  # what a wait without its date does: continue, skip, exit
    skipped: str | None  # a step's id
    calls: list[str]  # that came late
    ending: str  # the kind of the decision that is taken back
    error: str  # its class
    verdict: str  # a person's, of a message

    until: str  # an instant
    template: str
    medium: str
    action: str  # of a step that was not done: its kind
    task: str  # its type
    value: Any  # that a goal is worth, whatever the author's expression makes
    status: str  # with which somebody leaves
    message: str  # by its public id


def brief(reason: str, detail: Mapping[str, Any]) -> str:
    """A reason with what it is about, in the few words by which enrollments and messages keep it,
    back-tests count it and journeys' `tests:` name it."""
    if not detail:  # as of whoever comes to the end
        return str(reason)
    match reason:
        case Reason.GOAL | Reason.EXIT:
            return str(detail["rule"])
        case Reason.FILTERED:
            return str(detail["condition"])
        case Reason.SUPPRESSED | Reason.LEFT_BEFORE:
            return f"{reason}: {detail['because']}"
        case (
            Reason.ALREADY_INSIDE
            | Reason.REENTRY_NEVER
            | Reason.ENTERED_RECENTLY
            | Reason.LATER_ENTRY
        ) if "member" in detail:
            return f"{reason}: {detail['member']}"
        case Reason.REWARDED:
            return f"{detail['receiver']} {reason}"
        case Reason.TOO_MANY_STEPS:
            return f"more than {detail['steps']} steps in one instant"
    return str(reason)
