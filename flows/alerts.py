"""What Prefect does by itself when something is wrong with our runs: automations, made where they
are missing.

Prefect tells of one by an event in its feed. Where there is a notification block of the name
`parcours` (e-mail, Slack, …), they notify by it as well.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, DoNothing, SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from flows.deployments import MANAGED
from flows.told_events import FAILING, LATE

logger = logging.getLogger(__name__)

NOTIFY_BY = "parcours"  # the notification block of this name
ONCE_IN = timedelta(hours=1)  # an alert for the same channel or journey
#: Two heartbeats of Prefect's (one in 180 s) may be missed.
DEAD_AFTER = timedelta(seconds=400)

_HEARTBEAT = "prefect.flow-run.heartbeat"
_ENDED = ("Completed", "Failed", "Cancelled", "Crashed")
_KEPT = ("name", "description", "enabled", "tags", "trigger")
_OURS = ResourceSpecification(
    {"prefect.resource.id": [f"prefect.tag.{MANAGED}"], "prefect.resource.role": ["tag"]}
)


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """One automation of ours, known by its name."""

    name: str
    description: str
    trigger: EventTrigger
    actions: tuple[ActionTypes, ...] = ()

    def automation(self, block: UUID | None) -> AutomationCore:
        """As it is made; without a block to notify by it is seen in the feed of events only."""
        notices = [_notice(self, block)] if block is not None else []
        actions = [*self.actions, *notices] or [DoNothing()]
        return AutomationCore(
            name=self.name,
            description=self.description,
            tags=[MANAGED],
            trigger=self.trigger,
            actions=actions,
        )


ALERTS = (
    KnownAlert(
        "Parcours: deliveries fail",
        "A channel stands still, or more than 5 % of a run's messages failed. Its deployment links "
        "to the failures of the last 24 hours, with what helps.",
        EventTrigger(
            expect={FAILING},
            match=ResourceSpecification({"prefect.resource.id": ["parcours.channel.*"]}),
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=ONCE_IN,
        ),
    ),
    KnownAlert(
        "Parcours: work is late",
        "Something has been due for more than 15 minutes, or a run of ours was scheduled and "
        "nobody took it: `parcours up` is not there.",
        EventTrigger(
            expect={LATE, "prefect.flow-run.Late"},
            match_related=_OURS,
            for_each={"related:deployment:prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=ONCE_IN,
        ),
    ),
    KnownAlert(
        "Parcours: a run's process is gone",
        "A run has had no heartbeat for more than six minutes and has not ended: its process was "
        "killed. It is marked Crashed; its messages are looked after by `parcours up`.",
        EventTrigger(
            after={_HEARTBEAT},
            expect={_HEARTBEAT, *(f"prefect.flow-run.{state}" for state in _ENDED)},
            match_related=_OURS,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=DEAD_AFTER,
        ),
        (
            ChangeFlowRunState(
                name=None,
                state=StateType.CRASHED,
                force=False,
                message="no heartbeat for more than six minutes: its process is gone",
            ),
        ),
    ),
)


async def make_alerts(client: PrefectClient) -> None:
    """Makes the automations that are missing. What people changed stays: switched off, or with
    actions of their own; only those that notify nobody learn of a block that came.
    """
    known = {one.name: one for one in await client.read_automations()}
    silent = [alert for alert in ALERTS if _notifies_nobody(known.get(alert.name), alert)]
    if not silent:
        return
    block = await _find_block(client)
    for alert in silent:
        if (found := known.get(alert.name)) is None:
            await client.create_automation(alert.automation(block))
            logger.info("Created the automation '%s'", alert.name)
        elif block is not None:
            await client.update_automation(found.id, _with_notice(found, alert, block))


def _notifies_nobody(found: Automation | None, alert: KnownAlert) -> bool:
    """Whether it is missing, or does no more than what we made it do."""
    if found is None:
        return True
    kinds = {type(action) for action in found.actions}
    return kinds == {type(action) for action in alert.automation(None).actions}


def _with_notice(found: Automation, alert: KnownAlert, block: UUID) -> AutomationCore:
    """The automation with another action. From plain data, since the client sends what was set
    only, and a type that is a default would be missing.
    """
    kept = found.model_dump(include={*_KEPT})
    actions = [action.model_dump() for action in alert.automation(block).actions]
    return AutomationCore.model_validate({**kept, "actions": actions})


def _notice(alert: KnownAlert, block: UUID) -> SendNotification:
    return SendNotification(
        block_document_id=block,
        subject=alert.name,
        body=alert.description + "\n\n{{ event.resource.name }} {{ event.payload }}",
    )


async def _find_block(client: PrefectClient) -> UUID | None:
    blocks = await client.read_block_documents("notify-block", include_secrets=False)
    return next((block.id for block in blocks if block.name == NOTIFY_BY), None)
