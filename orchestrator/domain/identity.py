"""Who a call is about: anonymous ids become known ones, and what they did before becomes the known
customer's.

A customer exists from the first call under either id. A call with both ids links them; the known id
survives. An anonymous id that is seen with a second user belongs to that one from then on. Two
known users merge only by alias.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from orchestrator.domain.call import Call
from orchestrator.domain.event import Kind
from orchestrator.domain.value_class import value_class

_GMAIL = ("gmail.com", "googlemail.com")  # one and the same, and a.b@ and ab@ are one person there


class Person(NamedTuple):
    """The key of a customer: a known id, or an anonymous one."""

    id: str
    anonymous: bool = False


@value_class
class Resolution:
    """Whose event a call is, and the anonymous customer that turned out to be the same person, if
    any.
    """

    person: Person
    absorbed: Person | None = None


@dataclass(slots=True)
class Identities:
    """The links between anonymous and known ids, learnt call by call.

    `known` are the customers that exist already, and grows; `links` maps an anonymous id to the
    known one, `aliases` the id of a user to that under which they go on.
    """

    known: set[Person]
    links: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    new_links: dict[str, str] = field(default_factory=dict)

    def resolve(self, call: Call) -> Resolution:
        """Who a call is about."""
        if call.kind is Kind.MERGE:
            resolution = self._alias(call)
        elif call.user_id:
            user_id = self.today(call.user_id)
            resolution = Resolution(Person(user_id), self._link(call.anonymous_id, user_id))
        else:
            user_id = self._linked(call.anonymous_id)
            resolution = Resolution(
                Person(user_id) if user_id else Person(call.anonymous_id, anonymous=True)
            )
        self.known.add(resolution.person)
        # An invited friend who signs up is merged with the invitation.
        if (
            call.kind is Kind.IDENTIFY
            and resolution.absorbed is None
            and (invited := invited_as(call))
            and invited not in self.links
        ):
            return Resolution(resolution.person, self._link(invited, resolution.person.id))
        return resolution

    def today(self, user_id: str) -> str:
        """The id under which a user is known by now."""
        while user_id in self.aliases:
            user_id = self.aliases[user_id]
        return user_id

    def _linked(self, anonymous_id: str) -> str:
        """The user behind an anonymous id; "" for a stranger."""
        return self.today(self.links.get(anonymous_id, ""))

    def _link(self, anonymous_id: str, user_id: str) -> Person | None:
        if not anonymous_id or self._linked(anonymous_id) == user_id:
            return None
        first_time = anonymous_id not in self.links
        self.links[anonymous_id] = self.new_links[anonymous_id] = user_id
        stranger = Person(anonymous_id, anonymous=True)
        return stranger if first_time and stranger in self.known else None

    def _alias(self, call: Call) -> Resolution:
        user, previous = self.today(call.user_id), self.today(call.previous_id)
        if previous == user:
            return Resolution(Person(user))
        if Person(previous) not in self.known:
            return Resolution(Person(user), self._link(call.previous_id, user))
        self.known.discard(Person(previous))
        self.aliases[previous] = user
        return Resolution(Person(user), Person(previous))


def invited_as(call: Call) -> str | None:
    """The anonymous id under which somebody with the address of this call would have been invited
    by a friend.
    """
    email = call.properties.get("email") if call.kind is Kind.IDENTIFY and call.user_id else None
    return referral_id(email) if isinstance(email, str) else None


@lru_cache(maxsize=4096)  # asked twice of each identify: who is meant, and whom that makes known
def referral_id(email: str) -> str:
    """The anonymous id of somebody a friend invited: a hash of the address, so that the address
    stays out of it.

    The same for every spelling that reaches one person, when they accept and when they open an
    account.
    """
    return f"referral-{blake2b(fold_address(email).encode(), digest_size=16).hexdigest()}"


def fold_address(address: str) -> str:
    """One spelling for the addresses that reach one person: lower case, without a `+tag`, Gmail's
    without dots and under one name."""
    name, _, domain = address.strip().lower().rpartition("@")
    name = name.partition("+")[0] or name
    return f"{name.replace('.', '')}@gmail.com" if domain in _GMAIL else f"{name}@{domain}"
