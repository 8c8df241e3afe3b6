"""An audience as a file for ad platforms, and who of it is left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.config import Config
from orchestrator.domain.ad_matching import LeftOut, Platform, Row, reach, row
from orchestrator.domain.lifecycle import Lifecycle
from orchestrator.domain.program import Program
from orchestrator.domain.schedule import find_zone
from orchestrator.store.audiences import find_members
from orchestrator.store.line_loading import load_readers
from orchestrator.store.transaction import Transaction, chunked


@dataclass(slots=True)
class AudienceFile:
    """The rows for a platform; `left_out` counts by reason."""

    rows: list[Row] = field(default_factory=list)
    left_out: Counter[LeftOut] = field(default_factory=Counter)

    @property
    def told_left_out(self) -> str:
        """`, 3 left out: no consent to marketing (2), no address and no number (1)`."""
        if not self.left_out:
            return ""
        why = ", ".join(f"{reason} ({number:,})" for reason, number in self.left_out.most_common())
        return f", {self.left_out.total():,} left out: {why}"


def read_audience(
    transaction: Transaction, config: Config, audience: str, platform: Platform, now: datetime
) -> AudienceFile:
    """Everybody who is in an audience now and may be told of, in the order of their ids."""
    found, program = AudienceFile(), _without_journeys(config)
    for ids in chunked(sorted(find_members(transaction, audience))):
        for state in load_readers(transaction, program, ids, now).values():
            reached = reach(config.policy, state, now)
            if isinstance(reached, LeftOut):
                found.left_out[reached] += 1
            else:
                found.rows.append(row(platform, state, reached))
    return found


def _without_journeys(config: Config) -> Program:
    """What reads customers, and asks them nothing."""
    zone = find_zone(config.project.timezone)
    assert zone is not None  # config refuses unknown zones
    return Program(Lifecycle(), {}, config.policy, zone, config.project.locale)
