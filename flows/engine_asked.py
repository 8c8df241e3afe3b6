"""What a run asks the engine for its pages: a health card, the failures of the last day, and how
late work is. No Prefect in here.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Protocol

from flows.gate import GateKey
from orchestrator.domain.errors import without_data
from orchestrator.engine.report import Failure

logger = logging.getLogger(__name__)


class Healthy(Protocol):
    """What is asked of the engine whose shifts are kept."""

    def health(self, kind: str, name: str) -> str:
        """The health card of a gate, in markdown."""

    def failures(self, channel: str) -> list[Failure]:
        """What did not get through by a channel in the last day, newest first."""

    def lateness(self, kind: str, name: str) -> timedelta:
        """For how long the oldest work of a gate has been due."""


class EngineAsked:
    """Asks in a thread, so that Prefect goes on meanwhile. A run's numbers matter more than its
    pages: what is not known is left out, and logged.
    """

    def __init__(self, engine: Healthy) -> None:
        self._engine = engine

    async def health(self, key: GateKey) -> str:
        """The card, or why there is none."""
        try:
            return await asyncio.to_thread(self._engine.health, str(key.kind), key.name)
        except Exception as error:
            self._miss("health", key, error)
            return (
                f"The health card could not be written ({type(error).__name__}); the log says more."
            )

    async def failures(self, key: GateKey) -> list[Failure] | None:
        """The failures; None where they are not known."""
        try:
            return await asyncio.to_thread(self._engine.failures, key.name)
        except Exception as error:
            self._miss("failures", key, error)
            return None

    async def lateness(self, key: GateKey) -> timedelta:
        """How late; no time where it is not known."""
        try:
            return await asyncio.to_thread(self._engine.lateness, str(key.kind), key.name)
        except Exception as error:
            self._miss("lateness", key, error)
            return timedelta(0)

    @staticmethod
    def _miss(what: str, key: GateKey, error: Exception) -> None:
        logger.error("The %s of %s is not known: %s", what, key.name, without_data(error))
