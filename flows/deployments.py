"""Keeps Prefect's deployments equal to the project: one for each journey, one for each delivery
channel.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import ArtifactCreate, DeploymentUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    DeploymentFilterTags,
)
from prefect.client.schemas.responses import DeploymentResponse
from prefect.flows import Flow
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows.deliveries import deliveries
from flows.description import DeploymentSpec, markdown
from flows.gate import PARAMETER, UP, GateKey, GateKind
from flows.journey_run import journey
from flows.predict_run import predictions
from flows.run_texts import NONE_FAILED, artifact_key, artifact_title
from flows.shift_run import work

logger = logging.getLogger(__name__)

FLOWS: Mapping[GateKind, Flow[Any, Any]] = {
    GateKind.JOURNEY: journey,
    GateKind.DELIVERIES: deliveries,
    GateKind.SHIFT: work,
    GateKind.PREDICTIONS: predictions,
}
_WITHOUT_HEALTH = (GateKind.SHIFT, GateKind.PREDICTIONS)
MANAGED = "parcours"
RETIRED = "retired"
WAS_PAUSED = "was-paused"  # by a person, before we retired it: comes back paused
_PAGE = 200  # what the server returns at most


async def sync(
    client: PrefectClient, specs: Sequence[DeploymentSpec], paused: Collection[GateKey] = ()
) -> dict[GateKey, DeploymentResponse]:
    """Creates, updates and retires deployments; returns those of `specs` as they are in Prefect
    now.

    Only what differs is written, and an update never touches what ops own: paused or not,
    schedules, limits. `paused` is our own memory of what is on hold, for a Prefect whose database
    was lost.
    """
    current = {_key(deployment): deployment for deployment in await read_managed(client)}
    wanted = {spec.key: spec for spec in specs}
    is_up = GateKey(GateKind.SHIFT, UP) in wanted
    for key, spec in wanted.items():
        description = markdown(spec, links_of(spec, specs))
        if (old := current.get(key)) is None:
            await _create(client, spec, description, paused=key in paused)
        else:
            await _update(client, spec, description, old)
    for key in current.keys() - wanted.keys():
        if key.kind is GateKind.SHIFT or (key.kind is GateKind.PREDICTIONS and not is_up):
            continue  # another process's, which comes and goes by itself
        await _retire(client, current[key])
    return {key: found for found in await read_managed(client) if (key := _key(found)) in wanted}


async def read_managed(
    client: PrefectClient, ids: Collection[UUID] | None = None
) -> list[DeploymentResponse]:
    """All deployments that Parcours made, retired ones included, or those of some ids."""
    ours = DeploymentFilter(
        tags=DeploymentFilterTags(all_=[MANAGED]),
        id=None if ids is None else DeploymentFilterId(any_=list(ids)),
    )
    found: list[DeploymentResponse] = []
    while page := await client.read_deployments(
        deployment_filter=ours, limit=_PAGE, offset=len(found)
    ):
        found += page
        if len(page) < _PAGE:
            break
    return found


def is_on_hold(deployment: DeploymentResponse) -> bool:
    """Whether ops paused it: the deployment itself, or every schedule it has.

    The UI offers its switch for a schedule only; pausing the deployment as a whole is for its API
    and command line.
    """
    schedules = deployment.schedules
    return deployment.paused or (
        bool(schedules) and not any(schedule.active for schedule in schedules)
    )


def links_of(spec: DeploymentSpec, specs: Iterable[DeploymentSpec]) -> dict[str, str]:
    """The links of a description: its health, and the failures of its channel or, for a journey, of
    every channel.
    """
    if spec.kind is GateKind.PREDICTIONS:
        return {}
    channels = [other.key for other in specs if other.kind is GateKind.DELIVERIES]
    failing = [spec.key] if spec.kind is GateKind.DELIVERIES else channels
    links = (
        {}
        if spec.kind in _WITHOUT_HEALTH
        else {f"Health of {spec.name}": _artifact_page("health", spec.key)}
    )
    for key in failing:
        links[f"Failures of {key.name} in the last 24 hours"] = _artifact_page("failures", key)
    return links


async def _create(
    client: PrefectClient, spec: DeploymentSpec, description: str, paused: bool
) -> None:
    deployment = await FLOWS[spec.kind].ato_deployment(
        name=spec.name,
        parameters={PARAMETER[spec.kind]: spec.name},
        description=description,
        version=spec.version,
        tags=tags_of(spec),
        paused=paused,
        schedule=Cron(spec.cron, timezone=spec.timezone),
        # a file's path would depend on the working directory
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    await deployment.aapply()
    await _announce_artifacts(client, spec)
    logger.info("Created deployment %s/%s", spec.kind, spec.name)


async def _announce_artifacts(client: PrefectClient, spec: DeploymentSpec) -> None:
    """First versions of the linked artifacts: the UI shows an empty page for a key that was never
    written.
    """
    if spec.kind in _WITHOUT_HEALTH:
        return
    texts = {"health": "No run has told its numbers yet."}
    if spec.kind is GateKind.DELIVERIES:
        texts["failures"] = NONE_FAILED
    for purpose, text in texts.items():
        await client.create_artifact(
            ArtifactCreate(
                key=artifact_key(purpose, spec.key),
                type="markdown",
                data=text,
                description=artifact_title(purpose, spec.key),
            )
        )


async def _update(
    client: PrefectClient, spec: DeploymentSpec, description: str, old: DeploymentResponse
) -> None:
    update = DeploymentUpdate(version=spec.version, description=description, tags=tags_of(spec))
    if RETIRED in old.tags:
        update.paused = WAS_PAUSED in old.tags
    elif (old.version, old.description, set(old.tags)) == (
        spec.version,
        description,
        set(tags_of(spec)),
    ):
        return
    await client.update_deployment(old.id, update)
    logger.info("Updated deployment %s/%s", spec.kind, spec.name)


async def _retire(client: PrefectClient, current: DeploymentResponse) -> None:
    """Pauses a deployment whose journey is gone; its runs stay readable, deleting it is a person's
    decision.
    """
    if RETIRED in current.tags:
        return
    tags = [*current.tags, RETIRED, *([WAS_PAUSED] if current.paused else [])]
    await client.update_deployment(current.id, DeploymentUpdate(tags=tags, paused=True))
    logger.info("Retired deployment %s", current.name)


def tags_of(spec: DeploymentSpec) -> list[str]:
    """The tags of a deployment, by which it is known as ours."""
    return [MANAGED, str(spec.kind), *spec.tags]


def _key(deployment: DeploymentResponse) -> GateKey:
    kind = next(kind for kind in GateKind if kind.value in deployment.tags)
    return GateKey(kind, deployment.name)


def _artifact_page(purpose: str, key: GateKey) -> str:
    return f"/artifacts/key/{artifact_key(purpose, key)}"
