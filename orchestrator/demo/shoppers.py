"""The shop's people. All are invented: addresses under example.com, numbers that regulators keep
for fiction.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from orchestrator.demo.chance import dice


class Habit(StrEnum):
    """What somebody is to the shop when the three weeks begin."""

    FADING = "fading"  # ordered once or more; becomes inactive during the first days
    DORMANT = "dormant"  # inactive long since
    REGULAR = "regular"
    ONCE = "once"
    LEAD = "lead"
    NEWCOMER = "newcomer"  # not there yet
    FRIEND = "friend"  # comes by an invitation


@dataclass(frozen=True, slots=True)
class Home:
    """Where people live. `phone` is the start of numbers for fiction, to be completed to
    `phone_length` signs.
    """

    locale: str
    zone: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    phone: str = ""
    phone_length: int = 0


_FRENCH = (
    (
        "Camille",
        "Léa",
        "Hugo",
        "Manon",
        "Jules",
        "Chloé",
        "Louis",
        "Inès",
        "Théo",
        "Zoé",
        "Nathan",
        "Élise",
    ),
    (
        "Martin",
        "Bernard",
        "Lefèvre",
        "Moreau",
        "Girard",
        "Roux",
        "Fontaine",
        "Chevalier",
        "Blanc",
        "Perrin",
    ),
)
_ENGLISH = (
    (
        "Ada",
        "Oliver",
        "Isla",
        "George",
        "Maya",
        "Noah",
        "Ruby",
        "Henry",
        "Grace",
        "Leo",
        "Nora",
        "Owen",
    ),
    ("Clarke", "Bennett", "Hughes", "Foster", "Walsh", "Parker", "Reid", "Morgan", "Ellis", "Shaw"),
)
_GERMAN = (
    ("Lena", "Jonas", "Mia", "Felix", "Clara", "Paul"),
    ("Becker", "Wagner", "Krüger", "Vogel", "Lorenz"),
)
_JAPANESE = (("Yui", "Haruto", "Sakura", "Ren", "Aoi"), ("Sato", "Tanaka", "Ito", "Mori", "Abe"))

HOMES = (
    (38, Home("fr-FR", "Europe/Paris", *_FRENCH, "+3363998", 12)),
    (20, Home("en-GB", "Europe/London", *_ENGLISH, "+447700900", 13)),
    (14, Home("en-US", "America/New_York", *_ENGLISH, "+120255501", 12)),
    (10, Home("fr-CA", "America/Toronto", *_FRENCH, "+151455501", 12)),
    (10, Home("de-DE", "Europe/Berlin", *_GERMAN, "+4917139200", 13)),
    (4, Home("en-JP", "Asia/Tokyo", *_JAPANESE)),
    (4, Home("fr-RE", "Indian/Reunion", *_FRENCH)),
)


@dataclass(frozen=True, slots=True)
class Shopper:
    """One person. `consent` is what they said when they gave their address; nothing where they said
    nothing.
    """

    user_id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    locale: str
    zone: str
    newsletter: bool
    consent: dict[str, bool]
    habit: Habit

    @property
    def anonymous_id(self) -> str:
        """Who they were before they said who they are."""
        return f"visitor-{self.user_id}"

    def traits(self) -> dict[str, object]:
        """What an identify call says of them."""
        said = {
            name: getattr(self, name)
            for name in ("first_name", "last_name", "email", "phone", "locale")
        }
        return {
            **{name: value for name, value in said.items() if value},
            "timezone": self.zone,
            "newsletter": self.newsletter,
            **({"consent": self.consent} if self.consent else {}),
        }


COUNTS = {
    Habit.FADING: 30,
    Habit.DORMANT: 24,
    Habit.REGULAR: 66,
    Habit.ONCE: 60,
    Habit.LEAD: 50,
    Habit.NEWCOMER: 66,
}


def invent_shoppers() -> list[Shopper]:
    """Everybody who is there at the start or comes by themselves: about 300, the same ones every
    time.
    """
    habits = [habit for habit, count in COUNTS.items() for _ in range(count)]
    return [invent_shopper(1001 + number, habit) for number, habit in enumerate(habits)]


def invent_shopper(number: int, habit: Habit) -> Shopper:
    """The person of a number."""
    throw = dice("shopper", number)
    home = throw.choices([home for _, home in HOMES], [weight for weight, _ in HOMES])[0]
    first, last = throw.choice(home.first_names), throw.choice(home.last_names)
    phone = _invent_phone(home, number) if home.phone and throw.random() < 0.55 else ""
    return Shopper(
        user_id=str(number),
        first_name=first,
        last_name=last,
        email=_invent_email(first, last, number, throw),
        phone=phone,
        locale=home.locale,
        zone=home.zone,
        newsletter=throw.random() < 0.5,
        consent=_invent_consent(throw, bool(phone)),
        habit=habit,
    )


def _invent_phone(home: Home, number: int) -> str:
    free = home.phone_length - len(home.phone)
    return f"{home.phone}{number % 10**free:0{free}}"


def _invent_email(first: str, last: str, number: int, throw: Random) -> str:
    """Unique by its number. One in forty keeps the accents of a name, which no provider delivers
    to.
    """
    name = f"{first}.{last}{number}".lower()
    if throw.random() >= 0.06:
        name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"{name}@example.com"


def _invent_consent(throw: Random, has_phone: bool) -> dict[str, bool]:
    """Nine in ten want mail, some say no, a few were never asked."""
    chance = throw.random()
    if chance < 0.05:
        return {}
    email = chance < 0.94
    if not has_phone:
        return {"email": email}
    sms = email and throw.random() < 0.7
    return {"email": email, "sms": sms, "phone": sms}
