"""Rows as calls: what a customer is, what they agreed to, and what they ordered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Cells
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import groupby

import orjson

from orchestrator.intake.imports.cells import CellUnreadable, Reader, amount_in, name_of, value_in
from orchestrator.intake.imports.csv_table import TableRow
from orchestrator.intake.imports.mapping import ConsentColumn, Mapping, OrderColumns, ProductColumns

CallBody = dict[str, object]


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a row, or of the rows of one order: `calls`, or why there are none. `left_out`
    is by the mapping's own rule, `refused` a fault of the row. `email` finds who has no `user_id`.
    """

    line: int
    user_id: str | None = None
    email: str | None = None
    calls: tuple[CallBody, ...] = ()
    left_out: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of one file are read. `file` is the proof of what they say."""

    mapping: Mapping
    reader: Reader
    file: str
    _seen: dict[str, int] = field(default_factory=dict)

    def customers(self, rows: Iterable[TableRow]) -> Iterator[Made]:
        """A call for each customer, one more for each consent that names its own time."""
        for row in rows:
            try:
                yield self._person(row, (*self._identify(row), *self._consents(row)))
            except CellUnreadable as error:
                yield Made(row.line, refused=str(error))

    def orders(self, rows: Iterable[TableRow]) -> Iterator[Made]:
        """A call for each order, one more for its refund. The rows of an order stand together."""
        columns = self.mapping.order
        assert columns is not None  # `read_mapping` sees to it
        for order_id, some in groupby(rows, lambda row: value_in(row.cells, columns.id)):
            lines = list(some)
            if order_id is None:
                for row in lines:
                    yield Made(row.line, refused=f"'{name_of(columns.id)}' is empty")
                continue
            if order_id in self._seen:
                first = self._seen[order_id]
                yield Made(
                    lines[0].line, refused=f"order {order_id} stands in line {first} already"
                )
                continue
            self._seen[order_id] = lines[0].line
            try:
                yield self._order(order_id, lines, columns)
            except CellUnreadable as error:
                yield Made(lines[0].line, refused=str(error))

    # ------------------------------------------------------------ customers

    def _person(self, row: TableRow, calls: tuple[CallBody, ...]) -> Made:
        who = self.mapping.who
        user_id, email = value_in(row.cells, who.user_id), value_in(row.cells, who.email)
        if user_id is None and email is None:
            wanted = " or ".join(f"'{name_of(c)}'" for c in (who.user_id, who.email) if c)
            return Made(row.line, refused=f"nobody is named: {wanted} must hold who it is")
        if not calls:
            return Made(row.line, user_id, email, left_out="says nothing of what is asked for")
        return Made(row.line, user_id, email, calls)

    def _identify(self, row: TableRow) -> Iterator[CallBody]:
        mapping, cells = self.mapping, row.cells
        columns = dict(mapping.traits)
        if mapping.kind == "customers" and mapping.who.email:
            columns.setdefault("email", mapping.who.email)
        traits = {
            name: value for name, column in columns.items() if (value := value_in(cells, column))
        }
        if traits:
            yield {
                "type": "identify",
                "traits": traits,
                **_at(self.reader.instant(cells, mapping.at)),
            }

    def _consents(self, row: TableRow) -> Iterator[CallBody]:
        for column in self.mapping.consent:
            answer = _answer(row.cells, column)
            if answer is None:
                continue
            said: dict[str, object] = {column.channel: answer} if column.channel else {}
            if column.topic:
                said["topics"] = {column.topic: answer}
            proof = {"file": self.file, "column": name_of(column.column)}
            if source := value_in(row.cells, column.source):
                proof["source"] = source
            yield {
                "type": "identify",
                "traits": {"consent": said},
                "context": {"proof": proof},
                **_at(self.reader.instant(row.cells, column.at)),
            }

    # ------------------------------------------------------------ orders

    def _order(self, order_id: str, rows: list[TableRow], columns: OrderColumns) -> Made:
        first, cells = rows[0].line, rows[0].cells
        status = value_in(cells, columns.status)
        if columns.counts and (status or "").casefold() not in map(str.casefold, columns.counts):
            return Made(first, left_out=f"{name_of(columns.status)}: {status or 'empty'}")
        at, total = self.reader.instant(cells, columns.at), amount_in(cells, columns.total)
        if at is None or total is None:
            empty = name_of(columns.at if at is None else columns.total)
            return Made(first, refused=f"order {order_id}: '{empty}' is empty")
        order: dict[str, object] = {"order_id": order_id, "total": total}
        if currency := value_in(cells, columns.currency):
            order["currency"] = currency.upper()
        refund = amount_in(cells, columns.refunded)
        calls = [_track("Order Completed", at, order | self._more(rows, columns))]
        if refund:
            when = self.reader.instant(cells, columns.refunded_at) or at
            calls.append(_track("Order Refunded", when, order | {"total": refund}))
        if email := value_in(cells, self.mapping.who.email):
            # As old as the order: it never takes the place of an address that is newer.
            calls.insert(0, {"type": "identify", "traits": {"email": email}, **_at(at)})
        return self._person(rows[0], tuple(calls))

    def _more(self, rows: list[TableRow], columns: OrderColumns) -> dict[str, object]:
        more: dict[str, object] = {}
        if coupon := value_in(rows[0].cells, columns.coupon):
            more["coupon"] = coupon
        if self.mapping.product is not None:
            products = [p for row in rows for p in read_products(row.cells, self.mapping.product)]
            if products:
                more["products"] = products
        return more


def read_products(cells: Cells[str, str], columns: ProductColumns) -> Iterator[dict[str, object]]:
    """The products that a row tells of."""
    if columns.column is None:
        found = _product(cells, columns)
        if found:
            yield found
        return
    for part in (value_in(cells, columns.column) or "").split(columns.each):
        pairs = (pair.partition(":") for pair in part.split(columns.between))
        inside = {name.strip(): value.strip() for name, _, value in pairs if value.strip()}
        found = _product(inside, columns)
        if found:
            yield found


def _product(cells: Cells[str, str], columns: ProductColumns) -> dict[str, object]:
    texts = {
        "product_id": value_in(cells, columns.product_id),
        "name": value_in(cells, columns.name),
    }
    numbers = {
        "price": amount_in(cells, columns.price),
        "quantity": amount_in(cells, columns.quantity),
    }
    if not any(texts.values()):
        return {}
    return {name: value for name, value in {**texts, **numbers}.items() if value is not None}


def message_id(user_id: str, call: CallBody) -> str:
    """The same for the same call of the same customer, so that a file taken in twice counts once.
    An order and its refund are known by their own number, whatever else changes in the file."""
    properties = call.get("properties")
    told: object = call
    if isinstance(properties, dict):
        told = [call.get("event"), properties.get("order_id")]
    text = orjson.dumps([user_id, told], option=orjson.OPT_SORT_KEYS)
    return f"import-{blake2b(text, digest_size=16).hexdigest()}"


def _answer(cells: Cells[str, str], column: ConsentColumn) -> bool | None:
    text = (value_in(cells, column.column) or "").casefold()
    if text in map(str.casefold, column.yes):
        return True
    return False if text in map(str.casefold, column.no) else None


def _at(instant: datetime | None) -> CallBody:
    return {} if instant is None else {"timestamp": instant.isoformat()}


def _track(event: str, at: datetime, properties: dict[str, object]) -> CallBody:
    return {"type": "track", "event": event, "properties": properties, **_at(at)}
