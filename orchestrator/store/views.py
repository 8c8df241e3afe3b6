"""The views that figures are made of: the same for people's own tools, for exports and for us.

Each is defined once, here, and made anew with every migration (`migrations/env.py`): a view needs
nothing but the database that it stands in. A column is only ever added at the end, for PostgreSQL
replaces a view only by one that has the columns that it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Row,
    Select,
    Subquery,
    TableClause,
    Text,
    case,
    cast,
    column,
    func,
    literal,
    null,
    or_,
    select,
    table,
    type_coerce,
    union_all,
)
from sqlalchemy.sql.selectable import CompoundSelect
from sqlalchemy.types import NullType, TypeDecorator

from orchestrator.domain.assignment import HELD_OUT, HOLDOUT
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Kind
from orchestrator.domain.message import TAKEN
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import Status
from orchestrator.store.columns import BigId, UtcDateTime
from orchestrator.store.sql_dialect import Postgresql, SqlDialect, Sqlite, dialect_of
from orchestrator.store.tables import (
    ASSIGNMENTS,
    CUSTOMERS,
    DECISIONS,
    ENROLLMENTS,
    EVENTS,
    MESSAGES,
    SPENDINGS,
    STAGE_CHANGES,
)
from orchestrator.store.transaction import Transaction

#: The names that Segment's specification has for an order and for money given back.
ORDER_COMPLETED, ORDER_REFUNDED = "Order Completed", "Order Refunded"
#: What the control group of the whole project is called as an experiment; one of a journey is
#: `<journey>/holdout`, a split `<journey>/<step>`.
GLOBAL_HOLDOUT = HOLDOUT

Column = ColumnElement[Any]
Query = Select[Any] | CompoundSelect[Any]

_customer, _message, _decision = CUSTOMERS.c, MESSAGES.c, DECISIONS.c
_enrollment, _event, _change, _drawn = ENROLLMENTS.c, EVENTS.c, STAGE_CHANGES.c, ASSIGNMENTS.c
_user_id = _customer.external_id.label("user_id")


def _text_at(dialect: SqlDialect, document: Column, key: str) -> Column:
    found = dialect.part(document, key).text
    assert found is not None  # of whatever kind a document's part is
    return found


def _number_at(dialect: SqlDialect, document: Column, key: str) -> Column:
    found = dialect.part(document, key).number
    assert found is not None
    return found


# ---------------------------------------------------------------- messages


def _left_at() -> Column:
    """When a message was handed over; one that never was, when it was decided."""
    return func.coalesce(_message.leased_at, _message.decided_at, type_=_message.decided_at.type)


def _unknown(name: str) -> Column:
    """An instant that only a provider's receipt tells."""
    return cast(null(), UtcDateTime()).label(name)


def _sends(_dialect: SqlDialect) -> Select[Any]:
    m = _message
    return select(
        _user_id,
        _left_at().label("timestamp"),
        m.public_id.label("message_id"),
        *(m.journey, m.version, m.step, m.template, m.channel, m.medium, m.purpose, m.topic),
        *(m.state, m.reason),
        *map(_unknown, ("delivered_at", "opened_at", "clicked_at")),
        *(m.enrollment_id, m.customer_id),
    ).join_from(MESSAGES, CUSTOMERS, _customer.id == m.customer_id)


# ---------------------------------------------------------------- passages


def _first_message_at(dialect: SqlDialect) -> Column:
    """When the first message of an enrollment left, or was held out of the control group."""
    e = _enrollment
    taken = [str(state) for state in TAKEN]
    sent = select(func.min(_left_at(), type_=UtcDateTime())).where(
        _message.enrollment_id == e.id, _message.state.in_(taken)
    )
    held = select(func.min(_decision.at, type_=UtcDateTime())).where(
        _decision.customer_id == e.customer_id,  # whose index there is
        _decision.enrollment_id == e.id,
        _decision.kind == str(DecisionKind.HELD_OUT),
        _text_at(dialect, _decision.detail, "template").is_not(None),
    )
    ways = (e.held_out, held.correlate(ENROLLMENTS).scalar_subquery())
    at = case(ways, else_=sent.correlate(ENROLLMENTS).scalar_subquery())
    return type_coerce(at, UtcDateTime()).label("first_message_at")


