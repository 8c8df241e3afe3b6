"""The plain types that the forms of the language are made of: durations, times of day, shares,
weekdays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from orchestrator.domain.event import ANY_EVENT
from orchestrator.domain.medium import Medium
from orchestrator.domain.phrase import say
from orchestrator.domain.schedule import WEEKDAYS, parse_clock, parse_duration
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.values import iso_time


class Form(BaseModel):
    """A map with known keys only; those `not_built` belong to the language: refused by name, and
    not offered.
    """

    not_built: ClassVar[frozenset[str]] = frozenset()
    #: By field, the keys that a file holds in its place.
    written_as: ClassVar[Mapping[str, Sequence[str]]] = {}
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        populate_by_name=False,
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,  # when every form is known: steps hold steps
    )


def duration(value: object) -> timedelta:
    """A duration of at most ten years; raises ValueError with what is accepted."""
    if isinstance(value, dict | list):
        raise ValueError(
            say(
                "a duration is one text, such as 1h or 3d (an `id` goes beside it: "
                "`{id: pause, delay: 3d}`)"
            )
        )
    if value is None:
        raise ValueError(say("a duration is missing: write one such as 30m, 1h or 3d"))
    if not isinstance(value, str):
        raise ValueError(
            say(
                "'{value}' is not a duration: write it with a unit, such as 30m, 1h or 3d",
                value=value,
            )
        )
    return parse_duration(value)


def _positive(span: timedelta) -> timedelta:
    if span <= timedelta(0):
        raise ValueError(say("this duration must be longer than nothing"))
    return span


def _not_negative(span: timedelta) -> timedelta:
    if span < timedelta(0):
        raise ValueError(say("this duration cannot be negative"))
    return span


def clock_time(value: object) -> time:
    if isinstance(value, str):
        return parse_clock(value)
    raise ValueError(say("'{value}' is not a time of day: write 09:00", value=value))


def instant(value: object) -> datetime:
    """An instant from text; raises ValueError with what is accepted."""
    at = iso_time(value)
    if at is None:
        raise ValueError(
            say(
                "'{value}' is not an instant: write 2026-01-05 20:30 (UTC) or "
                "2026-01-05T20:30+01:00",
                value=value,
            )
        )
    return at


_ENDING = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?", re.ASCII)


def _ending(value: object) -> date | datetime:
    """A last day, or a day and a time on the wall."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        if _ENDING.fullmatch(text):
            return datetime.fromisoformat(text) if len(text) > 10 else date.fromisoformat(text)
    except ValueError:  # there is no such day, or no such time
        pass
    raise ValueError(
        say("'{value}' is no day: write the last one, such as 2026-12-31", value=value)
    )


def _percent(value: object) -> float:
    text = (
        str(value).strip().removesuffix("%").strip() if isinstance(value, str | int | float) else ""
    )
    if not re.fullmatch(r"[-+]?[0-9]{1,9}(\.[0-9]*)?|\.[0-9]+", text):
        raise ValueError(say("a share is written as 10% or 10"))
    number = float(text)
    if not 0 <= number <= 100:
        raise ValueError(say("a share lies between 0% and 100%"))
    return number


def _weekday(value: object) -> int:
    word = value.lower() if isinstance(value, str) else ""
    for number, short in enumerate(WEEKDAYS):
        if word in (short, _LONG_DAYS[number]):
            return number
    hint = did_you_mean(word, _LONG_DAYS) or say(": write {listed}", listed=", ".join(WEEKDAYS))
    raise ValueError(say("'{value}' is not a weekday{hint}", value=value, hint=hint))


_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _rule(value: object) -> str | bool:
    if isinstance(value, str | bool):
        return value
    raise ValueError(say("a condition is text, such as customer.orders >= 2"))


def _event_name(name: str) -> str:
    if name == ANY_EVENT:
        raise ValueError(
            say(
                "`{event}` is for facts and performed(): name the event here",
                event=ANY_EVENT,
            )
        )
    return name


def as_list(value: object) -> object:
    """What may be written alone or in a list, as a list."""
    return value if isinstance(value, list) else [value]


_RATE = re.compile(r"([0-9]{1,9}) */ *(min|[smhdw])", re.ASCII)


def _rate(value: object) -> timedelta:
    """How long is between two of `5000/h`; raises ValueError with what is accepted."""
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            say("'{value}' is not how many in which time: write 5000/h, 100/m or 2/s", value=value)
        )
    count, unit = int(match[1]), match[2].removesuffix("in")
    if not count:
        raise ValueError(
            say("'{value}' lets nobody in: write how many, such as 5000/h", value=value)
        )
    gap = parse_duration(f"1{unit}") / count
    if not gap:
        raise ValueError(say("'{value}' holds nobody up: write fewer, or nothing", value=value))
    return gap


#: `5000/h`: how long is between two.
Rate = Annotated[timedelta, BeforeValidator(_rate, json_schema_input_type=str)]
AnyDuration = Annotated[timedelta, BeforeValidator(duration, json_schema_input_type=str)]
Duration = Annotated[
    timedelta, BeforeValidator(lambda v: _not_negative(duration(v)), json_schema_input_type=str)
]
Span = Annotated[
    timedelta, BeforeValidator(lambda v: _positive(duration(v)), json_schema_input_type=str)
]
Clock = Annotated[time, BeforeValidator(clock_time, json_schema_input_type=str)]
#: A date that is no datetime is a whole day.
Ending = Annotated[date | datetime, BeforeValidator(_ending, json_schema_input_type=str)]
Percent = Annotated[float, BeforeValidator(_percent, json_schema_input_type=str | float)]
Weekday = Annotated[int, BeforeValidator(_weekday, json_schema_input_type=str)]
Words = Annotated[list[str], BeforeValidator(as_list)]
Text = Annotated[str, Field(min_length=1)]
EventName = Annotated[Text, AfterValidator(_event_name)]
Rule = Annotated[
    str | bool, BeforeValidator(_rule)
]  # an expression; `if: true` reaches us as a boolean
#: `strict` would ask for the enum itself, and a file holds text.
MediumName = Annotated[Medium, Field(strict=False)]
Plain = object  # a value: plain data, or text with {{ … }}
