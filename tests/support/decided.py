"""Decisions as tests compare them: the reason, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.domain.reasons import brief

#: Facts that come with the kind of a decision, and say no more about why.
_OF_KINDS = frozenset({"until", "template", "value", "status", "message", "arm"})
_IN_BRIEF = frozenset({"because", "rule"})


def shown(reason: str, detail: Mapping[str, Any]) -> str:
    """`no_consent`, `variant: b`, `set: a, b`."""
    facts = [
        value
        for name, value in sorted(detail.items())
        if name not in _OF_KINDS and value is not None
    ]
    if not facts or _IN_BRIEF & detail.keys():
        return brief(reason, detail)
    told = ", ".join(", ".join(one) if isinstance(one, list) else str(one) for one in facts)
    return f"{reason}: {told}" if reason else told
