"""Time, proven in whole lives: everything that goes by a customer's clock, held against a clock on a
wall that is read minute by minute: exactly once, at its time, however time is cut into ticks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orchestrator.domain import schedule
from orchestrator.domain.program import Program
from orchestrator.domain.steps.message_step import QueueMessage
from tests.domain.test_every_zone import CLOCKS, WEEKDAYS, nights, watch
from tests.support.examples import examples
from tests.support.life import ADA, Life
from tests.support.project import CONSENTING, read_program
from tests.support.wall import DAY, MINUTE

JOURNEYS = """
journey: waits
trigger: {event: A}
steps:
  - wait_until: {time: %(clock)s, days: [%(days)s]}
  - email: waits
---
journey: calls
trigger: {schedule: "%(minute)s %(hour)s * * %(days)s", timezone: customer}
reentry: always
steps: [{email: calls}]
---
journey: once
trigger: {once: %(day)s %(clock)s, timezone: customer}
steps: [{email: once}]
---
journey: date
trigger: {date: customer.due, offset: -2d, at: %(clock)s}
steps: [{email: date}]
---
journey: day
trigger: {event: A}
steps:
  - wait_until: {date: customer.due, offset: -1d, at: %(clock)s, if_past: exit}
  - email: day
---
journey: delays
trigger: {event: A}
steps: [{delay: 1d}, {email: one-day}, {delay: 2d}, {email: three-days}]
---
journey: quiet
trigger: {event: A}
purpose: marketing
steps: [{sms: quiet}]
"""
HOURLY = 'journey: hourly\ntrigger: {schedule: "0 * * * *", timezone: %s}\nreentry: always\nsteps: [{email: hourly}]\n'
QUIET = '[quiet_hours]\nsms = {from = "%s", to = "%s"}\n'
Sends = list[tuple[datetime, str]]


@dataclass(frozen=True)
class Case:
    """A night, a time of day, some weekdays, and when quiet hours end."""

    zone: ZoneInfo
    at: datetime
    clock: time
    days: frozenset[int]
    quiet_to: time

    @property
    def end(self) -> datetime:
        return self.at + 4 * DAY

    @property
    def due(self) -> str:
        """A plain date, three days on."""
        return (self.at.astimezone(self.zone).date() + 3 * DAY).isoformat()

    def program(self, *, calls: bool) -> Program:
        values = self.clock, self.days, self.quiet_to, self.day, self.zone.key
        return _program(*values, calls=calls)

    @property
    def day(self) -> str:
        return (self.at.astimezone(self.zone).date() + DAY).isoformat()


@cache
def _program(
    clock: time, days: frozenset[int], quiet_to: time, day: str, zone: str, *, calls: bool
) -> Program:
    values = {
        "clock": f"{clock:%H:%M}",
        "days": ",".join(schedule.WEEKDAYS[one] for one in sorted(days or range(7))),
        "minute": clock.minute,
        "hour": clock.hour,
        "day": day,
    }
    texts = [*(JOURNEYS % values).split("---\n"), HOURLY % zone]
    if not calls:
        texts = [one for one in texts if "{schedule: " not in one and "{once: " not in one]
    toml = CONSENTING + QUIET % (f"{clock:%H:%M}", f"{quiet_to:%H:%M}")
    return read_program(*texts, toml=toml)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone, at = draw(nights().filter(lambda night: night[1].year > 1972))
    quiet_to = draw(st.sampled_from([time(0), time(2, 30), time(8)]))
    return Case(zone, at, draw(CLOCKS), draw(WEEKDAYS), quiet_to)


def expected(case: Case) -> Sends:
    """What leaves in four days, read off the wall."""
    wall, at, clock, end = watch(case.zone, case.at), case.at, case.clock, case.end
    local = at.astimezone(case.zone).date()
    found: Sends = [(wall.next_coming(at, clock, case.days), "waits")]
    found += [(one, "calls") for one in wall.comings(clock, case.days)]
    found += [(one, "hourly") for one in wall.minutes_that(lambda shown: shown.minute == 0)]
    for days, template in ((1, "once"), (1, "date"), (2, "day")):
        one = wall.comes(local + days * DAY, clock)
        assert one is not None
        found.append((one, template))
    found += [(at + DAY, "one-day"), (at + 3 * DAY, "three-days")]
    awake = wall.minutes_that(lambda shown: not is_quiet(shown, clock, case.quiet_to))
    found.append((next(one for one in awake if one >= at), "quiet"))
    return sorted(one for one in found if at <= one[0] <= end)


def is_quiet(shown: datetime, start: time, end: time) -> bool:
    clock = shown.time()
    return start <= clock < end if start <= end else not end <= clock < start


def begin(case: Case, *, calls: bool = True) -> Life:
    life = Life(case.program(calls=calls), traits=None)
    told = {**ADA, "timezone": case.zone.key, "due": case.due}
    life.identify(case.at - timedelta(seconds=1), **told)
    life.track(case.at, "A")
    return life


def sends_of(life: Life) -> Sends:
    return [(e.at, e.step.template) for e in life.effects if isinstance(e, QueueMessage)]


def run_in_ticks(life: Life, case: Case, tick: timedelta) -> None:
    now = case.at - timedelta(seconds=1)
    while now < case.end:
        life.run(now)
        now += tick
    life.run(case.end)


TICKS = st.sampled_from([30 * DAY, timedelta(hours=31), timedelta(hours=7, minutes=1)])


@given(cases(), TICKS)
@settings(max_examples=examples(200))
def test_everything_leaves_once_when_the_clock_on_the_wall_says_so(
    case: Case, tick: timedelta
) -> None:
    life = begin(case)
    run_in_ticks(life, case, tick)
    assert sorted(sends_of(life)) == expected(case)
    assert sends_of(life) == sorted(sends_of(life), key=lambda one: one[0])


# ---------------------------------------------------------------- who moves


@given(cases(), nights(), st.integers(1, 3 * 24 * 60), TICKS)
@settings(max_examples=examples(150))
def test_who_moves_to_another_clock_is_followed_and_nothing_is_lost_or_comes_twice(
    case: Case, there: tuple[ZoneInfo, datetime], minutes: int, tick: timedelta
) -> None:
    moved = case.at + minutes * MINUTE
    walls = watch(case.zone, case.at), watch(there[0], case.at)
    life = begin(case)
    life.identify(moved, timezone=there[0].key)
    run_in_ticks(life, case, tick)
    by_template: dict[str, list[datetime]] = {}
    for at, template in sends_of(life):
        by_template.setdefault(template, []).append(at)

    stays = (walls[0], case.at, moved), (walls[1], moved, case.end + MINUTE)
    called = [
        at
        for wall, since, until in stays
        for at in wall.comings(case.clock, case.days)
        if since <= at < until
    ]
    first = walls[0].next_coming(case.at, case.clock, case.days)
    waited = first if first < moved else walls[1].next_coming(moved, case.clock, case.days)
    assert by_template.get("waits", []) == [waited] * (waited <= case.end)
    assert by_template.get("calls", []) == called
    day = date_of(case, 1)
    here, elsewhere = (wall.comes(day, case.clock) for wall in walls)
    assert here is not None
    assert elsewhere is not None
    assert by_template["date"] == [here if here < moved else max(moved, elsewhere)]


def date_of(case: Case, days: int) -> date:
    return case.at.astimezone(case.zone).date() + days * DAY


# ---------------------------------------------------------------- a day down


@given(cases(), st.integers(-600, 3 * 24 * 60), st.sampled_from([4, 6, 60, 24 * 60, 2 * 24 * 60]))
@settings(max_examples=examples(150))
def test_after_a_day_down_what_was_due_leaves_at_once_and_what_follows_counts_from_then(
    case: Case, begins: int, minutes: int
) -> None:
    down = case.at + begins * MINUTE
    up, wall = down + minutes * MINUTE, watch(case.zone, case.at)

    def done(due: datetime) -> datetime:
        """When a step is done; one that is less than five minutes late counts as on time, and what
        else is overdue then is done with it.
        """
        assume(minutes < 5 or not up - timedelta(minutes=5) <= due < up)
        return up if down <= due and timedelta(minutes=5) < up - due <= up - down else due

    def awake(at: datetime) -> datetime:
        shown = wall.minutes_that(lambda one: not is_quiet(one, case.clock, case.quiet_to))
        return next(one for one in shown if one >= at)

    life = begin(case, calls=False)  # an instant that calls after an outage has rules of its own
    live_with_an_outage(life, case, down, up)

    one_day, first = done(case.at + DAY), done(case.at)
    found: Sends = [(done(wall.next_coming(case.at, case.clock, case.days)), "waits")]
    for days, template in ((1, "date"), (2, "day")):
        nominal = wall.comes(date_of(case, days), case.clock)
        assert nominal is not None
        found.append((done(nominal), template))
    found += [(one_day, "one-day"), (done(one_day + 2 * DAY), "three-days")]
    asked = awake(first)
    found.append((asked if asked == first else awake(done(asked)), "quiet"))
    assert sorted(sends_of(life)) == sorted(one for one in found if case.at <= one[0] <= case.end)


def live_with_an_outage(life: Life, case: Case, down: datetime, up: datetime) -> None:
    """Runs whenever something is due, as in life, but while the machine is down."""
    while True:
        dues = [event.at for event in life.told[:1]]
        dues += [due] if (due := life.state.next_due_at) is not None else []
        now = min(dues, default=case.end + MINUTE)
        now = up if down <= now < up else now
        if now > case.end:
            return
        life.run(now, late=True)


# ---------------------------------------------------------------- the three faults of Dittofeed

TIMES = """
journey: wait
trigger: {event: A}
steps:
  - wait_until: {time: %(clock)s, days: [mon]}
  - email: wait
