"""The tables of instants that call many customers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Table
from sqlmodel import Field, SQLModel

from orchestrator.store.columns import big_field, index_where, time_field


class AppointmentRow(SQLModel, table=True):
    """Somebody was called, and enters at an instant; none yet: those before them are not known.
    `number` is the id of what happened to the business, 0 of a schedule's instant."""

    __tablename__ = "appointments"
    __table_args__ = (
        index_where("enters_at IS NULL", "appointments_to_give", "called_at", "place"),
    )  # fmt: skip
    customer_id: int = big_field(primary_key=True)
    journey: str = Field(primary_key=True)
    called_at: datetime = time_field(nullable=False, primary_key=True)
    number: int = big_field(primary_key=True)
    place: float  # among all who are called, in [0, 1)
    enters_at: datetime | None = time_field()


class MissedCallRow(SQLModel, table=True):
    """An instant that called nobody into a journey, for it passed while Parcours was not running;
    a later one did instead."""

    __tablename__ = "missed_calls"
    journey: str = Field(primary_key=True)
    at: datetime = time_field(nullable=False, primary_key=True)


class TakenAddressRow(SQLModel, table=True):
    """An address has a message of an instant that called many (`domain.copies`)."""

    __tablename__ = "taken_addresses"
    called_at: datetime = time_field(nullable=False, primary_key=True)
    key: int = big_field(primary_key=True)


def _handle(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


APPOINTMENTS = _handle(AppointmentRow)
MISSED_CALLS = _handle(MissedCallRow)
TAKEN_ADDRESSES = _handle(TakenAddressRow)
