"""A customer as the database gave them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from orchestrator.domain.consent import ConsentKey
from orchestrator.domain.state import Choice, CustomerState, Membership
from orchestrator.store.memberships import read_memberships, write_memberships


class StoredCustomer(CustomerState):
    """One as they were read. What most lines neither ask nor change is opened with the first
    question: what was agreed to, the segments, and when traits were set. Text is what nobody has
    opened.
    """

    __slots__ = ("_choices", "_memberships", "_times")

    @property
    def consent(self) -> dict[ConsentKey, Choice]:
        if isinstance(self._choices, str):
            self._choices: dict[ConsentKey, Choice] | str = read_choices(
                orjson.loads(self._choices)
            )
        return self._choices

    @consent.setter
    def consent(self, choices: dict[ConsentKey, Choice] | str) -> None:
        self._choices = choices

    @property
    def segments(self) -> dict[str, Membership]:
        if isinstance(self._memberships, str):
            self._memberships: dict[str, Membership] | str = read_memberships(
                orjson.loads(self._memberships)
            )
        return self._memberships

    @segments.setter
    def segments(self, memberships: dict[str, Membership] | str) -> None:
        self._memberships = memberships

    @property
    def trait_times(self) -> dict[str, str]:
        if isinstance(self._times, str):
            self._times: dict[str, str] | str = orjson.loads(self._times)
        return self._times

    @trait_times.setter
    def trait_times(self, times: dict[str, str] | str) -> None:
        self._times = times

    def unopened(self) -> tuple[object, object, object]:
        """Consent, segments and the times of traits, as the row holds them, or as the very text
        that was read where nobody has asked: so it cannot have changed.
        """
        choices, memberships = self._choices, self._memberships
        return (
            choices if isinstance(choices, str) else write_choices(choices),
            memberships if isinstance(memberships, str) else write_memberships(memberships),
            self._times,
        )


def read_choices(stored: dict[str, dict[str, Any]]) -> dict[ConsentKey, Choice]:
    """The choices of a customer's row, newest last. Rows of earlier versions may know a topic in
    several spellings.
    """
    if not stored:
        return {}
    choices = {
        key: Choice(value["granted"], datetime.fromisoformat(value["at"]), value["source"])
        for key, value in stored.items()
    }
    by_time = sorted(choices.items(), key=lambda one: one[1].at)
    return {ConsentKey(key.lower()): choice for key, choice in by_time}


def write_choices(choices: Mapping[ConsentKey, Choice]) -> dict[str, dict[str, object]]:
    """The same as the row holds them."""
    return {
        key: {"granted": c.granted, "at": c.at.isoformat(), "source": c.source}
        for key, c in choices.items()
    }
