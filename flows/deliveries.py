"""The flow behind every channel's deployment."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.schemas.objects import State

from flows.gate import Account
from flows.run import close, keep_open, open_account, shown
from flows.run_texts import NONE_FAILED, alarm, artifact_key, artifact_title, failure_rows
from flows.told_events import FAILED, FAILING, tell
from orchestrator.engine.report import ChannelTally


@flow(name="deliveries", persist_result=False)
async def deliveries(channel: str = "") -> State[None]:
    """A minute of one channel: open while messages leave, closed with what became of them in its
    name.
    """
    account = open_account()
    await keep_open(account)
    if isinstance(account.tally, ChannelTally):
        if account.tally.failures or account.by_hand:
            await shown(_show_failures(account))
        _tell_failures(account, account.tally)
    return await close(account)


async def _show_failures(account: Account) -> None:
    """The failures of the last day as one table, never one page for each message."""
    found = await account.asked.failures(account.key)
    key, title = artifact_key("failures", account.key), artifact_title("failures", account.key)
    if found:
        await acreate_table_artifact(key=key, table=failure_rows(found), description=title)
    elif found is not None:
        await acreate_markdown_artifact(key=key, markdown=NONE_FAILED, description=title)


def _tell_failures(account: Account, tally: ChannelTally) -> None:
    counts = {"failed": tally.failed, "unknown": tally.unknown, "sent": tally.sent}
    if tally.failures:
        tell(FAILED, account.key, counts)
    if why := alarm(tally, account.pace):
        tell(FAILING, account.key, counts | {"why": why})
