"""The events that runs tell Prefect: few, with counts, and never of one customer."""

from __future__ import annotations

from collections.abc import Mapping

from prefect.events import emit_event

from flows.gate import GateKey, GateKind

FAILED = "parcours.delivery.failed"  # some messages did not get through
FAILING = "parcours.channel.failing"  # so many, or all, that a person must act
LATE = "parcours.work.late"  # something has been due for long

_RESOURCE = {GateKind.DELIVERIES: "channel", GateKind.JOURNEY: "journey"}


def tell(event: str, key: GateKey, payload: Mapping[str, object]) -> None:
    """An event of a journey or a channel; Prefect adds the run, its deployment and its tags."""
    emit_event(
        event,
        resource={
            "prefect.resource.id": f"parcours.{_RESOURCE[key.kind]}.{key.name}",
            "prefect.resource.name": key.name,
        },
        payload=dict(payload),
    )
