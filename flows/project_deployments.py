"""What the Prefect UI is to show of a project: a deployment for each journey and each delivery
channel.
"""

from __future__ import annotations

from hashlib import blake2b

from flows.description import DeploymentSpec, StepRow
from flows.gate import NIGHTLY, UP, GateKind
from flows.journey_table import rows_of
from orchestrator.config import Config
from orchestrator.domain.formatting import format_whole_span
from orchestrator.domain.journey import Journey
from orchestrator.domain.medium import ChannelName
from orchestrator.domain.predicted_traits import (
    BEST_HOUR,
    CHURN_RISK,
    NEXT_ORDER_AT,
    PREDICTED_VALUE,
)
from orchestrator.domain.schedule import WEEKDAYS
from orchestrator.language.project import Project
from orchestrator.shift.nightly import AT


def describe_project(project: Project) -> list[DeploymentSpec]:
    """One deployment for each journey, in the order of their ids, then one for each channel."""
    journeys = [_describe_journey(journey) for _, journey in sorted(project.journeys.items())]
    config = project.config
    channels = [_describe_channel(config, name) for name in config.channels.by_name]
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


def describe_predictions(project: Project) -> DeploymentSpec:
    """The deployment that writes predictions every night."""
    return DeploymentSpec(
        GateKind.PREDICTIONS,
        NIGHTLY,
        title="Predictions",
        description="Every night: what customers will probably do is worked out anew from their "
        "orders and visits, and written down as traits where it has moved. Journeys and segments "
        "read it as `customer.churn_risk` and the like. A run's name tells what came of it.",
        version="1",
        steps=tuple(StepRow(f"`{name}`", "prediction", told) for name, told in _PREDICTED.items()),
        cron=f"{AT.minute} {AT.hour} * * *",
        timezone=project.config.project.timezone,
    )


_PREDICTED = {
    CHURN_RISK: "the probability that they order no more",
    NEXT_ORDER_AT: "the day by which half of those like them have ordered again",
    PREDICTED_VALUE: "what their orders of twelve months bring",
    BEST_HOUR: "the hour at which they are likeliest there",
}


def _describe_journey(journey: Journey) -> DeploymentSpec:
    return DeploymentSpec(
        GateKind.JOURNEY,
        journey.id,
        title=journey.title,
        description=f"{journey.description}\n\n{_begins(journey)}",
        version=journey.version,
        steps=rows_of(journey),
        yaml=journey.source,
        tags=(
            f"journey:{journey.id}",
            str(journey.purpose),
            *([f"stage:{journey.serves}"] if journey.serves else []),
        ),
    )


def _begins(journey: Journey) -> str:
    """When people begin it; between ticks, so that a cron's stars are stars."""
    phrases = (trigger.words().replace("`", "'") for trigger in journey.triggers)
    return f"**Begins** {' or '.join(f'`{phrase}`' for phrase in phrases)}"


def _describe_channel(config: Config, name: ChannelName) -> DeploymentSpec:
    adapter, medium = config.channels.by_name[name].adapter, config.channels.by_name[name].medium
    called = medium.spec.noun if name == str(medium) else f"{name} ({medium.spec.noun})"
    caps = [
        f"{cap.count} in {format_whole_span(cap.window)}" for cap in config.caps.get(medium, ())
    ]
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
        name,
        title=f"Deliveries: {called}",
        description=(
            f"Everything that leaves by {called}, of whichever journey, through `{adapter}`."
        ),
        version=blake2b(facts, digest_size=16).hexdigest(),
        steps=rows,
        tags=(f"channel:{name}", f"adapter:{adapter}"),
    )
