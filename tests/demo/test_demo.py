"""`parcours up --demo` for a short while: every journey speaks, in both languages, and no link
leads nowhere.
"""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import pytest

from channels.mailbox import StoredMessage
from orchestrator.config import Channels, Config
from orchestrator.demo.readers import find_links
from orchestrator.demo.seasons import HISTORY, SEASON, imagine_history, imagine_season
from orchestrator.demo.shoppers import Habit, invent_shoppers
from orchestrator.demo.stage import begin_season, clear_stage, set_stage
from orchestrator.language.project import load_project
from tests.demo.conftest import HASTY_PARCOURS, Up, copy_shop, starting

BEGIN = datetime(2026, 10, 27, tzinfo=UTC)


def status_of(url: str) -> int:
    try:
        with urlopen(url) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


ONE_PERSON = """
SELECT count(*) FROM grants g JOIN customers c ON c.id = g.customer_id
WHERE g.is_reward AND g.role = ? AND c.merged_into IS NULL
"""


MARKETING = """
SELECT m.leased_at, coalesce(c.traits ->> '$.timezone', 'Europe/Paris') FROM messages m
JOIN customers c ON c.id = m.customer_id WHERE m.purpose = 'marketing' AND m.leased_at IS NOT NULL
"""


def local_time(row: tuple[str, str]) -> datetime:
    return datetime.fromisoformat(row[0]).replace(tzinfo=UTC).astimezone(ZoneInfo(row[1]))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Up, int]]:
    """`up` that was told to listen on a port which is taken, and has played three weeks; the
    port.
    """
    shop = copy_shop(tmp_path_factory.mktemp("demo"))
    with starting(shop) as start, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = ("--demo", "--no-prefect", "--port", str(port))
        up = start(*options, command=HASTY_PARCOURS)
        up.until(lambda: "three weeks are over" in up.said())
        yield up, port
        assert up.stop() == 0


def test_three_weeks_show_every_journey_and_no_link_is_dead(played: tuple[Up, int]) -> None:
    up, _ = played
    mails = up.mails("var/demo")
    silent = {
        "events",
        "lifecycle",
        "surveys",
        "referral-reward",
    }  # rewards are granted there, reward-mail tells of them
    shipped = {path.stem for path in (up.project / "journeys").glob("*.yaml")} - silent
    assert {mail.journey for mail in mails} == shipped
    assert {"email", "sms"} <= {str(mail.medium) for mail in mails}
    assert {"Bienvenue", "Welcome"} <= {mail.subject.partition(",")[0] for mail in mails}
    assert dead_links(mails) == {}
    with closing(sqlite3.connect(up.project / "var" / "demo" / "parcours.db")) as database:
        answers = database.execute(
            "SELECT properties FROM events WHERE name = 'Survey Answered'"
        ).fetchall()
        said = [json.loads(properties) for (properties,) in answers]
        scores = {answer["score"] for answer in said if answer["survey"] == "nps"}
        assert min(scores) <= 6 < 9 <= max(scores)
        assert scores & {7, 8}
        assert {answer.get("answer") for answer in said} >= {
            "discount",
            "free-shipping",
            "new-arrivals",
        }
        for role in ("referrer", "customer"):
            assert database.execute(ONE_PERSON, (role,)).fetchone()[0] >= 3
        assert (
            database.execute("SELECT count(*) FROM events WHERE name = 'Unsubscribed'").fetchone()[
                0
            ]
            >= 2
        )
        started_by_history = (
            "SELECT count(*) FROM enrollments WHERE entered_at < (SELECT min(received_at) "
            "FROM events)"
        )
        assert database.execute(started_by_history).fetchone() == (0,)
        at_night = [
            at for at in map(local_time, database.execute(MARKETING)) if not 8 <= at.hour < 21
        ]
        assert at_night == []


def test_the_demo_takes_the_next_free_port(played: tuple[Up, int]) -> None:
    up, taken = played
    assert taken < int(up.url.rpartition(":")[2]) <= taken + 99


def test_page_and_terminal_say_that_time_is_accelerated(played: tuple[Up, int]) -> None:
    up, _ = played
    assert "accelerated time" in up.said()
    with urlopen(f"{up.url}/mailbox") as page:
        assert "accelerated time" in page.read().decode()
    assert not (up.project / "var" / "parcours.db").exists()


