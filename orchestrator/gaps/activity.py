"""A programme that is typically always on, and the signs by which a journey is known to be one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orchestrator.domain.phrase import Phrase

OUTLINES = Path(__file__).parent / "outlines"


class Phase(StrEnum):
    """The four phases of RACE."""

    REACH = "reach"
    ACT = "act"
    CONVERT = "convert"
    ENGAGE = "engage"


class Role(StrEnum):
    """The five stages of the relationship between a shop and its customer."""

    PROSPECT = "prospect"
    LEAD = "lead"
    NEW_CUSTOMER = "new_customer"
    LOYAL = "loyal"
    INACTIVE = "inactive"


#: The stages of the shipped lifecycles, as one of the five.
ALIKE: Mapping[str, Role] = {
    **{str(stage): stage for stage in Role},
    "reach": Role.PROSPECT,
    "act": Role.LEAD,
    "convert": Role.NEW_CUSTOMER,
    "engage": Role.LOYAL,
    "awareness": Role.PROSPECT,
    "engagement": Role.LEAD,
    "evaluation": Role.LEAD,
    "conversion": Role.NEW_CUSTOMER,
    "purchase": Role.NEW_CUSTOMER,
    "post_purchase": Role.NEW_CUSTOMER,
    "retention": Role.LOYAL,
    "advocacy": Role.LOYAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What a journey shows that is such a programme. All that is named must be there; of several
    values one is enough. Events are compared without case.

    `begins` are events of a trigger, `enters` stages that a trigger names, `date` words of a date's
    expression, `segment` words of a segment's name, `hears` events of waits, exits and goals,
    `steps` kinds of steps, `named` words of the journey's id or of its templates' names.
    """

    begins: tuple[str, ...] = ()
    enters: tuple[Role, ...] = ()
    date: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    hears: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One programme. `needs` are events without which it cannot run: one of them is enough, the
    first is the usual one. `touches` is how many messages leaders send; `playbook` the shipped
    programme that fills the gap, "" where an outline does.
    """

    id: str
    title: Phrase
    stage: Role
    phase: Phase
    why: Phrase
    measure: Phrase
    signs: tuple[Sign, ...]
    needs: tuple[str, ...] = ()
    touches: int = 1
    playbook: str = ""

    @property
    def outline(self) -> str:
        """A journey to begin with, as YAML; "" where a programme is shipped."""
        return "" if self.playbook else (OUTLINES / f"{self.id}.yaml").read_text("utf-8")