---
journey: call
trigger: {schedule: "0 %(hour)s * * mon", timezone: customer}
steps: [{email: call}]
---
journey: once
trigger: {once: %(monday)s %(clock)s, timezone: customer}
steps: [{email: once}]
---
journey: date
trigger: {date: customer.due, at: %(clock)s}
steps: [{email: date}]
"""


def monday_at(hour: int, zone: str, monday: str, since: str) -> set[datetime]:
    """When everything leaves that is meant for a Monday at an hour where the customer is."""
    values = {"hour": hour, "clock": f"{hour:02}:00", "monday": monday}
    life = Life(read_program(*(TIMES % values).split("---\n")), traits=None)
    at = datetime.fromisoformat(since)
    life.identify(at, **ADA, timezone=zone, due=monday)
    life.track(at, "A")
    life.run(at + 6 * DAY)
    sends = sends_of(life)
    assert sorted(template for _, template in sends) == ["call", "date", "once", "wait"]
    return {one for one, _ in sends}


def test_dittofeed_1_monday_at_eight_in_tokyo_is_monday_though_it_is_sunday_in_utc() -> None:
    left = monday_at(8, "Asia/Tokyo", "2026-01-12", since="2026-01-09T12:00Z")
    assert left == {datetime.fromisoformat("2026-01-11T23:00Z")}


def test_dittofeed_2_monday_at_nine_in_new_york_is_nine_though_the_clocks_change_before() -> None:
    left = monday_at(9, "America/New_York", "2026-03-09", since="2026-03-06T20:00Z")
    assert left == {datetime.fromisoformat("2026-03-09T13:00Z")}
    left = monday_at(9, "America/New_York", "2026-11-02", since="2026-10-30T20:00Z")
    assert left == {datetime.fromisoformat("2026-11-02T14:00Z")}


def test_dittofeed_3_monday_at_eight_in_the_evening_in_los_angeles_is_not_sunday_at_nine() -> None:
    left = monday_at(20, "America/Los_Angeles", "2026-03-09", since="2026-03-07T20:00Z")
    assert left == {datetime.fromisoformat("2026-03-10T03:00Z")}
    left = monday_at(20, "America/Los_Angeles", "2026-01-12", since="2026-01-10T20:00Z")
    assert left == {datetime.fromisoformat("2026-01-13T04:00Z")}


# ---------------------------------------------------------------- whose clock

NINE = "journey: nine\ntrigger: {event: A}\nsteps: [{wait_until: {time: 09:00}}, {email: nine}]\n"
NO_ZONES = [
    "Mars/Olympus", "", " ", "europe/paris", "GMT+2", "+02:00", "CEST", "Europe/Paris ", "../zone",
    "localtime", "right/Europe/Paris", "x" * 300, "\ud800", 7, True, None, ["Europe/Paris"],
    {"name": "Europe/Paris"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("traits", "left"),
    [
        ({"phone": "+81 3-3224-9999", "country": "FR"}, "14h"),  # its number: Tokyo
        ({"country": "JP"}, "14h"),  # a number that tells none: its country
        ({"phone": None, "country": "India"}, "17h 30m"),  # its country: Kolkata
        ({"phone": None, "country": "US"}, "23h"),  # of several zones none: the project's
        ({"phone": None}, "23h"),
    ],
)
def test_without_a_zone_that_exists_the_number_tells_then_the_country_then_the_project(
    traits: dict[str, object], left: str
) -> None:
    for zone in NO_ZONES:
        life = Life(read_program(NINE), traits={**ADA, **traits, "timezone": zone})
        life.track("0h", "A")
        life.run("3d")
        assert life.sends == [(left, "nine")], zone


@pytest.mark.parametrize(
    ("every", "days"),
    [
        ("year", ["2026-03-01", "2027-03-01", "2028-02-29"]),
        ("month", ["2026-01-29", "2026-02-28", "2026-03-29"]),
    ],
)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_the_29_of_february_comes_each_year_and_month_on_the_day_of_the_customers_clock(
    every: str, days: list[str], zone: str
) -> None:
    text = "journey: b\ntrigger: {date: customer.b, every: %s, at: 00:00}\nsteps: [{email: b}]\n"
    life = Life(read_program(text % every), traits=None)
    life.identify("0h", **ADA, b="1992-02-29", timezone=zone)
    life.run("900d")
    local = [at.astimezone(ZoneInfo(zone)) for at, _ in sends_of(life)][: len(days)]
    assert [f"{at:%Y-%m-%d %H:%M}" for at in local] == [f"{day} 00:00" for day in days]