def dead_links(mails: list[StoredMessage]) -> dict[str, int]:
    """The links that lead nowhere, of one mail of each template and language."""
    chosen = {(mail.template, 'lang="fr' in mail.html): mail for mail in mails}
    links = {link for mail in chosen.values() for link in find_links(mail)}
    assert {link.split("/")[3] for link in links} >= {"u", "m", "r", "s", "shop"}
    return {link: status for link in sorted(links) if (status := status_of(link)) >= 400}


def test_the_demo_uses_mailboxes_whatever_the_project_says(shop: Path) -> None:
    text = (shop / "parcours.toml").read_text()
    live = text.replace('email = "mailbox"', 'email = "sendgrid"').replace(
        'sms = "mailbox"', 'sms = "twilio"'
    )
    (shop / "parcours.toml").write_text(live)
    found = load_project(shop, {"PARCOURS_DATABASE_URL": "postgresql+psycopg://somewhere/else"})
    config = set_stage(found).config
    assert (
        *(one.adapter for one in config.channels.by_name.values()),
        config.channels.only_to,
    ) == (
        "mailbox",
        "mailbox",
        (),
    )
    assert config.database_url == f"sqlite:///{shop.resolve()}/var/demo/parcours.db"
    assert found.config.channels != Channels()


def test_an_earlier_demo_is_removed_but_for_its_lock_and_prefects_process_id(
    tmp_path: Path,
) -> None:
    kept = [tmp_path / "parcours.db.lock", tmp_path / "prefect" / "server.pid"]
    gone = [
        tmp_path / "parcours.db",
        tmp_path / "mailbox" / "new" / "1",
        tmp_path / "prefect" / "prefect.db",
    ]
    for path in kept + gone:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    clear_stage(Config(tmp_path, var=tmp_path))
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)
    assert not (tmp_path / "mailbox").exists()


def test_the_three_weeks_are_over_before_they_begin_to_be_played() -> None:
    for day in range(14):
        now = datetime(2026, 11, 22, 13, 30, tzinfo=UTC) + timedelta(days=day)
        begin = begin_season(now)
        assert begin.strftime("%A %H:%M") == "Tuesday 00:00"
        assert timedelta(0) <= now - SEASON - begin < timedelta(days=7)


def test_the_same_people_do_the_same_things_every_time() -> None:
    def story() -> str:
        people = invent_shoppers()
        deeds = [*imagine_history(people, BEGIN), *imagine_season(people, BEGIN)]
        return json.dumps([deed.call for deed in deeds])

    assert story() == story()


def test_people_are_told_apart_and_none_of_them_is_real() -> None:
    people = invent_shoppers()
    assert len({person.email for person in people}) == len(people) > 280
    assert all(person.email.endswith("@example.com") for person in people)
    assert {person.locale[:2] for person in people} == {"fr", "en", "de"}
    zones = {
        "Europe/Paris",
        "Europe/London",
        "America/New_York",
        "America/Toronto",
        "Asia/Tokyo",
        "Indian/Reunion",
    }
    assert zones <= {person.zone for person in people}
    assert any(not person.consent for person in people)
    assert {True, False} <= {person.consent.get("sms") for person in people}


def test_history_ends_a_day_before_the_season_so_that_all_of_it_is_old() -> None:
    deeds = imagine_history(invent_shoppers(), BEGIN)
    assert deeds == sorted(deeds, key=lambda deed: deed.at)
    assert deeds[0].at > BEGIN - HISTORY
    assert deeds[-1].at < BEGIN - timedelta(days=1)
    calls = [deed.call for deed in deeds if deed.call is not None]
    assert len({call["messageId"] for call in calls}) == len(calls)


def test_some_fall_inactive_on_the_first_morning_so_that_their_win_back_is_seen_whole() -> None:
    people = [person for person in invent_shoppers() if person.habit is Habit.FADING]
    orders = [
        deed
        for deed in imagine_history(people, BEGIN)
        if deed.call and deed.call.get("event") == "Order Completed"
    ]
    last = {deed.call["userId"]: deed.at for deed in orders if deed.call}
    inactive_at = [at + timedelta(days=90) for at in last.values()]
    assert sum(BEGIN <= at < BEGIN + timedelta(hours=10) for at in inactive_at) >= 6
    assert all(BEGIN <= at < BEGIN + timedelta(days=7) for at in inactive_at)
