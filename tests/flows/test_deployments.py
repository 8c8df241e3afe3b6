"""Deployments follow the project, and what ops did to them stays, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from pydantic import SecretStr

from flows.alerts import ALERTS, make_alerts
from flows.deployments import is_on_hold, sync
from flows.description import DeploymentSpec
from flows.gate import GateKey, GateKind

if TYPE_CHECKING:
    from tests.flows.conftest import Stage


def test_every_journey_and_channel_has_a_deployment_that_explains_itself(stage: Stage) -> None:
    _sync(stage.specs)
    journey, channel = stage.deployment(GateKind.JOURNEY), stage.deployment(GateKind.DELIVERIES)
    assert (journey.version, journey.parameters) == ("v1", {"journey": stage.journey})
    assert set(journey.tags) == {"parcours", "journey"}
    assert "| hello | email | `email/hello` |" in journey.description
    assert f"```yaml\njourney: {stage.journey}\n```" in journey.description
    assert f"(/artifacts/key/health-journey-{stage.journey})" in journey.description
    assert f"(/artifacts/key/failures-deliveries-{stage.channel})" in journey.description
    assert set(channel.tags) == {"parcours", "deliveries"}


def test_the_artifacts_that_a_description_links_to_exist_before_the_first_run(stage: Stage) -> None:
    _sync(stage.specs)
    keys = {artifact.key for artifact in stage.client.read_artifacts()}
    assert {f"health-journey-{stage.journey}", f"failures-deliveries-{stage.channel}"} <= keys


def test_an_unchanged_project_writes_nothing(stage: Stage) -> None:
    _sync(stage.specs)
    before = stage.deployment(GateKind.JOURNEY).updated
    _sync(stage.specs)
    assert stage.deployment(GateKind.JOURNEY).updated == before


def test_a_changed_journey_keeps_its_pause_and_its_schedules(stage: Stage) -> None:
    _sync(stage.specs)
    old = stage.deployment(GateKind.JOURNEY)
    stage.client.pause_deployment(old.id)
    stage.client.update_deployment_schedule(old.id, old.schedules[0].id, active=False)
    _sync([replace(stage.specs[0], version="v2", description="Now in French."), stage.specs[1]])
    new = stage.deployment(GateKind.JOURNEY)
    assert (new.id, new.version) == (old.id, "v2")
    assert "Now in French." in new.description
    assert new.paused
    assert [schedule.active for schedule in new.schedules] == [False]


def test_a_journey_that_is_gone_is_paused_and_comes_back_as_it_was(stage: Stage) -> None:
    _sync(stage.specs)
    for paused_by_ops in (False, True):
        if paused_by_ops:
            stage.client.pause_deployment(stage.deployment(GateKind.JOURNEY).id)
        _sync(stage.specs[1:])
        gone = stage.deployment(GateKind.JOURNEY)
        assert gone.paused
        assert "retired" in gone.tags
        _sync(stage.specs)
        back = stage.deployment(GateKind.JOURNEY)
        assert back.paused is paused_by_ops
        assert set(back.tags) == {"parcours", "journey"}


def test_a_prefect_that_lost_its_database_learns_again_what_was_paused(stage: Stage) -> None:
    found = _sync(stage.specs, paused={GateKey(GateKind.JOURNEY, stage.journey)})
    assert {key.name: is_on_hold(deployment) for key, deployment in found.items()} == {
        stage.journey: True,
        stage.channel: False,
        "up": False,
    }


def test_pausing_holds_a_journey_resuming_releases_it_and_a_restart_keeps_it_paused(
    stage: Stage,
) -> None:
    stage.start()
    deployment = stage.deployment(GateKind.JOURNEY)
    stage.client.pause_deployment(deployment.id)
    stage.until(lambda: stage.journey in stage.engine.saved.journeys)
    stage.engine.give(GateKind.JOURNEY, stage.journey, 9)
    stage.stop()

    stage.engine.looks.clear()
    stage.start()
    stage.until(lambda: len(stage.engine.looks) >= 3)
    assert {stage.journey} == set.union(*(set(held.journeys) for held in stage.engine.looks))
    assert stage.journey in stage.engine.looks[0].journeys  # before Prefect has answered
    assert stage.engine.done[stage.journey] == 0

    stage.client.resume_deployment(deployment.id)
    stage.until(lambda: stage.engine.done[stage.journey] == 9)
    assert stage.finished(GateKind.JOURNEY)[0].name == f"{stage.journey} · 9 due · 9 queued"
    assert stage.engine.saved.journeys == frozenset()


def test_the_switch_of_its_schedule_holds_a_channel_too(stage: Stage) -> None:
    stage.start()
    deployment = stage.deployment(GateKind.DELIVERIES)
    [schedule] = deployment.schedules
    stage.client.update_deployment_schedule(deployment.id, schedule.id, active=False)
    stage.until(lambda: stage.channel in stage.engine.saved.channels)
    stage.engine.give(GateKind.DELIVERIES, stage.channel, 4)
    stage.press_run(GateKind.DELIVERIES)
    assert stage.finished(GateKind.DELIVERIES)[0].name == f"{stage.channel} · on hold"
    assert stage.engine.done[stage.channel] == 0

    stage.client.update_deployment_schedule(deployment.id, schedule.id, active=True)
    stage.until(lambda: stage.engine.done[stage.channel] == 4)


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Prefect's
def test_alerts_are_made_once_and_stay_as_people_changed_them(stage: Stage) -> None:
    async def inside() -> Any:
        async with get_client() as client:
            for one in await client.read_automations():
                await client.delete_automation(one.id)
            await make_alerts(client)
            first = await client.read_automations()
            await client.pause_automation(first[0].id)
            await make_alerts(client)
            second = await client.read_automations()
            block = await _make_block(client)
            await make_alerts(client)
            told = await client.read_automations()
            for one in told:  # else those of other tests would notify
                await client.delete_automation(one.id)
            await client.delete_block_document(block)
            return first, second, told, block

    first, second, told, block = asyncio.run(inside())
    assert sorted(one.name for one in first) == sorted(alert.name for alert in ALERTS)
    assert [one.id for one in second] == [one.id for one in told] == [one.id for one in first]
    assert sum(not one.enabled for one in told) == 1
    kinds = {one.name: [action.type for action in one.actions] for one in second}
    assert kinds["Parcours: a run's process is gone"] == ["change-flow-run-state"]
    assert kinds["Parcours: work is late"] == ["do-nothing"]
    for one in told:
        assert [getattr(a, "block_document_id", None) for a in one.actions][-1] == block


async def _make_block(client: PrefectClient) -> UUID:
    """A notification block of the name that our automations look for."""
    from prefect.blocks.notifications import SlackWebhook

    block = SlackWebhook(
        url=SecretStr(
            "https://hooks.slack.com/services/A12345678/B12345678/abcdefghijklmnopqrstuvwx"
        )
    )
    return await block.asave("parcours", overwrite=True, client=client)


def _sync(specs: Sequence[DeploymentSpec], **options: Any) -> Any:
    async def inside() -> Any:
        async with get_client() as client:
            return await sync(client, specs, **options)

    return asyncio.run(inside())
