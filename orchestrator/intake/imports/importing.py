"""A table taken in, or only counted: what is new, what changes, what is known already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Known
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import BinaryIO, TypeVar

from orchestrator.config import Config
from orchestrator.domain.errors import CallRejected, ParcoursError
from orchestrator.domain.identity import fold_address
from orchestrator.domain.medium import Medium
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.intake.calls import Reception, accept_call
from orchestrator.intake.imports.cells import Reader, name_of, value_in
from orchestrator.intake.imports.csv_table import ForeignTable, TableRow
from orchestrator.intake.imports.mapping import Mapping, TableKind
from orchestrator.intake.imports.row_calls import CallBody, Made, Rows, message_id
from orchestrator.intake.typed_addresses import change_by_hand, read_address
from orchestrator.store import suppressions
from orchestrator.store.customers_by_email import find_ids, known_traits
from orchestrator.store.database import Database
from orchestrator.store.events import known_message_ids
from orchestrator.store.inbox import InboxEntry, waiting_ids, write_inbox

SOURCE = "import"
ROWS_AT_ONCE = 1000

T = TypeVar("T")


@dataclass(slots=True)
class RowFault:
    """Rows that were refused for one reason, by the lines they begin at."""

    text: str
    lines: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Filed:
    """A call ready for the inbox, and whose it is."""

    entry: InboxEntry
    user_id: str
    call: CallBody


@dataclass(slots=True)
class TableTaken:
    """What was, or would be, done. `counts` are by what it is (`new customers`, …), `left_out` by
    the mapping's own rules."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    faults: dict[str, RowFault] = field(default_factory=dict)
    _met: set[int] = field(default_factory=set)  # hashes: a million ids need not stay in memory

    @property
    def refused(self) -> int:
        """How many rows could not be read."""
        return sum(len(one.lines) for one in self.faults.values())

    def note(self, one: Filed, before: Known[str, object] | None, *, is_old: bool) -> None:
        """Counts a call; `before` are the traits of its customer, who counts once however many
        rows are theirs."""
        traits = one.call.get("traits")
        if not isinstance(traits, dict):
            is_order = one.call["event"] == "Order Completed"
            what = "orders" if is_order else "refunds"
        elif "consent" in traits:
            what = "answers about consent"
        else:
            if hash(one.user_id) not in self._met:
                self._met.add(hash(one.user_id))
                self.counts[f"{_news_of(traits, before, is_old)} customers"] += 1
            return
        self.counts[f"{'known' if is_old else 'new'} {what}"] += 1

    def refuse(self, line: int, text: str) -> None:
        self.faults.setdefault(text, RowFault(text)).lines.append(line)