def _entries(dialect: SqlDialect) -> Select[Any]:
    """Every enrollment but those that were merged into another of the same customer."""
    e = _enrollment
    return (
        select(
            _user_id,
            e.entered_at.label("timestamp"),
            *(e.journey, e.version, e.held_out, e.status, e.ended_at),
            _first_message_at(dialect),
            *(e.goal_until, e.converted_at, e.goal_value.label("value")),
            *(e.id.label("enrollment_id"), e.customer_id),
        )
        .join_from(ENROLLMENTS, CUSTOMERS, _customer.id == e.customer_id)
        .where(e.status != str(Status.MERGED))
    )


def _conversions(dialect: SqlDialect) -> Select[Any]:
    e = _enrollment
    return (
        select(
            _user_id,
            e.converted_at.label("timestamp"),
            *(e.journey, e.goal_value.label("value"), e.held_out, e.entered_at),
            _first_message_at(dialect),
            *(e.id.label("enrollment_id"), e.customer_id),
        )
        .join_from(ENROLLMENTS, CUSTOMERS, _customer.id == e.customer_id)
        .where(e.converted_at.is_not(None), e.status != str(Status.MERGED))
    )


# ---------------------------------------------------------------- experiments


def _exposures(dialect: SqlDialect) -> CompoundSelect[Any]:
    return union_all(_splits(dialect), _holdouts(), _global_holdout())


def _splits(dialect: SqlDialect) -> Select[Any]:
    """Each time somebody comes to a split."""
    d = _decision
    return (
        select(
            _user_id,
            d.at.label("timestamp"),
            (d.journey + "/" + d.step).label("experiment_id"),
            _text_at(dialect, d.detail, "variant").label("variation_id"),
            *(d.journey, d.step, d.enrollment_id, d.customer_id),
            _number_at(dialect, d.detail, "propensity").label("propensity"),
        )
        .join_from(DECISIONS, CUSTOMERS, _customer.id == d.customer_id)
        .where(d.kind == str(DecisionKind.BRANCHED), d.reason == str(Reason.VARIANT))
    )


def _holdouts() -> Select[Any]:
    """Each time somebody enters a journey that has a control group, as one drawn for it."""
    e, drawn = _enrollment, _drawn
    return (
        select(
            _user_id,
            e.entered_at,
            (e.journey + f"/{HOLDOUT}"),
            drawn.variant,
            *(e.journey, drawn.step, e.id, e.customer_id, cast(null(), Float)),
        )
        .join_from(ENROLLMENTS, CUSTOMERS, _customer.id == e.customer_id)
        .join(
            ASSIGNMENTS,
            (drawn.customer_id == e.customer_id)
            & (drawn.journey == e.journey)
            & (drawn.step == HOLDOUT),
        )
        .where(
            drawn.at <= e.entered_at,
            e.held_out == (drawn.variant == HELD_OUT),  # not so once the control group is gone
            e.status != str(Status.MERGED),
        )
    )


def _global_holdout() -> Select[Any]:
    """Once for each customer, when they were drawn."""
    drawn = _drawn
    return (
        select(
            *(_user_id, drawn.at, literal(GLOBAL_HOLDOUT, Text), drawn.variant),
            *(drawn.journey, drawn.step, cast(null(), BigId)),
            *(drawn.customer_id, cast(null(), Float)),
        )
        .join_from(ASSIGNMENTS, CUSTOMERS, _customer.id == drawn.customer_id)
        .where(drawn.journey == "", drawn.step == HOLDOUT)
    )


# ---------------------------------------------------------------- orders and stages


def _orders(dialect: SqlDialect) -> Select[Any]:
    """Every order and every refund that came in, each call once, however often it was sent."""
    ev = _event
    kinds = {ORDER_COMPLETED: "order", ORDER_REFUNDED: "refund"}
    return (
        select(
            _user_id,
            ev.at.label("timestamp"),
            _text("order_id").label("order_id"),
            case(kinds, value=ev.name).label("kind"),
            _amount(dialect, "total").label("amount"),
            func.upper(func.trim(_text("currency")), type_=Text).label("currency"),
            _text("coupon").label("coupon"),
            ev.id.label("event_id"),
            ev.customer_id,
        )
        .join_from(EVENTS, CUSTOMERS, _customer.id == ev.customer_id)
        .where(ev.kind == int(Kind.TRACK), ev.name.in_(list(kinds)))
    )


