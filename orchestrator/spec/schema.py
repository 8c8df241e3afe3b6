"""The journey language as pydantic models: every key that may be written, whether or not it is built yet.

A JSON Schema can be made from these models. They hold what was written, in plain types; `orchestrator.spec.journeys`
makes the domain's journey of them. A union's tag stands in angle brackets, so that it is never taken for a key.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from orchestrator.domain.expression import as_time
from orchestrator.domain.schedule import WEEKDAYS, parse_clock, parse_duration

DURATION_MAX = timedelta(days=3660)


class Form(BaseModel):
    """A map with known keys only."""

    model_config = ConfigDict(
        extra="forbid", strict=True, populate_by_name=False, frozen=True, hide_input_in_errors=True
    )


# ---------------------------------------------------------------- words


def _duration(value: object) -> timedelta:
    if not isinstance(value, str):
        raise ValueError(f"'{value}' is not a duration: write it with a unit, such as 30m, 1h or 3d")
    try:
        span = parse_duration(value)
    except OverflowError:
        span = DURATION_MAX * 2
    if abs(span) > DURATION_MAX:
        raise ValueError(f"'{value}' is longer than ten years")
    return span


def _positive(span: timedelta) -> timedelta:
    if span <= timedelta(0):
        raise ValueError("this duration must be longer than nothing")
    return span


def _not_negative(span: timedelta) -> timedelta:
    if span < timedelta(0):
        raise ValueError("this duration cannot be negative")
    return span


def _clock(value: object) -> time:
    if isinstance(value, str):
        return parse_clock(value)
    raise ValueError(f"'{value}' is not a time of day: write 09:00")


def _instant(value: object) -> datetime:
    at = as_time(value)
    if at is None:
        raise ValueError(f"'{value}' is not an instant: write 2026-01-05 20:30 (UTC) or 2026-01-05T20:30+01:00")
    return at


def _percent(value: object) -> float:
    text = value.strip().removesuffix("%").strip() if isinstance(value, str) else value
    if isinstance(text, bool):
        raise ValueError("a share is written as 10% or 10")
    try:
        number = float(text)  # type: ignore[arg-type]  # what is no number ends in the message below
    except (TypeError, ValueError):
        raise ValueError("a share is written as 10% or 10") from None
    if not 0 <= number <= 100:
        raise ValueError("a share lies between 0% and 100%")
    return number


def _weekday(value: object) -> int:
    word = value.lower() if isinstance(value, str) else ""
    for number, short in enumerate(WEEKDAYS):
        if word in (short, _LONG_DAYS[number]):
            return number
    raise ValueError(f"'{value}' is not a weekday: write {', '.join(WEEKDAYS)}")


_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _rule(value: object) -> str | bool:
    if isinstance(value, str | bool):
        return value
    raise ValueError("a condition is text, such as customer.orders >= 2")


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


AnyDuration = Annotated[timedelta, BeforeValidator(_duration, json_schema_input_type=str)]
Duration = Annotated[timedelta, BeforeValidator(lambda v: _not_negative(_duration(v)), json_schema_input_type=str)]
Span = Annotated[timedelta, BeforeValidator(lambda v: _positive(_duration(v)), json_schema_input_type=str)]
Clock = Annotated[time, BeforeValidator(_clock, json_schema_input_type=str)]
Percent = Annotated[float, BeforeValidator(_percent, json_schema_input_type=str | float)]
Weekday = Annotated[int, BeforeValidator(_weekday, json_schema_input_type=str)]
Words = Annotated[list[str], BeforeValidator(_as_list)]
Text = Annotated[str, Field(min_length=1)]
Rule = Annotated[str | bool, BeforeValidator(_rule)]  # an expression; `if: true` reaches us as a boolean
Plain = Any  # a value: plain data, or text with {{ … }}

# ---------------------------------------------------------------- triggers and rules


class _TriggerForm(Form):
    if_: Rule | None = Field(None, alias="if")
    for_each: str | None = None
    one_per: str | None = None


class OnEvent(_TriggerForm):
    event: Text


class OnStage(_TriggerForm):
    stage: Text
    came_from: str | None = Field(None, alias="from")


class OnSegment(_TriggerForm):
    segment: Text


class OnDate(_TriggerForm):
    date: Text
    every: Literal["year"] | None = None
    offset: AnyDuration = timedelta(0)
    at: Clock | None = None


class OnSchedule(_TriggerForm):
    schedule: Text
    timezone: str | None = None
    segment: str | None = None


class OnOnce(_TriggerForm):
    once: Text
    timezone: str | None = None
    segment: str | None = None


class OnBusinessEvent(_TriggerForm):
    business_event: Text
    to: Text


class OnManual(_TriggerForm):
    manual: Literal[True] | None = None


TRIGGERS: dict[str, type[_TriggerForm]] = {
    "event": OnEvent,
    "stage": OnStage,
    "segment": OnSegment,
    "date": OnDate,
    "schedule": OnSchedule,
    "once": OnOnce,
    "business_event": OnBusinessEvent,
    "manual": OnManual,
}


def _kind_of_trigger(value: Any) -> str | None:
    found = [key for key in ("schedule", "once", *TRIGGERS) if isinstance(value, dict) and key in value]
    return f"<{found[0]}>" if found else None


def _spell_trigger(value: object) -> object:
    return {"manual": None} if value == "manual" else value


Trigger = Annotated[
    Annotated[OnEvent, Tag("<event>")]
    | Annotated[OnStage, Tag("<stage>")]
    | Annotated[OnSegment, Tag("<segment>")]
    | Annotated[OnDate, Tag("<date>")]
    | Annotated[OnSchedule, Tag("<schedule>")]
    | Annotated[OnOnce, Tag("<once>")]
    | Annotated[OnBusinessEvent, Tag("<business_event>")]
    | Annotated[OnManual, Tag("<manual>")],
    Discriminator(
        _kind_of_trigger,
        custom_error_type="unknown_trigger",
        custom_error_message=f"a trigger needs one of {', '.join(TRIGGERS)}",
    ),
    BeforeValidator(_spell_trigger),
]


class ReentryAfter(Form):
    after: Span


Reentry = Annotated[
    Annotated[Literal["never", "always"], Tag("<word>")] | Annotated[ReentryAfter, Tag("<after>")],
    Discriminator(lambda value: "<after>" if isinstance(value, dict) else "<word>"),
]


class ExitForm(Form):
    event: Text | None = None
    stage: Text | None = None
    segment: Text | None = None
    if_: Rule | None = Field(None, alias="if")
    scope: Literal["account"] | None = None


class GoalForm(Form):
    event: Text | None = None
    stage: Text | None = None
    segment: Text | None = None
    if_: Rule | None = Field(None, alias="if")
    within: Span | None = None
    value: Plain = None
    exit: bool = True
    scope: Literal["account"] | None = None


# ---------------------------------------------------------------- steps


class StepForm(Form):
    id: str | None = None


class MessageOptions(Form):
    id: str | None = None
    template: Text
    subject: str | None = None
    from_: str | None = Field(None, alias="from")
    reply_to: str | None = None
    provider: str | None = None
    to: Literal["customer", "referrer"] = "customer"
    expires: Span = timedelta(days=3)
    resend_uncertain: bool | None = None


def _spell_message(value: object) -> object:
    return {"template": value} if isinstance(value, str) else value


MessageSpec = Annotated[MessageOptions, BeforeValidator(_spell_message, json_schema_input_type=str | MessageOptions)]


class EmailStep(StepForm):
    email: MessageSpec


class SmsStep(StepForm):
    sms: MessageSpec


class WhatsappStep(StepForm):
    whatsapp: MessageSpec


class FirstOfStep(StepForm):
    first_of: Annotated[list[Literal["whatsapp", "sms", "email"]], Field(min_length=1)]
    template: Text


class WebhookOptions(Form):
    id: str | None = None
    url: Text
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    headers: dict[str, Plain] = {}
    body: Plain = None
    save_as: str | None = None


class WebhookStep(StepForm):
    webhook: WebhookOptions


class Between(Form):
    between: Annotated[list[Duration], Field(min_length=2, max_length=2)]


def _kind_of_delay(value: Any) -> str:
    if isinstance(value, dict):
        return "<between>"
    return "<computed>" if isinstance(value, str) and "{{" in value else "<duration>"


class DelayStep(StepForm):
    delay: Annotated[
        Annotated[Duration, Tag("<duration>")]
        | Annotated[Between, Tag("<between>")]
        | Annotated[str, Tag("<computed>")],
        Discriminator(_kind_of_delay),
    ]


class WaitUntilOptions(Form):
    id: str | None = None
    time: Clock | None = None
    days: Annotated[list[Weekday], BeforeValidator(_as_list)] = []
    timezone: str = "customer"
    date: str | None = None
    offset: AnyDuration = timedelta(0)
    at: Clock | None = None
    if_past: Literal["continue", "skip", "exit"] | None = None


class WaitUntilStep(StepForm):
    wait_until: WaitUntilOptions


class WaitForOptions(Form):
    id: str | None = None
    event: Text
    if_: Rule | None = Field(None, alias="if")
    within: Span
    save_as: str | None = None
    then: list[Step] = []
    else_: list[Step] = Field([], alias="else")


class WaitForStep(StepForm):
    wait_for: WaitForOptions


class IfArm(Form):
    if_: Rule = Field(alias="if")
    then: list[Step]


class ElseArm(Form):
    else_: list[Step] = Field(alias="else")


ArmForm = Annotated[
    Annotated[IfArm, Tag("<if>")] | Annotated[ElseArm, Tag("<else>")],
    Discriminator(lambda value: "<else>" if isinstance(value, dict) and "else" in value else "<if>"),
]


class BranchStep(StepForm):
    branch: Annotated[list[ArmForm], Field(min_length=1)]


class VariantForm(Form):
    variant: Text
    share: Percent
    then: list[Step] = []


class AdaptiveSplit(Form):
    adaptive: bool
    variants: list[VariantForm] = []


class SplitStep(StepForm):
    split: Annotated[
        Annotated[Annotated[list[VariantForm], Field(min_length=1)], Tag("<variants>")]
        | Annotated[AdaptiveSplit, Tag("<adaptive>")],
        Discriminator(lambda value: "<adaptive>" if isinstance(value, dict) else "<variants>"),
    ]


class SetStep(StepForm):
    set: Annotated[dict[str, Plain], Field(min_length=1)]


class UpdateStep(StepForm):
    update: Annotated[dict[str, Plain], Field(min_length=1)]


class EmitOptions(Form):
    event: Text
    properties: dict[str, Plain] = {}


class EmitStep(StepForm):
    emit: EmitOptions


class SubscribeStep(StepForm):
    subscribe: Text


class UnsubscribeStep(StepForm):
    unsubscribe: Text


class SuppressStep(StepForm):
    suppress: Literal[True] | None = None


class MuteOptions(Form):
    id: str | None = None
    for_: Span = Field(alias="for")


class MuteStep(StepForm):
    mute: MuteOptions


class OfferForm(Form):
    id: str | None = None
    percent: Plain = None
    amount: Plain = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    minimum: Annotated[float, Field(ge=0)] | None = None
    products: Words = []
    expires: Span | None = None


class CouponOptions(OfferForm):
    pool: str | None = None


class CouponStep(StepForm):
    coupon: CouponOptions


class RewardOptions(OfferForm):
    to: Literal["customer", "referrer"]


class RewardStep(StepForm):
    reward: RewardOptions


class AudienceOptions(Form):
    add: str | None = None
    remove: str | None = None


class AudienceStep(StepForm):
    audience: AudienceOptions


class OnsiteOptions(Form):
    slot: Text
    content: Plain = None
    until: Plain = None


class OnsiteStep(StepForm):
    onsite: OnsiteOptions


class TaskOptions(Form):
    id: str | None = None
    type: Literal["call", "letter", "visit"]
    note: Plain = None
    assignee: str | None = None
    due: Span | None = None


class TaskStep(StepForm):
    task: TaskOptions


class StartStep(StepForm):
    start: Text


class GotoStep(StepForm):
    goto: Text


class RepeatOptions(Form):
    times: Annotated[int, Field(ge=1)]
    every: Span | None = None
    steps: list[Step]


class RepeatStep(StepForm):
    repeat: RepeatOptions


class ExitStep(StepForm):
    exit: Literal[True] | None = None


STEP_KINDS: tuple[str, ...] = (
    "email", "sms", "whatsapp", "first_of", "webhook", "delay", "wait_until", "wait_for", "branch", "split", "set",
    "update", "emit", "subscribe", "unsubscribe", "suppress", "mute", "coupon", "reward", "audience", "onsite", "task",
    "start", "goto", "repeat", "exit",
)  # fmt: skip


def kind_of_step(value: Any) -> str | None:
    """The word of a step's map, in angle brackets: `<email>`; None where there is none."""
    return next((f"<{kind}>" for kind in STEP_KINDS if isinstance(value, dict) and kind in value), None)


