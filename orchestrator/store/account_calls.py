"""News of an account for a member whose line is past them, as a call that comes late."""

from __future__ import annotations

from hashlib import blake2b

import orjson

from orchestrator.domain.effects import Emitted

ACCOUNT = "account"  # the source of such calls


def news_call(effect: Emitted) -> dict[str, object]:
    """The call as a row of the inbox: the same each time, received when it happened."""
    event, whose = effect.event, "anonymousId" if effect.is_anonymous else "userId"
    call = {
        "type": "group",
        whose: effect.receiver,
        "timestamp": event.at.isoformat(),
        "context": dict(event.context),
    }
    told = orjson.dumps(call, option=orjson.OPT_SORT_KEYS)
    message_id = f"account:{blake2b(told, digest_size=16).hexdigest()}"
    return {
        "message_id": message_id,
        "received_at": event.at,
        "source": ACCOUNT,
        "starts": event.starts,
        "raw": orjson.dumps(call | {"messageId": message_id}),
    }
