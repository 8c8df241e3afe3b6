"""The table of what was spent on marketing.

Declared as those in `tables` are.
"""

from __future__ import annotations

from datetime import date as Date

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel


class SpentRow(SQLModel, table=True):
    """What a campaign of a channel cost on a day, and what the channel says it brought."""

    __tablename__ = "spendings"
    date: Date = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    campaign: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    micros: int = Field(sa_column=Column(BigInteger, nullable=False))  # millionths: exact
    leads: int | None = Field(default=None, sa_column=Column(BigInteger))  # None: it does not say
    impressions: int | None = Field(default=None, sa_column=Column(BigInteger))
    clicks: int | None = Field(default=None, sa_column=Column(BigInteger))


SPENDINGS = SQLModel.metadata.tables[str(SpentRow.__tablename__)]