def _spell_step(value: object) -> object:
    return {value: None} if value in ("exit", "suppress") else value


Step = Annotated[
    Annotated[EmailStep, Tag("<email>")]
    | Annotated[SmsStep, Tag("<sms>")]
    | Annotated[WhatsappStep, Tag("<whatsapp>")]
    | Annotated[FirstOfStep, Tag("<first_of>")]
    | Annotated[WebhookStep, Tag("<webhook>")]
    | Annotated[DelayStep, Tag("<delay>")]
    | Annotated[WaitUntilStep, Tag("<wait_until>")]
    | Annotated[WaitForStep, Tag("<wait_for>")]
    | Annotated[BranchStep, Tag("<branch>")]
    | Annotated[SplitStep, Tag("<split>")]
    | Annotated[SetStep, Tag("<set>")]
    | Annotated[UpdateStep, Tag("<update>")]
    | Annotated[EmitStep, Tag("<emit>")]
    | Annotated[SubscribeStep, Tag("<subscribe>")]
    | Annotated[UnsubscribeStep, Tag("<unsubscribe>")]
    | Annotated[SuppressStep, Tag("<suppress>")]
    | Annotated[MuteStep, Tag("<mute>")]
    | Annotated[CouponStep, Tag("<coupon>")]
    | Annotated[RewardStep, Tag("<reward>")]
    | Annotated[AudienceStep, Tag("<audience>")]
    | Annotated[OnsiteStep, Tag("<onsite>")]
    | Annotated[TaskStep, Tag("<task>")]
    | Annotated[StartStep, Tag("<start>")]
    | Annotated[GotoStep, Tag("<goto>")]
    | Annotated[RepeatStep, Tag("<repeat>")]
    | Annotated[ExitStep, Tag("<exit>")],
    Discriminator(kind_of_step, custom_error_type="unknown_step", custom_error_message="this is no step"),
    BeforeValidator(_spell_step),
]

