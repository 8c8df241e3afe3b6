"""How a project stands, in lines and tables."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from orchestrator.domain.answer import Notice, Part, Table
from orchestrator.domain.formatting import count, format_instant, format_span
from orchestrator.domain.message import MessageState
from orchestrator.measure.reason_words import tell_reason
from orchestrator.measure.status import LATELY, MISSED_TOLD, STANDINGS, Overview

#: In place of a channel: by what a step sent that is gone, and that never sent anything.
GONE = "of steps that are gone"


def tell_status(found: Overview, zone: ZoneInfo) -> Iterator[Part]:
    """The whole of it, with what a person has to do."""
    yield from _tell_customers(found, zone)
    yield from _tell_calls(found)
    yield from _tell_tasks(found)
    if found.journeys:
        yield ""
        rows = [(one.id, one.inside, one.due, one.held) for one in found.journeys]
        yield Table(("JOURNEY", "INSIDE", "DUE", "HELD"), rows)
    yield from _tell_called(found)
    if found.lately:
        yield ""
        yield _lately_table(found)
    if found.messages or found.not_sent:
        yield ""
        yield Table(("MESSAGES", *map(str.upper, STANDINGS), "HELD"), _message_rows(found))
    if found.not_sent:
        yield ""
        yield Table(("MESSAGES", "WHY NOT SENT", "NOT SENT"), _reason_rows(found))
    if found.opens:
        yield ""
        yield Table(("OPENS, WITHOUT PERSONS", "MAIL", "OPENS"), found.opens)
    yield from _tell_pools(found)
    yield from _tell_unknown(found)
    yield from _tell_failed_webhooks(found)
    if found.home:
        yield f"\nWhile `parcours up` runs, {found.home} leads to the mailbox and to Prefect."


def _lately_table(found: Overview) -> Table:
    """`results` tells the rest."""
    head = (
        f"ENTERED IN {LATELY.days} DAYS", "ENTERED", "HELD OUT", "REACHED", "CONVERTED",
    )  # fmt: skip
    rows = [
        (name, one.entered, one.held_out, one.reached, one.converted)
        for name, one in sorted(found.lately.items())
    ]
    return Table(head, rows)


def _tell_customers(found: Overview, zone: ZoneInfo) -> Iterator[str]:
    last = "never" if found.last_tick is None else _ago(found, zone)
    yield f"{count(found.customers, 'customer')}; the last tick: {last}"
    stages = [
        f"{number:,} {stage or 'without a stage'}" for stage, number in sorted(found.stages.items())
    ]
    if stages:
        yield f"  {', '.join(stages)}"


def _tell_calls(found: Overview) -> Iterator[str]:
    if found.inbox:
        yield (
            f"  {count(found.inbox, 'call')} in the inbox: a running `parcours up` or "
            "`parcours tick` takes them"
        )
    for code, number in sorted(found.rejected.items()):
        yield f"  {count(number, 'call')} rejected: {code} (kept in the table `rejections`)"


def _tell_tasks(found: Overview) -> Iterator[str]:
    if found.tasks.number:
        late = f", {found.tasks.overdue:,} of them overdue" if found.tasks.overdue else ""
        waiting = count(found.tasks.number, "task")
        yield f"  {waiting} for a person{late}: `parcours tasks list` names them"


def _tell_called(found: Overview) -> Iterator[Part]:
    """Who waits to enter, and what called nobody: `explain CUSTOMER` tells when."""
    for journey, number in found.called.items():
        yield f"  {count(number, 'customer')} called, to enter {journey} in their turn"
    for journey, number in found.missed.items():
        yield Notice(
            f"{count(number, 'instant')} of {journey} called nobody in the last {MISSED_TOLD.days} "
            "days: Parcours was not running, and a later one called instead."
        )


def _ago(found: Overview, zone: ZoneInfo) -> str:
    assert found.last_tick is not None
    span = found.at - found.last_tick
    when = (
        f"{format_span(span)} ago" if span.total_seconds() >= 0 else "ahead of this machine's clock"
    )
    return f"{format_instant(found.last_tick, zone)}, {zone.key} ({when})"


def _message_rows(found: Overview) -> list[tuple[str | int, ...]]:
    rows: list[tuple[str | int, ...]] = []
    for channel in sorted(found.messages.keys() | found.not_sent.keys()):
        counted = found.count_standings(channel)
        rows.append((channel or GONE, *counted.values(), found.held_channels.get(channel, "")))
    return rows


def _reason_rows(found: Overview) -> list[tuple[str | int, ...]]:
    return [
        (channel or GONE, tell_reason(reason), number)
        for channel, reasons in sorted(found.not_sent.items())
        for reason, number in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    ]


def _tell_pools(found: Overview) -> Iterator[Part]:
    """Warns of pools that may be empty within a week."""
    if not found.pools:
        return
    yield ""
    yield Table(
        ("COUPONS OF", "LEFT", "GIVEN IN 7 DAYS"),
        [(pool.name, pool.free, pool.given) for pool in found.pools],
    )
    for pool in found.pools:
        if pool.is_low:
            left = "is empty" if not pool.free else "is empty within 7 days"
            yield Notice(
                f"The pool {pool.name} {left}: `parcours coupons import {pool.name} FILE` fills it."
            )


def _tell_failed_webhooks(found: Overview) -> Iterator[Part]:
    """Names the commands that tell why, and make them again."""
    for journey, number in found.failed_webhooks.items():
        yield Notice(f"\n{count(number, 'webhook')} of {journey} failed:")
        yield f"  parcours webhooks list --journey {journey} --state failed"
        yield f"  parcours webhooks retry --journey {journey}"


def _tell_unknown(found: Overview) -> Iterator[Part]:
    """Names the command that settles messages whose outcome is unknown."""
    total = sum(states.get(MessageState.UNKNOWN, 0) for states in found.messages.values())
    if not total:
        return
    yield Notice(f"\n{count(total, 'message')} in the air: nobody knows whether they arrived.")
    yield (
        "Say --sent (it arrived), --again (queue it once more) or --drop of each, or of "
        "--all-unknown:"
    )
    for public_id in found.unknown:
        yield f"  parcours messages settle {public_id} --sent"
