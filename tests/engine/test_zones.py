"""Whom a clock calls, through the database: everybody by their own clock, once each time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.clock import VirtualClock
from tests.conftest import DatabaseServer, Template
from tests.domain.test_every_zone import CLOCKS, nights, watch
from tests.support.examples import examples
from tests.support.shop import Shop, read_instant
from tests.support.wall import DAY, MINUTE

CALLS = """
journey: calls
trigger: {schedule: "%(minute)s %(hour)s * * *", timezone: customer}
reentry: always
steps: [{email: calls}]
---
journey: once
trigger: {once: %(day)s %(clock)s, timezone: customer}
steps: [{email: once}]
---
journey: waits
trigger: {event: A}
steps: [{wait_until: {time: %(clock)s}}, {email: waits}]
"""
#: What is told instead of a zone, and by which clock somebody lives then (the project's is UTC).
OTHERS = [
    ({"timezone": "Mars/Olympus"}, "UTC"),
    ({"timezone": None}, "UTC"),
    ({"timezone": "", "phone": "+81332249999"}, "Asia/Tokyo"),
    ({"country": "IN"}, "Asia/Kolkata"),
]
NIGHTS = nights().filter(lambda night: night[1].year > 1972)
Came = dict[tuple[str, str], list[datetime]]


def came(shop: Shop) -> Came:
    """When which mails left to whom."""
    query = (
        "SELECT c.external_id, m.template, m.leased_at FROM messages m"
        " JOIN customers c ON c.id = m.customer_id WHERE m.state = 'accepted' ORDER BY m.leased_at"
    )
    found: Came = {}
    for user, template, at in shop.rows(query):
        found.setdefault((user, template), []).append(read_instant(at))
    return found


@given(
    NIGHTS,
    CLOCKS,
    st.lists(NIGHTS.map(lambda night: night[0]), min_size=1, max_size=3),
    st.sampled_from([timedelta(hours=7, minutes=1), timedelta(hours=31), 4 * DAY]),
    st.integers(1, 2 * 24 * 60),
)
@settings(max_examples=examples(24), suppress_health_check=list(HealthCheck))
def test_everybody_is_called_by_the_clock_on_their_own_wall(
    migrated: Template,
    sqlite_server: DatabaseServer,
    night: tuple[ZoneInfo, datetime],
    clock: time,
    elsewhere: list[ZoneInfo],
    tick: timedelta,
    minutes: int,
) -> None:
    (home, at), moved = night, night[1] + minutes * MINUTE
    end = at + 3 * DAY
    day = at.astimezone(home).date() + DAY
    values = {"minute": clock.minute, "hour": clock.hour, "clock": f"{clock:%H:%M}", "day": day}
    lives: dict[str, tuple[dict[str, object], list[tuple[ZoneInfo, datetime, datetime]]]] = {
        f"u{number}": ({"timezone": zone.key}, [(zone, at, end)])
        for number, zone in enumerate([home, *elsewhere])
    }
    lives |= {
        f"o{number}": (cast(dict[str, object], told), [(ZoneInfo(zone), at, end)])
        for number, (told, zone) in enumerate(OTHERS)
    }
    lives["m"] = {"timezone": home.key}, [(home, at, moved - MINUTE), (elsewhere[0], moved, end)]
    with migrated.copy(sqlite_server) as url, TemporaryDirectory() as folder:
        shop = Shop(
            Path(folder), url, (CALLS % values).split("---\n"), {}, VirtualClock(at - MINUTE)
        )
        for user, (told, _) in lives.items():
            shop.identify(at - MINUTE, user, email=f"{user}@example.com", **told)
            shop.track(at, "A", user)
        shop.identify(moved, "m", timezone=elsewhere[0].key)
        shop.tick(at - MINUTE)
        shop.tick_every(tick, end)
        found = came(shop)
        shop.close()
    for user, (_, stays) in lives.items():
        called = [
            one
            for zone, since, until in stays
            for one in watch(zone, at).comings(clock)
            if since <= one <= until
        ]
        assert found.get((user, "calls"), []) == called, user
        once = [
            one
            for zone, since, until in stays
            if (one := watch(zone, at).comes(day, clock)) is not None and since <= one <= until
        ]
        assert found.get((user, "once"), []) == once[:1], user
        first, last = stays[0], stays[-1]
        waited = watch(first[0], at).next_coming(at, clock)
        if waited > first[2]:
            waited = watch(last[0], at).next_coming(last[1], clock)
        assert found.get((user, "waits"), []) == [waited] * (waited <= end), user
