"""The table of opens that are counted without persons.

Declared as those in `tables` are.
"""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class OpenCount(SQLModel, table=True):
    """How often the mails of a step were opened on a day of UTC, by whomever."""

    __tablename__ = "open_counts"
    journey: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    template: str = Field(primary_key=True)
    day: str = Field(primary_key=True)  # 2026-11-28
    opens: int


OPEN_COUNTS = SQLModel.metadata.tables[str(OpenCount.__tablename__)]