@dataclass(frozen=True, slots=True)
class Import:
    """How a file is taken in. `starts`: calls that are young enough start journeys; else all of it
    is history. `dry`: counted, and nothing written. `copy`: where the calls are written to, a line
    each, known ones too."""

    database: Database
    config: Config
    mapping: Mapping
    now: datetime
    starts: bool = False
    dry: bool = False
    copy: BinaryIO | None = None

    def take(self, table: ForeignTable) -> TableTaken:
        """Takes a whole table in, in batches; raises ParcoursError for one that lacks columns."""
        require_columns(table, self.mapping)
        done = TableTaken()
        if self.mapping.kind is TableKind.SUPPRESSIONS:
            for some in _batches(self._counted(table.rows(), done)):
                self._suppress(some, done)
            return done
        zone = find_zone(self.config.project.timezone)
        assert zone is not None  # config refuses unknown zones
        rows = Rows(
            self.mapping, Reader(self.mapping.zone_or(zone), self.mapping.dates), table.name
        )
        counted = self._counted(table.rows(), done)
        is_order = self.mapping.kind is TableKind.ORDERS
        for batch in _batches(rows.orders(counted) if is_order else rows.customers(counted)):
            self._file(batch, done)
        return done

    def _counted(self, rows: Iterable[TableRow], done: TableTaken) -> Iterator[TableRow]:
        for row in rows:
            done.rows += 1
            yield row

    # ------------------------------------------------------------ calls

    def _file(self, batch: Sequence[Made], done: TableTaken) -> None:
        with self.database.read() as transaction:
            emails = {fold_address(one.email) for one in batch if one.email and not one.user_id}
            by_email = find_ids(transaction, emails)
        told = list(self._entries(batch, by_email, done))
        with self.database.read() as transaction:
            ids = {one.entry.message_id for one in told}
            old = known_message_ids(transaction, ids) | waiting_ids(transaction, ids)
            traits = known_traits(transaction, {one.user_id for one in told})
        for one in told:
            done.note(one, traits.get(one.user_id), is_old=one.entry.message_id in old)
            if self.copy is not None:
                self.copy.write(one.entry.raw + b"\n")
        if not self.dry:
            fresh = [one.entry for one in told if one.entry.message_id not in old]
            write_inbox(self.database, fresh, [])

    def _entries(
        self, batch: Sequence[Made], by_email: Known[str, str], done: TableTaken
    ) -> Iterator[Filed]:
        age = self.config.ingest_max_age if self.starts else -timedelta.resolution
        reception = Reception(self.now, age, SOURCE)
        for one in batch:
            if one.refused:
                done.refuse(one.line, one.refused)
            elif one.left_out:
                done.left_out[one.left_out] += 1
            else:
                user = one.user_id or by_email.get(fold_address(one.email or ""))
                user = user or (one.email or "").lower()
                for call in one.calls:
                    whole = {**call, "userId": user, "messageId": message_id(user, call)}
                    try:
                        yield Filed(accept_call(whole, reception), user, call)
                    except CallRejected as error:
                        done.refuse(one.line, str(error))

    # ------------------------------------------------------------ suppressions

    def _suppress(self, rows: Sequence[TableRow], done: TableTaken) -> None:
        columns = self.mapping.suppression
        assert columns is not None  # `read_mapping` sees to it
        with self.database.write() as transaction:
            for row in rows:
                text = value_in(row.cells, columns.address)
                if text is None:
                    done.refuse(row.line, f"'{name_of(columns.address)}' is empty")
                    continue
                try:
                    address = read_address(self.config, text, Medium(columns.channel))
                except ParcoursError as error:
                    done.refuse(row.line, str(error))
                    continue
                reason = value_in(row.cells, columns.reason) or "imported"
                change = change_by_hand(self.config, address, reason, self.now)
                known = bool(
                    suppressions.list_suppressed(transaction, change.medium, change.address)
                )
                done.counts["known suppressions" if known else "new suppressions"] += 1
                if not known and not self.dry:
                    suppressions.add(transaction, change)


def _news_of(said: Known[str, object], before: Known[str, object] | None, is_old: bool) -> str:
    if is_old:
        return "unchanged"
    if before is None:
        return "new"
    is_same = all(before.get(name) == value for name, value in said.items())
    return "unchanged" if is_same else "changed"


def require_columns(table: ForeignTable, mapping: Mapping) -> None:
    """Raises ParcoursError for a column that a mapping names and the file lacks."""
    for column in mapping.columns():
        if (
            not column.endswith("?")
            and column not in table.columns
            and not _inside(column, mapping)
        ):
            raise ParcoursError(
                f"{table.name} has no column '{column}'{did_you_mean(column, table.columns)}: "
                f"{_has(table)}"
            )
    who = [name_of(one) for one in (mapping.who.user_id, mapping.who.email) if one]
    if who and not set(who) & set(table.columns):
        raise ParcoursError(
            f"{table.name} has none of the columns that say who it is ({', '.join(who)}): "
            f"{_has(table)}"
        )


def _has(table: ForeignTable) -> str:
    return f"it has {', '.join(filter(None, table.columns))}"


def _inside(column: str, mapping: Mapping) -> bool:
    """Whether a name is one inside the cell that holds all products."""
    product = mapping.product
    if product is None or product.column is None:
        return False
    return column in (product.name, product.product_id, product.price, product.quantity)


def _batches(made: Iterable[T]) -> Iterator[list[T]]:
    batch: list[T] = []
    for one in made:
        batch.append(one)
        if len(batch) == ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
