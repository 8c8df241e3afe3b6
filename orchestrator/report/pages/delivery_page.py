"""Deliverability: what left by each channel, what did not and why, and what stands still."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from orchestrator.domain.message import ARRIVED, FAILED, TAKEN, MessageState
from orchestrator.domain.phrase import say, verbatim
from orchestrator.measure.reason_words import tell_reason
from orchestrator.measure.status import Overview, read_status
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.page_blocks import (
    Alert,
    Alerts,
    Block,
    Grid,
    Page,
    Plot,
    Section,
    Tile,
    Tiles,
)
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import Badge, Portion, Value
from orchestrator.report.plots import PlotLine, draw_lines
from orchestrator.store.delivery_figures import Sent, count_suppressed, walk_sent

TITLE = say("Deliverability")
SHOWN = timedelta(days=30)
NO_MESSAGE = say("No message was sent yet.")


def delivery_page(source: Source, asked: PageAsked) -> Page:
    """The last 30 days by channel, then everything that was not sent, by its reason."""
    media = source.config.channels.media
    found = read_status(source.database, source.journeys, source.now, media)
    with source.database.read() as transaction:
        sent = list(walk_sent(transaction, source.now - SHOWN))
        suppressed = count_suppressed(transaction)
    blocks: list[Block] = [
        Alerts(list(_held(found)), say("Every channel works.")),
        _tiles(found),
        Section(say("By channel"), [_channels(found)]),
        Section(say("The last 30 days"), list(_days(source, sent))),
        Section(say("Why messages were not sent"), [_reasons(found)]),
        Section(say("Addresses nobody writes to any more"), [_suppressed(suppressed)]),
    ]
    if found.opens:
        blocks.append(Section(say("Opens, counted without persons"), [_opens(found)]))
    return Page(TITLE, blocks)


def _held(found: Overview) -> Iterator[Alert]:
    for channel, reason in found.held_channels.items():
        text = say("{channel} stands still: {reason}", channel=channel, reason=reason)
        yield Alert(text, "bad")
    if found.unknown:
        text = say("Nobody knows whether some messages arrived. The newest is {id}.",
                   id=found.unknown[0])  # fmt: skip
        yield Alert(text, "bad", command="parcours messages list --state unknown")


def _tiles(found: Overview) -> Tiles:
    states: Counter[str] = Counter()
    for counts in found.messages.values():
        states.update(counts)
    taken = sum(states[state] for state in TAKEN)
    refused = sum(sum(reasons.values()) for reasons in found.not_sent.values())
    failed = sum(states[state] for state in FAILED)
    bounced = states[MessageState.BOUNCED] + states[MessageState.REJECTED]
    return Tiles(
        [
            Tile(say("Sent"), taken),
            Tile(say("Not sent"), refused, note=say("by your own rules: consent, caps, addresses")),
            Tile(say("Bounced or rejected"), bounced),
            Tile(say("Failed"), failed),
        ]
    )


def _channels(found: Overview) -> Grid:
    rows: list[list[Value]] = []
    for channel in sorted(found.messages.keys() | found.not_sent.keys()):
        counts = found.messages.get(channel, {})
        arrived = sum(counts.get(state, 0) for state in ARRIVED)
        bounced = counts.get(MessageState.BOUNCED, 0) + counts.get(MessageState.REJECTED, 0)
        handed = arrived + bounced + counts.get(MessageState.COMPLAINED, 0)
        held = found.held_channels.get(channel)
        rows.append(
            [
                channel or say("of steps that are gone"),
                Badge(say("stands still"), "bad") if held else Badge(say("works"), "good"),
                counts.get(MessageState.QUEUED, 0),
                arrived,
                bounced,
                Portion(bounced / handed) if handed else None,
                counts.get(MessageState.FAILED, 0),
                counts.get(MessageState.UNKNOWN, 0),
                sum(found.not_sent.get(channel, {}).values()),
            ]
        )
    head = (
        say("Channel"), say("State"), say("Waiting"), say("Sent"), say("Bounced or rejected"),
        say("Bounce rate"), say("Failed"), say("Unknown"), say("Not sent"),
    )  # fmt: skip
    return Grid("channels", say("By channel"), head, rows, NO_MESSAGE)


def _days(source: Source, sent: list[Sent]) -> Iterator[Block]:
    """A line for each channel, a point for each day."""
    by_channel: dict[str, Counter[date]] = defaultdict(Counter)
    for one in sent:
        by_channel[one.channel][one.at.astimezone(source.zone).date()] += 1
    last = source.now.astimezone(source.zone).date()
    days = [last - timedelta(days=ago) for ago in range(SHOWN.days, -1, -1)]
    if not sent:
        yield Grid("days", say("Messages a day"), (), (), NO_MESSAGE)
        return
    channels = sorted(by_channel.items())
    lines = [PlotLine(channel, [counts[day] for day in days]) for channel, counts in channels]
    rows: list[list[Value]] = [
        [day.isoformat(), *(counts[day] for _, counts in channels)] for day in days
    ]
    head = (say("Day"), *(verbatim(line.name) for line in lines))
    grid = Grid("days", say("Messages a day"), head, rows)
    about = say("Messages a day for 30 days, a line for each channel; the figures stand below.")
    svg = draw_lines([f"{day:%d.%m}" for day in days], lines)
    yield Plot(say("Messages a day"), svg, about, grid)


def _reasons(found: Overview) -> Grid:
    rows: list[list[Value]] = [
        [channel or say("of steps that are gone"), tell_reason(reason), number]
        for channel, reasons in sorted(found.not_sent.items())
        for reason, number in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    ]
    head = (say("Channel"), say("Why"), say("Not sent"))
    return Grid("not_sent", say("Why messages were not sent"), head, rows,
                say("Everything that was decided was sent."))  # fmt: skip


def _suppressed(counted: list[tuple[str, str, int]]) -> Grid:
    rows: list[list[Value]] = [
        [scope, reason.replace("_", " "), number] for scope, reason, number in counted
    ]
    head = (say("For"), say("Why"), say("How many"))
    title = say("Addresses nobody writes to any more")
    return Grid("suppressed", title, head, rows, say("There is none."))


def _opens(found: Overview) -> Grid:
    rows: list[list[Value]] = [list(one) for one in found.opens]
    head = (say("Journey"), say("Mail"), say("Opens"))
    return Grid("opens", say("Opens, counted without persons"), head, rows)
