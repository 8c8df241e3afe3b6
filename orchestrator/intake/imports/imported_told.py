"""What became of a table, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestrator.domain.answer import Notice, Part
from orchestrator.domain.formatting import count
from orchestrator.domain.phrase import say
from orchestrator.intake.imports.csv_table import ForeignTable
from orchestrator.intake.imports.importing import TableTaken

LINES_SHOWN = 20

#: In the order in which they are told.
COUNTED = {
    "new customers": say("new customers"),
    "changed customers": say("changed customers"),
    "unchanged customers": say("unchanged customers"),
    "new answers about consent": say("new answers about consent"),
    "known answers about consent": say("answers about consent that were known"),
    "new orders": say("new orders"),
    "known orders": say("orders that were known"),
    "new refunds": say("new refunds"),
    "known refunds": say("refunds that were known"),
    "new suppressions": say("addresses nobody will write to any more"),
    "known suppressions": say("addresses that nobody wrote to already"),
}

#: What goes through the inbox.
_THAT_WAIT = ("new customers", "changed customers", "new answers about consent", "new orders")


def tell(
    done: TableTaken,
    table: ForeignTable,
    *,
    dry: bool,
    now: str | None = None,
    calls: Path | None = None,
) -> Iterator[Part]:
    """The counts, and the rows that could not be read, by their reason."""
    rows = count(done.rows, "row")
    if calls is not None:
        yield say("{rows} of {file} as calls in {calls}", rows=rows, file=table.name, calls=calls)
    elif dry:
        yield say("{rows} of {file}: nothing is written, this would be", rows=rows, file=table.name)
    else:
        yield say("{rows} of {file}", rows=rows, file=table.name)
    for name, told in COUNTED.items():
        if number := done.counts[name]:
            yield say("  {what}: {number}", number=f"{number:,}", what=told)
    for why, number in sorted(done.left_out.items()):
        yield say("  left out, {why}: {number}", number=f"{number:,}", why=why)
    for fault in done.faults.values():
        shown = ", ".join(map(str, fault.lines[:LINES_SHOWN]))
        more = "" if len(fault.lines) <= LINES_SHOWN else ", …"
        yield Notice(
            say(
                "  refused, {why}: {number} (line {lines})",
                number=f"{len(fault.lines):,}",
                why=fault.text,
                lines=shown + more,
            )
        )
    if not table.is_utf8:
        yield Notice(
            say(
                "{file} is not UTF-8 and was read as Windows-1252: look at its names",
                file=table.name,
            )
        )
    if not dry and any(done.counts[name] for name in _THAT_WAIT):
        yield _what_is_next(now)


def _what_is_next(now: str | None) -> str:
    if now is not None:
        return say(
            "They wait in the inbox: type `parcours tick --now {now}`, or a later instant.", now=now
        )
    return say("They wait in the inbox: a running `parcours up` takes them, or `parcours tick`.")


def as_data(done: TableTaken, *, dry: bool) -> dict[str, object]:
    """The same for machines, with every line that was refused."""
    return {
        "dry_run": dry,
        "rows": done.rows,
        "counts": dict(done.counts),
        "left_out": dict(done.left_out),
        "refused": [{"why": one.text, "lines": one.lines} for one in done.faults.values()],
    }
