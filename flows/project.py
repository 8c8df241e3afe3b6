"""What the Prefect UI is to show of a project: a deployment for each journey and each delivery
channel.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b

from flows.description import DeploymentSpec, StepRow
from flows.gate import UP, GateKind
from orchestrator.config import Config
from orchestrator.domain.journey import (
    Branch,
    Coupon,
    Delay,
    Journey,
    Message,
    Mute,
    Offer,
    Reward,
    SetVariables,
    Split,
    Step,
    Subscribe,
    Task,
    Unsubscribe,
    UpdateTraits,
    WaitFor,
    WaitUntil,
)
from orchestrator.domain.message import Medium
from orchestrator.domain.schedule import WEEKDAYS
from orchestrator.language.project import Project


def describe_project(project: Project) -> list[DeploymentSpec]:
    """One deployment for each journey, in the order of their ids, then one for each channel."""
    journeys = [_describe_journey(journey) for _, journey in sorted(project.journeys.items())]
    channels = [_describe_channel(project.config, medium) for medium in Medium]
    return [*journeys, *channels]


def describe_shift(name: str = UP) -> DeploymentSpec:
    """The deployment of shifts: those of `up`, or of the worker of a pool."""
    whose = "`parcours up`" if name == UP else "a Prefect worker"
    return DeploymentSpec(
        GateKind.SHIFT,
        name,
        title=f"Work of {whose}",
        description="One shift at a time does what is due in all journeys and channels: it takes "
        "in what came, moves people on, and sends. Their own runs, which it opens, tell what it "
        "did.",
        version="1",
        tags=(f"shift:{name}",),
    )


def _describe_journey(journey: Journey) -> DeploymentSpec:
    return DeploymentSpec(
        GateKind.JOURNEY,
        journey.id,
        title=journey.title,
        description=journey.description,
        version=journey.version,
        steps=tuple(_describe_step(step) for step in journey.walk_steps()),
        yaml=journey.source,
        tags=(
            f"journey:{journey.id}",
            str(journey.purpose),
            *([f"stage:{journey.serves}"] if journey.serves else []),
        ),
    )


def _describe_channel(config: Config, medium: Medium) -> DeploymentSpec:
    adapter = config.channels.adapter(medium)
    caps = [f"{cap.count} in {_span(cap.window)}" for cap in config.caps.get(medium, ())]
    quiet = config.quiet_hours.get(medium)
    hours = (
        f"{quiet.start:%H:%M} to {quiet.end:%H:%M}" if quiet and quiet.start and quiet.end else ""
    )
    days = ", ".join(WEEKDAYS[day] for day in sorted(quiet.days_off)) if quiet else ""
    rows = (
        StepRow("adapter", "setting", f"`{adapter}`"),
        StepRow("caps", "policy", "; ".join(caps) or "none"),
        StepRow(
            "quiet hours",
            "policy",
            " and on ".join(part for part in (hours, days) if part) or "none",
        ),
        StepRow(
            "only to",
            "setting",
            f"{len(config.channels.only_to)} addresses" if config.channels.only_to else "all",
        ),
    )
    facts = repr((adapter, rows)).encode()
    return DeploymentSpec(
        GateKind.DELIVERIES,
        str(medium),
        title=f"Deliveries: {_MEDIA[medium]}",
        description=(
            f"Everything that leaves by {_MEDIA[medium]}, of whichever journey, through "
            f"`{adapter}`."
        ),
        version=blake2b(facts, digest_size=16).hexdigest(),
        steps=rows,
        tags=(f"channel:{medium}", f"adapter:{adapter}"),
    )


_MEDIA = {Medium.EMAIL: "e-mail", Medium.SMS: "SMS"}


def _describe_step(step: Step) -> StepRow:
    kind, does = _in_words(step)
    return StepRow(f"`{step.id}`", kind, does)


def _in_words(step: Step) -> tuple[str, str]:
    match step:
        case Message():
            return str(step.medium), f"`templates/{step.medium}/{step.template}`"
        case Delay():
            return "delay", _span(step.duration)
        case WaitUntil():
            return "wait until", _moment(step)
        case WaitFor():
            return "wait for", f"{step.event}, at most {_span(step.within)}"
        case Branch() | Split():
            ways = len(step.arms) if isinstance(step, Branch) else len(step.variants)
            return type(step).__name__.lower(), f"{ways} ways"
        case SetVariables() | UpdateTraits():
            return ("set" if isinstance(step, SetVariables) else "update"), ", ".join(
                name for name, _ in step.values
            )
        case Coupon():
            return "coupon", _worth(step.offer)
        case Reward():
            return "reward", f"to the {step.to}: {_worth(step.offer)}"
        case Task():
            return "task", f"{step.type}, for a person"
        case Subscribe() | Unsubscribe():
            return type(step).__name__.lower(), step.topic
        case Mute():
            return "mute", f"no marketing for {_span(step.span)}"
        case _:
            return type(step).__name__.lower(), ""


def _moment(step: WaitUntil) -> str:
    parts = [
        f"{step.clock:%H:%M}" if step.clock else "",
        " or ".join(WEEKDAYS[day] for day in sorted(step.days)),
        "at a date of the customer’s" if step.date else "",
    ]
    zone = step.timezone or "the customer’s zone"
    return f"{' on '.join(part for part in parts if part)} ({zone})"


def _worth(offer: Offer) -> str:
    value = offer.percent or offer.amount
    source = value.source if value else ""
    unit = "%" if offer.percent else f" {offer.currency or ''}".rstrip()
    return f"{source}{unit}" + (f", for {_span(offer.expires)}" if offer.expires else "")


def _span(span: timedelta) -> str:
    """`1 d 2 h 30 min`."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"