# ---------------------------------------------------------------- the file


class TestForm(Form):
    """One entry of `tests:`; events and expectations stay as written."""

    __test__ = False  # not a class of pytest's

    test: Text
    start: Annotated[datetime, BeforeValidator(_instant, json_schema_input_type=str)] | None = None
    customer: dict[str, Any] = {}
    events: list[dict[str, Any]] = []
    expect: list[Any]


class JourneyForm(Form):
    """A whole `journeys/<name>.yaml`."""

    journey: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$")]
    title: str | None = None
    description: str = ""
    serves: str | None = None
    purpose: Literal["marketing", "transactional"] = "marketing"
    topic: str | None = None
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    trigger: Annotated[list[Trigger], BeforeValidator(_as_list), Field(min_length=1)]
    only_if: Rule | None = None
    one_per: str | None = None
    for_each: str | None = None
    throttle: str | None = None
    spread: str | None = None
    reentry: Reentry = "never"
    on_repeat: Literal["ignore", "restart"] = "ignore"
    exit: Annotated[list[ExitForm], BeforeValidator(_as_list)] = []
    goal: GoalForm | None = None
    holdout: Percent = 0.0
    on_change: Literal["follow", "pin"] = "follow"
    moved: dict[str, str] = {}
    steps: list[Step]
    tests: list[TestForm] = []
