"""Yes and no, as people and their forms say it: the one reader of every answer about being written
to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, NewType

from orchestrator.domain.medium import Medium

#: What a choice is about, as it is stored: a medium (`email`), a topic (`topic:offers`), …
ConsentKey = NewType("ConsentKey", str)

_TOPIC, _ADDRESS, _ASKED = "topic:", "address:", "asked:"
ALL_TOPICS = ConsentKey(f"{_TOPIC}*")  # every topic at once: `topics: false`
# being watched is asked for by itself
OPENS, CLICKS = ConsentKey("opens"), ConsentKey("clicks")
# in the log alone, of what journeys and people of the shop did
MARKETING, MUTE = ConsentKey("marketing"), ConsentKey("mute")
# being rung up by a person: asked for by itself, and no message of a medium
PHONE = ConsentKey("phone")
_MAPS = ("topics", "categoryPreferences")  # the second is Segment's
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


class ConsentAnswer(NamedTuple):
    """What was said about one key of `CustomerState.consent`. `granted` None takes an earlier
    choice back; what cannot be read is a no."""

    key: ConsentKey
    granted: bool | None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class AddressChoice:
    """What was said of an address on a page, by whoever reads it. `topic` "" is all marketing."""

    at: datetime
    granted: bool
    topic: str = ""


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """What is known of an address, whoever carries it. `dead`: why nothing is sent there any more
    (a hard bounce, a STOP), "" while it lives."""

    dead: str = ""
    choices: tuple[AddressChoice, ...] = ()

    def refused_at(self, topic: str, now: datetime) -> datetime | None:
        """When a topic ("": all marketing) was refused, where the newest choice up to `now` is a
        no.
        """
        said = [choice for choice in self.choices if choice.topic == topic and choice.at <= now]
        newest = max(said, key=lambda choice: (choice.at, not choice.granted), default=None)
        return None if newest is None or newest.granted else newest.at


def choice_about_address(answer: ConsentAnswer, medium: str, at: datetime) -> AddressChoice | None:
    """What an answer given on a page that a message of `medium` led to says about the address it
    went to; None where it is about something else."""
    if answer.granted is None or answer.key == ALL_TOPICS:
        return None
    topic = topic_of(answer.key)
    if topic is not None:
        return AddressChoice(at, answer.granted, topic)
    return AddressChoice(at, answer.granted) if answer.key == medium else None


AddressBook = Callable[[Medium, str], AddressRecord]


_NOTHING_SAID = AddressRecord()


def know_no_address(medium: Medium, address: str) -> AddressRecord:
    """The address book of a back-test and of tests: nothing was said of any address."""
    return _NOTHING_SAID


def medium_key(medium: Medium) -> ConsentKey:
    """The key under which somebody says whether they want any messages of a medium."""
    return ConsentKey(medium)


def medium_of(key: str) -> Medium | None:
    """The medium that a key names; None where it is of something else."""
    return Medium(key) if key in tuple(Medium) else None


def asked_key(key: ConsentKey) -> ConsentKey:
    """The key of a yes to a medium that is not confirmed yet."""
    return ConsentKey(f"{_ASKED}{key}")


def asked_of(key: str) -> str | None:
    """The medium whose yes is not confirmed yet; None where a key is of something else."""
    return key.removeprefix(_ASKED) if key.startswith(_ASKED) else None


@lru_cache(maxsize=256)  # asked before each message, of the few topics of a project
def topic_key(topic: str) -> ConsentKey:
    """The key of a topic, whose case does not count."""
    return ConsentKey(f"{_TOPIC}{topic.strip().lower()}")


def topic_of(key: str) -> str | None:
    """The topic that a key names; None where it is of something else."""
    return key.removeprefix(_TOPIC) if key.startswith(_TOPIC) else None


def address_key(medium: Medium) -> ConsentKey:
    """In the log: what a person of the shop did about an address of a medium."""
    return ConsentKey(f"{_ADDRESS}{medium}")


def address_medium(key: str) -> Medium | None:
    """The medium of such an address; None where a key is of something else."""
    return Medium(key.removeprefix(_ADDRESS)) if key.startswith(_ADDRESS) else None


class Suppressed(NamedTuple):
    """What is written to no more, as it is stored: an address of a medium, or a customer who wants
    no marketing."""

    scope: str
    address: str

    @staticmethod
    def of_address(medium: str, address: str) -> Suppressed:
        """An address, whose case does not count."""
        return Suppressed(str(medium), address.lower())

    @staticmethod
    def of_customer(customer_id: int) -> Suppressed:
        """A customer who wants no marketing."""
        return Suppressed(MARKETING, f"customer:{customer_id}")


def read_yes_no(value: object) -> bool | None:
    """True/false, 1/0, "true"/"false" and "yes"/"no" in any case; None for anything else."""
    if isinstance(value, str):
        return _WORDS.get(value.lower())
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def read_answers(said: object) -> list[ConsentAnswer]:
    """The answers in a `consent` object, such as `{email: true, sms: "no", topics: {offers:
    null}}`. A bare no refuses every medium; a bare yes names none, and grants nothing."""
    return strictest(_read_object(said) if isinstance(said, Mapping) else _read_bare(said))


def strictest(answers: Iterable[ConsentAnswer]) -> list[ConsentAnswer]:
    """Of several answers about one key the strictest."""
    found: dict[str, ConsentAnswer] = {}
    for answer in answers:
        known = found.get(answer.key)
        if known is None or strictness(answer.granted) > strictness(known.granted):
            found[answer.key] = answer
    return list(found.values())


def strictness(granted: bool | None) -> int:
    """How strict a choice is: a no, then one that was taken back, then a yes."""
    return {True: 0, None: 1, False: 2}[granted]


def _read_object(said: Mapping[str, object]) -> Iterator[ConsentAnswer]:
    for name, value in said.items():
        if name not in _MAPS:
            yield _answer(_key(name), value)
        elif isinstance(value, Mapping):
            yield from (_answer(_key(topic), answer) for topic, answer in value.items())
        elif value != []:  # PHP's empty map
            yield _answer(ALL_TOPICS, value)


def _read_bare(said: object) -> Iterator[ConsentAnswer]:
    if said != [] and read_yes_no(said) is not True:
        yield from (_answer(ConsentKey(key), said) for key in (*Medium, PHONE))


def _key(name: str) -> ConsentKey:
    key = name.strip().lower()
    return ConsentKey(key) if key in (*Medium, OPENS, CLICKS, PHONE) else topic_key(name)


def _answer(key: ConsentKey, value: object) -> ConsentAnswer:
    if value is None:
        return ConsentAnswer(key, None)
    granted = read_yes_no(value)
    return ConsentAnswer(key, bool(granted), readable=granted is not None)
