"""A project's files made ready to run. The engine and the back-test share it; the latter needs no
database for it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping

from orchestrator.domain.expression import Expr
from orchestrator.domain.journey import Journey
from orchestrator.domain.policy import Policy
from orchestrator.domain.program import Program, plain_code
from orchestrator.domain.schedule import find_zone
from orchestrator.language.project import Project

_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that reads like something else


def build_program(
    project: Project,
    *,
    journeys: Mapping[str, Journey] | None = None,
    policy: Policy | None = None,
    secret: str | None = None,
    pinned: Mapping[tuple[str, str], Journey] | None = None,
    template_calls: Iterable[Expr] = (),
) -> Program:
    """The project ready to run; with a secret, coupon codes cannot be guessed.

    `template_calls` are the functions that templates call: what they look back at is loaded of each
    customer.
    """
    config = project.config
    zone = find_zone(config.project.timezone)
    assert zone is not None  # config refuses unknown zones
    return Program(
        lifecycle=project.lifecycle,
        journeys=project.journeys if journeys is None else journeys,
        policy=project.policy if policy is None else policy,
        zone=zone,
        locale=config.project.locale,
        currency=config.project.currency,
        channels=config.channels.media,
        holdout_global=config.holdout_global,
        max_age=config.ingest_max_age,
        pinned=pinned or {},
        coupon_code=plain_code if secret is None else lambda key: sign_code(secret, key),
        outlets=config.outlets,
        template_calls=tuple(template_calls),
    )


def sign_code(secret: str, key: str) -> str:
    """A coupon code of ten characters from a key, the same each time and not to be guessed (49 bits
    of HMAC).
    """
    number = int.from_bytes(hmac.digest(secret.encode(), b"coupon:" + key.encode(), "sha256")[:8])
    signs = []
    for _ in range(10):
        number, sign = divmod(number, len(_CODE_ALPHABET))
        signs.append(_CODE_ALPHABET[sign])
    return "".join(signs)