def _text(key: str) -> Column:
    """A property as text; ids of orders may be numbers."""
    return cast(_event.properties[key].as_string(), Text)


def _amount(dialect: SqlDialect, key: str) -> Column:
    """A property as a number, also one that is written as text."""
    told = _text_at(dialect, _event.properties, key)
    read = _amount_of_sqlite if isinstance(dialect, Sqlite) else func.parcours_amount
    number = _number_at(dialect, _event.properties, key)
    return func.coalesce(number, read(told), type_=Float)


def _amount_of_sqlite(told: Column) -> Column:
    """As `domain.values.read_amount`, for tools that know SQLite's own functions only."""
    trimmed = func.trim(told, " \t\n\r\f\v", type_=Text)
    plain = (
        _is_like(trimmed, "[-+0-9.]*")
        & _is_like(trimmed, "*[0-9]*")
        & ~_is_like(trimmed, "*.*.*")
        & ~_is_like(func.substr(trimmed, 2), "*[^0-9.]*")
    )
    kind = case((func.json_valid(trimmed) == 1, func.json_type(trimmed, type_=Text)), else_="")
    is_number = or_(plain, kind.in_(["integer", "real"])) & (func.length(told) <= 50)
    return case((is_number, cast(trimmed, Float)))


def _is_like(told: Column, pattern: str) -> ColumnElement[bool]:
    return told.op("GLOB", is_comparison=True)(pattern)


def _stages(_dialect: SqlDialect) -> Select[Any]:
    s = _change
    return (
        select(
            _user_id,
            s.at.label("timestamp"),
            *(s.came_from, s.to.label("stage"), s.cause, s.customer_id),
        )
        .join_from(STAGE_CHANGES, CUSTOMERS, _customer.id == s.customer_id)
        .where(s.segment.is_(None))
    )


# ---------------------------------------------------------------- money spent


def _spend(_dialect: SqlDialect) -> Select[Any]:
    s = SPENDINGS.c
    return select(
        *(s.date, s.channel, s.campaign),
        (cast(s.micros, Float) / 1_000_000).label("amount"),
        *(s.currency, s.leads, s.impressions, s.clicks),
    )


# ---------------------------------------------------------------- all of them

#: Every view by its name, and what it selects.
VIEWS: Mapping[str, Any] = {
    "sends": _sends,
    "entries": _entries,
    "conversions": _conversions,
    "exposures": _exposures,
    "orders": _orders,
    "stages": _stages,
    "spend": _spend,
}


def view(name: str) -> TableClause:
    """A view to select from: its columns have the types of what it is made of."""
    made: Subquery = VIEWS[name](Postgresql()).subquery()
    return table(name, *(column(one.name, one.type) for one in made.c))


def types_of(name: str) -> dict[str, type[Any]]:
    """What each column of a view holds, in its order."""
    return {str(one.name): _python_type(one) for one in view(name).c}


def _python_type(one: Column) -> type[Any]:
    kind = one.type.impl_instance if isinstance(one.type, TypeDecorator) else one.type
    return str if isinstance(kind, NullType) else kind.python_type


def walk_view(transaction: Transaction, name: str, count: int) -> Iterator[Sequence[Row[Any]]]:
    """The rows of a view, some at a time."""
    options = {"yield_per": count}
    with transaction.execute(select(view(name)), execution_options=options) as found:
        yield from found.partitions()


def make_views(connection: Connection) -> None:
    """Makes every view, or makes it anew."""
    is_sqlite = connection.dialect.name == "sqlite"
    replace = "CREATE VIEW" if is_sqlite else "CREATE OR REPLACE VIEW"
    for name, define in VIEWS.items():
        query = define(dialect_of(is_sqlite))
        told = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        connection.exec_driver_sql(f"{replace} {name} AS {told}")


def drop_views(connection: Connection) -> None:
    """SQLite renames no table that a view names, and a migration there renames tables; PostgreSQL
    keeps them, with who may read them."""
    if connection.dialect.name == "sqlite":
        for name in VIEWS:
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
