"""Dates as steps name them: of the customer, or plain ones; and deadlines, which may be durations
too.
"""

from __future__ import annotations

import re
from datetime import timedelta

from orchestrator.domain.expression import Value
from orchestrator.domain.phrase import say
from orchestrator.domain.schedule import parse_duration
from orchestrator.domain.steps.deadline import Deadline
from orchestrator.domain.values import iso_time
from orchestrator.language.place import Place
from orchestrator.language.where import STEP

_AMOUNT = re.compile(r"\s*-?(\d|P\d|PT\d)")  # as durations begin, and no name does


def read_date_of(text: str, place: Place) -> Value | None:
    """A date of the customer (`customer.trial_ends_at`) or a plain one (2026-12-24)."""
    at = iso_time(text)
    if (
        at is None and text.strip()[:1].isdigit()
    ):  # 24.12.2026, 2026-2-3: as expressions they would be numbers
        place.error(
            say(
                "'{text}' is no date: write 2026-12-24, or one of the customer's such "
                "as customer.trial_ends_at",
                text=text,
            )
        )
        return None
    if at is None:
        return place.computed(text, STEP)
    if not 1900 < at.year < 2200:
        place.error(
            say("nobody waits until {text}: write a date of this century or the next", text=text)
        )
    return place.value(text, STEP)


def read_deadline(written: str | None, place: Place) -> Deadline | None:
    """For so long (`2d`), or up to a date; None where nothing is written or it is faulty, which is
    reported.
    """
    if written is None:
        return None
    if not _AMOUNT.match(written) or iso_time(written) is not None:
        return read_date_of(written, place)
    try:
        span = parse_duration(written)
    except ValueError as fault:
        place.error(say("{fault}; or a date: 2026-12-24, customer.renewal_at", fault=fault))
        return None
    if span <= timedelta(0):
        place.error(say("this duration must be longer than nothing"))
        return None
    return span
