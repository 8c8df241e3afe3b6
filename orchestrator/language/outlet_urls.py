"""The URLs of the shop's own servers that are told of coupons, tasks and audiences, as
`parcours.toml` has them.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from orchestrator.domain.phrase import say
from orchestrator.domain.webhook_port import Pieces, Secret
from orchestrator.language.place import Place

_SECRET = re.compile(r"\{\{\s*secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_URL = re.compile(r"https?://[^\s/?#{}]+\S*")


def read_url(written: str | None, secrets: Collection[str], place: Place) -> Pieces:
    """A URL with the places of its secrets; nothing where none is written or it is faulty, which is
    reported.
    """
    if written is None:
        return ()
    parts = _SECRET.split(written)  # at odd places the names of secrets
    plain, unknown = "".join(parts[::2]), sorted(set(parts[1::2]) - set(secrets))
    if unknown:
        place.error(
            say(
                "the secret {name} may not be used: name it in `[webhooks] "
                "secrets`, and set it in the environment (or .env)",
                name=unknown[0],
            )
        )
    elif not _URL.fullmatch(plain) or "{{" in plain:
        place.error(
            say(
                "a webhook's url begins with https:// (or http://) and the host's "
                "name; nothing but `{{ secrets.NAME }}` is put into it"
            )
        )
    else:
        return tuple(Secret(part) if n % 2 else part for n, part in enumerate(parts) if part)
    return ()
