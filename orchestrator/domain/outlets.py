"""The shop's own servers that are told of what journeys give, beside what journeys call
themselves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.domain.webhook_port import Pieces, WebhookRequest


@dataclass(frozen=True, slots=True)
class Outlets:
    """Their URLs, with the places of secrets; of nothing: nobody is told."""

    coupons: Pieces = ()
    tasks: Pieces = ()
    audiences: Pieces = ()

    @property
    def are_open(self) -> bool:
        """Whether anybody is told of anything."""
        return bool(self.coupons or self.tasks or self.audiences)


def notice(url: Pieces, said: Mapping[str, object]) -> WebhookRequest:
    """What is sent to one of them: JSON."""
    return WebhookRequest("POST", url, body=(json.dumps(said, ensure_ascii=False),))
