"""An address as a person types it, and a change of the suppression list that they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from getpass import getuser

from orchestrator.config import Config
from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.medium import Medium
from orchestrator.domain.policy import address_in
from orchestrator.domain.region import region_of
from orchestrator.store.suppressions import Change


def read_address(config: Config, text: str, medium: Medium | None) -> tuple[Medium, str]:
    """What an address is meant to reach (None: told by its look), and how it is kept; raises
    ParcoursError.
    """
    meant = medium or (Medium.EMAIL if "@" in text else Medium.SMS)
    region = region_of({}, config.project.locale, config.project.timezone)
    address = address_in({meant.spec.trait: text}, meant, region)
    if address is None:
        how = "ada@example.com" if meant.spec.is_mail else "+33612345678"
        raise ParcoursError(f"'{text}' is nowhere that {meant.spec.plural} go: write one as {how}")
    return meant, address.lower()


def change_by_hand(
    config: Config, address: tuple[Medium, str], reason: str, now: datetime
) -> Change:
    """What whoever sits at the terminal does about an address."""

    def region(traits: Mapping[str, object]) -> str:
        return region_of(traits, config.project.locale, config.project.timezone)

    source = f"by hand, {_who()}" + (f": {reason.strip()}" if reason.strip() else "")
    return Change(*address, now, source, region)


def _who() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "somebody without a name"
