"""Yes and no, as people and their forms say it: the one reader of every answer about being written to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from orchestrator.domain.message import Medium

ALL_TOPICS = "topic:*"  # the key of every topic at once: `topics: false`
OPENS, CLICKS = "opens", "clicks"  # being watched is asked for by itself
_MAPS = ("topics", "categoryPreferences")  # the second is Segment's
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


class Answer(NamedTuple):
    """What was said about one key of `CustomerState.consent`. `granted` None takes an earlier choice back; what
    cannot be read is a no."""

    key: str
    granted: bool | None
    readable: bool = True


def topic_key(topic: str) -> str:
    """The key of a topic, whose case does not count."""
    return f"topic:{topic.strip().lower()}"


def read_yes_no(value: Any) -> bool | None:
    """True/false, 1/0, "true"/"false" and "yes"/"no" in any case; None for anything else."""
    if isinstance(value, str):
        return _WORDS.get(value.lower())
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def read_answers(said: Any) -> list[Answer]:
    """The answers in a `consent` object, such as `{email: true, sms: "no", topics: {offers: null}}`. A bare no
    refuses every medium; a bare yes names none, and grants nothing."""
    return strictest(_read_object(said) if isinstance(said, Mapping) else _read_bare(said))


def strictest(answers: Iterable[Answer]) -> list[Answer]:
    """Of several answers about one key the strictest."""
    found: dict[str, Answer] = {}
    for answer in answers:
        known = found.get(answer.key)
        if known is None or strictness(answer.granted) > strictness(known.granted):
            found[answer.key] = answer
    return list(found.values())


def strictness(granted: bool | None) -> int:
    """How strict a choice is: a no, then one that was taken back, then a yes."""
    return {True: 0, None: 1, False: 2}[granted]


def _read_object(said: Mapping[str, Any]) -> Iterator[Answer]:
    for name, value in said.items():
        if name not in _MAPS:
            yield _answer(_key(name), value)
        elif isinstance(value, Mapping):
            yield from (_answer(_key(topic), answer) for topic, answer in value.items())
        elif value != []:  # PHP's empty map
            yield _answer(ALL_TOPICS, value)


def _read_bare(said: Any) -> Iterator[Answer]:
    if said != [] and read_yes_no(said) is not True:
        yield from (_answer(medium, said) for medium in Medium)


def _key(name: str) -> str:
    key = name.strip().lower()
    return key if key in (*Medium, OPENS, CLICKS) else topic_key(name)


def _answer(key: str, value: Any) -> Answer:
    if value is None:
        return Answer(key, None)
    granted = read_yes_no(value)
    return Answer(key, bool(granted), readable=granted is not None)
