"""The flow behind every channel's deployment."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.events import emit_event

from flows.gate import GateKey
from flows.run import close, keep_open, open_account, shown
from flows.run_texts import artifact_key, artifact_title, failure_rows
from orchestrator.engine.report import ChannelTally


@flow(name="deliveries", persist_result=False)
async def deliveries(channel: str = "") -> State[None]:
    """A minute of one channel: open while messages leave, closed with what became of them in its
    name.
    """
    account = open_account()
    await keep_open(account)
    if isinstance(account.tally, ChannelTally) and account.tally.failures:
        await shown(_report_failures(account.key, account.tally))
    return await close(account)


async def _report_failures(key: GateKey, tally: ChannelTally) -> None:
    """The failures as one table and one event with counts, never one for each message."""
    await acreate_table_artifact(
        key=artifact_key("failures", key),
        table=failure_rows(tally.failures),
        description=artifact_title("failures", key),
    )
    emit_event(
        "parcours.delivery.failed",
        resource={
            "prefect.resource.id": f"parcours.channel.{key.name}",
            "prefect.resource.name": key.name,
        },
        payload={"failed": tally.failed, "unknown": tally.unknown, "sent": tally.sent},
    )
