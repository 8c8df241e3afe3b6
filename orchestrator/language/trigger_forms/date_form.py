"""The trigger by a date of the customer's own, or of their account's."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from orchestrator.domain.expression import Invoke, Name, Value, walk
from orchestrator.domain.occasions import Every
from orchestrator.domain.phrase import say
from orchestrator.domain.triggers import DateTrigger, IfLate, Trigger
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import AnyDuration, Clock
from orchestrator.language.trigger_forms.trigger_form import TriggerForm


class OnDate(TriggerForm, word="date", example="{date: customer.birthday, every: year}"):
    date: str
    every: Literal["year", "month"] | None = None
    offset: AnyDuration = timedelta(0)
    at: Clock | None = None
    late: Literal["start", "skip"] | None = None

    def build(self, place: Place) -> Trigger | None:
        condition, date = self.condition(place), place.at("date").computed(self.date, self.where)
        if date is None or not _is_of_the_customer(date, place.at("date")):
            return None
        return DateTrigger(
            date,
            Every(self.every) if self.every else None,
            self.offset,
            self.at,
            IfLate(self.late) if self.late else None,
            condition=condition,
        )


def _is_of_the_customer(date: Value, place: Place) -> bool:
    """Whether a date moves with what is known of the customer, or their account, only, and not with
    time.
    """
    parts = [part for tree in date.trees for part in walk(tree)]
    if any(part in (Name("customer"), Name("account")) for part in parts) and not any(
        isinstance(part, Invoke) or part == Name("now") for part in parts
    ):
        return True
    place.error(
        say(
            "'{source}' is no date of the customer's: write a trait or a fact, "
            "such as customer.birthday",
            source=date.source,
        )
    )
    return False
