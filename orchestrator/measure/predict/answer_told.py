"""The whole answer of `parcours predict`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from orchestrator.domain.answer import Part
from orchestrator.domain.formatting import count
from orchestrator.domain.phrase import say
from orchestrator.engine.last_tick import own_clock
from orchestrator.language.project import Project
from orchestrator.measure.predict import calibration_told, predictions_told
from orchestrator.measure.predict.predictions import Predictions, predict_from_database
from orchestrator.measure.predict.writing import write_predictions
from orchestrator.store.database import Database
from orchestrator.store.settings import LastNight


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Predictions, what was written of them, and whether they are to be held against what came."""

    found: Predictions
    written: LastNight | None = None
    with_calibration: bool = False

    def told(self) -> Iterator[Part]:
        """The answer for people."""
        yield from predictions_told.tell_predictions(self.found)
        if self.with_calibration:
            tried = self.found.calibrate()
            hits = self.found.hold_hours_against(tried)
            yield from calibration_told.tell_calibration(tried, hits)
        if self.written is not None:
            number = count(self.written.written, "customer")
            yield ""
            yield say("written for {customers}: what has moved", customers=number)

    def as_data(self) -> dict[str, object]:
        """The answer for machines."""
        data = predictions_told.as_data(self.found)
        if self.with_calibration:
            tried = self.found.calibrate()
            hits = self.found.hold_hours_against(tried)
            data["calibration"] = calibration_told.as_data(tried, hits)
        return data | ({} if self.written is None else {"written": asdict(self.written)})


def predict_today(
    database: Database, project: Project, *, write: bool, with_calibration: bool
) -> Foreseen:
    """Predicts as of the database's own time, and writes it down where that is asked for."""
    clock = own_clock(database)
    found = predict_from_database(database, project, clock.now())
    written = write_predictions(database, found, clock) if write else None
    return Foreseen(found, written, with_calibration)
