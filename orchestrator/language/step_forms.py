"""Every step of the journey language as a pydantic model, whether or not it is built yet.

A union's tag stands in angle brackets, so that it is never taken for a key.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from orchestrator.language.words import (
    AnyDuration,
    Clock,
    Duration,
    EventName,
    Form,
    Percent,
    Plain,
    Rule,
    Span,
    Text,
    Weekday,
    Words,
    as_list,
)


class StepForm(Form):
    id: str | None = None


class MessageOptions(Form):
    not_built = frozenset({"provider"})
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


MessageSpec = Annotated[
    MessageOptions, BeforeValidator(_spell_message, json_schema_input_type=str | MessageOptions)
]


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
    headers: dict[str, Plain] = Field(default_factory=dict)
    body: Plain = None
    save_as: str | None = None


class WebhookStep(StepForm):
    webhook: WebhookOptions


class Between(Form):
    between: Annotated[list[Duration], Field(min_length=2, max_length=2)]


def _kind_of_delay(value: Any) -> str:
    if isinstance(value, dict) and "between" in value:
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
    days: Annotated[list[Weekday], BeforeValidator(as_list)] = Field(default_factory=list)
    timezone: str = "customer"
    date: str | None = None
    offset: AnyDuration = timedelta(0)
    at: Clock | None = None
    if_past: Literal["continue", "skip", "exit"] | None = None
    if_missing: Literal["skip", "continue", "exit"] | None = None


class WaitUntilStep(StepForm):
    wait_until: WaitUntilOptions


class WaitForOptions(Form):
    id: str | None = None
    event: EventName
    if_: Rule | None = Field(None, alias="if")
    within: Span
    save_as: str | None = None
    then: list[Step] = Field(default_factory=list)
    else_: list[Step] = Field(default_factory=list, alias="else")


class WaitForStep(StepForm):
    wait_for: WaitForOptions


class IfArm(Form):
    if_: Rule = Field(alias="if")
    then: list[Step]


class ElseArm(Form):
    else_: list[Step] = Field(alias="else")


ArmForm = Annotated[
    Annotated[IfArm, Tag("<if>")] | Annotated[ElseArm, Tag("<else>")],
    Discriminator(
        lambda value: (
            "<else>"
            if isinstance(value, dict) and "else" in value and "if" not in value
            else "<if>"
        )
    ),
]


class BranchStep(StepForm):
    branch: Annotated[list[ArmForm], Field(min_length=1)]


class VariantForm(Form):
    variant: Text
    share: Percent
    then: list[Step] = Field(default_factory=list)


class AdaptiveSplit(Form):
    adaptive: bool
    variants: list[VariantForm] = Field(default_factory=list)


class SplitStep(StepForm):
    split: Annotated[
        Annotated[Annotated[list[VariantForm], Field(min_length=1)], Tag("<variants>")]
        | Annotated[AdaptiveSplit, Tag("<adaptive>")],
        Discriminator(
            lambda value: (
                "<adaptive>" if isinstance(value, dict) and "adaptive" in value else "<variants>"
            )
        ),
    ]


class SetStep(StepForm):
    set: Annotated[dict[str, Plain], Field(min_length=1)]


class UpdateStep(StepForm):
    update: Annotated[dict[str, Plain], Field(min_length=1)]


class EmitOptions(Form):
    event: Text
    properties: dict[str, Plain] = Field(default_factory=dict)


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
    products: Words = Field(default_factory=list)
    expires: Span | None = None


class CouponOptions(OfferForm):
    not_built = frozenset({"pool"})
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
    "email", "sms", "whatsapp", "first_of", "webhook", "delay", "wait_until", "wait_for", "branch",
    "split", "set", "update", "emit", "subscribe", "unsubscribe", "suppress", "mute", "coupon",
    "reward", "audience", "onsite", "task", "start", "goto", "repeat", "exit",
)  # fmt: skip


NOT_BUILT = frozenset({
    "whatsapp", "first_of", "webhook", "emit", "audience", "onsite", "start", "goto", "repeat",
})  # fmt: skip
BUILT_STEPS = tuple(kind for kind in STEP_KINDS if kind not in NOT_BUILT)


def kind_of_step(value: Any) -> str | None:
    """The word of a step's map, in angle brackets: `<email>`; None where there is none."""
    return next(
        (f"<{kind}>" for kind in STEP_KINDS if isinstance(value, dict) and kind in value), None
    )


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
    Discriminator(
        kind_of_step, custom_error_type="unknown_step", custom_error_message="this is no step"
    ),
    BeforeValidator(_spell_step),
]

#: These hold steps themselves: their fields are known only now, and messages read them.
for _form in (WaitForOptions, IfArm, ElseArm, VariantForm, RepeatOptions):
    _form.model_rebuild(force=True)
