"""Steps as people call them: ids derived from a step's kind are taken apart again."""

from __future__ import annotations

import re

_DERIVED = re.compile(
    r"(?P<kind>delay|wait-until|wait-for|branch|split|set|update|coupon|reward|task|subscribe|"
    r"unsubscribe|suppress|mute)"
    r"-(?:before-(?P<ahead>.+)|(?P<end>at-end))"
)
_KINDS = {"wait-until": "wait", "wait-for": "wait for an event"}


def name_step(step_id: str) -> str:
    """`delay-before-hello` as `delay before hello`; an id that the author gave stays as it is."""
    found = _DERIVED.fullmatch(step_id)
    if found is None:
        return step_id
    kind = _KINDS.get(found["kind"], found["kind"])
    return f"{kind} at the end" if found["end"] else f"{kind} before {found['ahead']}"
