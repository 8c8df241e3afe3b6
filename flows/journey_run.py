"""The flow behind every journey's deployment."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.run import close, keep_open, open_account


@flow(name="journey", persist_result=False)
async def journey(journey: str = "") -> State[None]:
    """A minute of one journey: open while there is work, closed with what became of it in its
    name.
    """
    account = open_account()
    await keep_open(account)
    return await close(account)
