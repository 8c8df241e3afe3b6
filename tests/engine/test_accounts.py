"""Accounts, live: as a back-test says, however time is cut; late calls, merges, and what a project
without accounts pays.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from channels.recording import RecordingChannel
from orchestrator.domain.medium import Medium
from orchestrator.domain.program import plain_code
from orchestrator.engine import standing
from orchestrator.engine.account_teams import mark_stale
from orchestrator.engine.report import Held
from orchestrator.store.account_members import ACCOUNT_MEMBERS
from orchestrator.store.line_loading import load
from orchestrator.store.tables import CUSTOMERS
from tests.engine.conftest import OpenShop
from tests.engine.crowd import NO_CHANNELS
from tests.support.company import Company
from tests.support.journeys import HELLO
from tests.support.life import after_start
from tests.support.project import read_program
from tests.support.shop import Shop, read_instant

TRIAL = """
journey: trial
trigger: {event: Trial Started}
reentry: {after: 1d}
exit:
  - {event: Subscription Started, scope: account}
  - {stage: loyal, scope: account}
steps:
  - email: hello
  - delay: 3d
  - email: how-is-it-going
  - delay: 2d
  - emit: {event: Trial Over}
"""
ONE = """
journey: one
trigger: [{event: Trial Started}, {event: Trial Over}]
one_per: account
reentry: {after: 36h}
exit: {if: 'account.plan == "pro"'}
steps: [delay: 1d, email: first, delay: 2d, email: second]
"""
UPGRADE = """
journey: upgrade
trigger: {segment: paying}
reentry: always
exit: {event: Trial Over, scope: account}
steps: [email: thanks, delay: 1d, email: tips]
"""
SEGMENTS = 'segments:\n  paying: account.plan == "pro"\n'
JOURNEYS = (TRIAL, ONE, UPGRADE)
USERS = ("ada", "bob", "cy", "dan")


def random_company(seed: int) -> Company:
    """A fortnight of four users who join and leave two accounts, and what they do."""
    chance = random.Random(seed)
    them = Company(read_program(*JOURNEYS, segments=SEGMENTS))
    for user in USERS:
        them.join("0s", user, chance.choice(("acme", "globex")))
    for _ in range(30):
        at, user = f"{chance.randrange(1, 14 * 24 * 60)}m", chance.choice(USERS)
        match chance.randrange(7):
            case 0:
                plan = chance.choice(("free", "pro"))
                them.group(at, user, chance.choice(("acme", "globex")), plan=plan)
            case 1:
                them.group(at, user, "acme")
            case 2:
                them.track(at, user, chance.choice(("Account Removed User", "Order Completed")))
            case 3:
                them.track(at, user, "Subscription Started")
            case _:
                them.track(at, user, "Trial Started")
    return them


@pytest.mark.parametrize("every", [timedelta(hours=7), timedelta(hours=31), timedelta(days=30)])
@pytest.mark.parametrize("seed", range(4))
def test_live_and_back_tested_agree_however_time_is_cut(
    open_shop: OpenShop, seed: int, every: timedelta
) -> None:
    shop = open_shop(*JOURNEYS, segments=SEGMENTS)
    them = random_company(seed)
    them.run("30d")
    assert them.all_sends()
    them.tell(shop)
    shop.tick_every(every, "30d")
    assert shop.sends() == them.all_sends()


# ---------------------------------------------------------------- late calls

WAITING = """
journey: waiting
trigger: {event: Trial Started}
exit: {event: Subscription Started, scope: account}
steps: [delay: 3d, email: hello]
"""
PRO = """
journey: pro
trigger: {event: Report Opened, if: 'account.plan == "pro"'}
steps: [delay: 1d, email: report]
"""


def join_all(shop: Shop, *users: str, **traits: str) -> None:
    for user in users:
        shop.identify("0s", user, email=f"{user}@example.com")
        shop.call("0s", "group", user, groupId="acme", traits=traits)


def test_what_a_member_did_before_it_was_known_ends_the_journeys_of_the_others(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(WAITING, live=True)
    join_all(shop, "ada", "bob")
    shop.track("1h", "Trial Started", "ada")
    shop.track("3h", "Page Read", "ada")
    shop.tick("4h")
    shop.call("2h", "track", "bob", received="5h", event="Subscription Started")
    shop.tick("5h")
    assert shop.passages() == [("ada", "waiting", "exited")]
    (ended,) = shop.rows("SELECT ended_at FROM enrollments")
    assert after_start(read_instant(ended[0])) == "2h"
    shop.tick("10d")
    assert shop.sends() == []


def test_a_trait_that_was_said_before_it_was_known_lets_in_who_it_means(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(PRO, live=True)
    join_all(shop, "ada", "bob", plan="free")
    shop.track("2h", "Report Opened", "ada")
    shop.tick("4h")
    assert shop.passages() == []
    shop.call("1h", "group", "bob", received="5h", groupId="acme", traits={"plan": "pro"})
    shop.tick("5h")
    shop.tick("10d")
    assert shop.sends() == [("10d", "ada", "report")]
    (entered,) = shop.rows("SELECT entered_at FROM enrollments")
    assert after_start(read_instant(entered[0])) == "2h"


def test_an_older_word_that_comes_late_does_not_overrule_a_newer_one(open_shop: OpenShop) -> None:
    shop = open_shop(PRO, live=True)
    join_all(shop, "ada", "bob", plan="free")
    shop.call("3h", "group", "ada", groupId="acme", traits={"plan": "pro"})
    shop.tick("4h")
    shop.call("1h", "group", "bob", received="5h", groupId="acme", traits={"plan": "basic"})
    shop.track("6h", "Report Opened", "ada")
    shop.track("6h", "Report Opened", "bob")
    shop.tick("6h")
    assert shop.passages() == [("ada", "pro", "active"), ("bob", "pro", "active")]


def test_who_entered_stays_inside_where_another_turns_out_to_have_been_first(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(ONE, live=True)
    join_all(shop, "ada", "bob")
    shop.track("2h", "Trial Started", "ada")
    shop.tick("3h")
    shop.call("1h", "track", "bob", received="4h", event="Trial Started")
    shop.tick("4h")
    assert shop.passages() == [("ada", "one", "active")]
    assert ("ignored", "", "entered too recently: ada") in shop.decisions("ignored")


def test_of_one_tick_the_first_by_the_time_of_their_event_enters(open_shop: OpenShop) -> None:
    shop = open_shop(ONE, live=True)
    join_all(shop, "ada", "bob")
    shop.call("2h", "track", "ada", received="3h", event="Trial Started")
    shop.call("1h", "track", "bob", received="3h", event="Trial Started")
    shop.tick("3h")
    assert shop.passages() == [("bob", "one", "active")]
    assert shop.decisions("ignored") == [("ignored", "", "already inside: bob")]


def test_who_is_asked_late_is_asked_by_what_was_known_of_the_account_then(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(PRO, live=True)
    join_all(shop, "ada", "bob", plan="free")
    shop.call("3h", "group", "bob", groupId="acme", traits={"plan": "pro"})
    shop.tick("4h")
    shop.call("2h", "track", "ada", received="5h", event="Report Opened")
    shop.tick("5h")
    assert shop.passages() == []
    assert members(shop)["ada"] == ("acme", {"plan": "pro"})


def test_news_of_the_account_are_part_of_the_true_order(open_shop: OpenShop) -> None:
    """Who enters late leaves by what a member did since, and no row says that it was otherwise."""
    other = "journey: other\ntrigger: {event: Go}\nsteps: [delay: 9d, email: hello]\n"
    shop = open_shop(WAITING, other, live=True)
    join_all(shop, "ada", "bob")
    shop.track("90m", "Go", "ada")
    shop.track("2h", "Subscription Started", "bob")
    shop.tick("4h")
    shop.call("1h", "track", "ada", received="5h", event="Trial Started")
    shop.tick("5h")
    assert shop.passages() == [("ada", "other", "active"), ("ada", "waiting", "exited")]
    assert shop.decisions("overtaken") == []


def test_what_a_late_call_makes_of_a_member_is_told_to_the_others(open_shop: OpenShop) -> None:
    shop = open_shop(TRIAL, live=True)
    join_all(shop, "ada", "bob")
    shop.track("1h", "Trial Started", "ada")
    shop.track("4h", "Page Read", "bob")
    shop.tick("4h")
    for at in ("2h", "3h"):
        shop.call(at, "track", "bob", received="5h", event="Order Completed")
    shop.tick("5h")
    assert shop.passages() == [("ada", "trial", "exited")]
    (ended,) = shop.rows("SELECT ended_at FROM enrollments")
    assert after_start(read_instant(ended[0])) == "3h"


def test_an_older_group_call_of_imported_history_moves_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(PRO)
    join_all(shop, "ada")
    shop.call("3h", "group", "ada", groupId="globex")
    shop.tick("4h")
    shop.call("1h", "group", "ada", received="5h", starts=False, groupId="acme")
    shop.tick("5h")
    assert members(shop)["ada"][0] == "globex"


# ---------------------------------------------------------------- merges, edits, what is kept


def members(shop: Shop) -> dict[str, tuple[str, dict[str, object]]]:
    """Who belongs where, with what their line knows of it."""
    with shop.context.database.read() as transaction:
        found = transaction.execute(
            select(CUSTOMERS.c.external_id, ACCOUNT_MEMBERS.c.account, ACCOUNT_MEMBERS.c.traits)
            .join(CUSTOMERS, CUSTOMERS.c.id == ACCOUNT_MEMBERS.c.customer_id)
            .order_by(CUSTOMERS.c.id)
        )
        return {user: (account, traits) for user, account, traits in found}


def test_each_member_keeps_what_is_known_of_the_account(open_shop: OpenShop) -> None:
    shop = open_shop(PRO)
    join_all(shop, "ada", "bob", plan="free")
    shop.call("1h", "group", "bob", groupId="acme", traits={"plan": "pro", "seats": 3})
    shop.track("2h", "Account Removed User", "ada")
    shop.tick("3h")
    assert members(shop) == {"ada": ("", {}), "bob": ("acme", {"plan": "pro", "seats": 3})}


def test_a_device_that_becomes_a_user_brings_its_account(open_shop: OpenShop) -> None:
    shop = open_shop(PRO)
    shop.call("0s", "group", None, anonymousId="d1", groupId="acme", traits={"plan": "pro"})
    shop.tick("1h")
    shop.call("2h", "identify", "ada", anonymousId="d1", traits={"email": "ada@example.com"})
    shop.track("3h", "Report Opened", "ada")
    shop.tick("4h")
    assert shop.passages() == [("ada", "pro", "active")]
    assert members(shop) == {"ada": ("acme", {"plan": "pro"})}


def test_two_users_who_are_one_belong_to_what_was_said_last(open_shop: OpenShop) -> None:
    shop = open_shop(PRO)
    join_all(shop, "ada", plan="pro")
    shop.call("1h", "group", "ada-2", groupId="globex", traits={"plan": "free"})
    shop.tick("2h")
    shop.call("3h", "alias", "ada", previousId="ada-2")
    shop.tick("4h")
    assert members(shop) == {"ada": ("globex", {"plan": "free"})}


def test_a_project_that_begins_to_ask_for_accounts_knows_what_was_said_before(
    open_shop: OpenShop,
) -> None:
    """That changes segments as an edit does, and starts nothing; what comes then goes by it."""
    shop = open_shop(WAITING.replace(", scope: account", ""))
    join_all(shop, "ada", "bob")
    shop.call("1h", "group", "bob", groupId="acme", traits={"plan": "pro"})
    shop.tick("2h")
    assert members(shop) == {}
    shop.open(PRO, UPGRADE, segments=SEGMENTS)
    shop.tick("3h")
    assert {user: known for user, (_, known) in members(shop).items()} == {
        "ada": {"plan": "pro"}, "bob": {"plan": "pro"},
    }  # fmt: skip
    assert shop.passages() == []
    shop.track("4h", "Report Opened", "ada")
    shop.tick("5h")
    assert shop.passages() == [("ada", "pro", "active")]


def test_members_to_whom_nothing_happens_are_not_written(open_shop: OpenShop) -> None:
    shop = open_shop(WAITING)
    join_all(shop, "ada", "bob")
    shop.tick("1h")
    before = shop.rows("SELECT cursor FROM customers WHERE external_id = 'bob'")
    shop.track("2h", "Trial Started", "ada")
    shop.tick("3h")
    assert shop.rows("SELECT cursor FROM customers WHERE external_id = 'bob'") == before


def test_a_template_reads_the_account_of_its_customer(open_shop: OpenShop) -> None:
    shop = open_shop(
        'journey: hi\ntrigger: {event: Go}\nsteps:\n  - email: {template: hi, subject: "For '
        "{{ account.name or 'you' }}\"}\n"
    )
    join_all(shop, "ada", name="Acme")
    shop.identify("0s", "cy", email="cy@example.com")
    shop.track("1h", "Go", "ada")
    shop.track("1h", "Go", "cy")
    shop.tick("2h")
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    assert sorted(message.subject for message in channel.messages) == ["For Acme", "For you"]


@pytest.mark.parametrize("rule", ["event: Subscription Started", "stage: loyal"])
def test_a_message_that_waits_is_stopped_by_another_member_although_it_was_the_last(
    open_shop: OpenShop, rule: str
) -> None:
    journey = f"journey: x\ntrigger: {{event: Go}}\nexit: {{{rule}, scope: account}}\n"
    shop = open_shop(f"{journey}steps: [email: hello]\n", live=True)
    join_all(shop, "ada", "bob")
    shop.track("1h", "Go", "ada")
    standing.hold(shop.context, NO_CHANNELS, shop.clock.now())
    shop.tick("1h")
    for at in ("2h", "3h"):
        shop.track(at, "Order Completed", "bob")
        shop.track(at, "Subscription Started", "bob")
    shop.tick("4h")
    standing.hold(shop.context, Held(), shop.clock.now())
    shop.tick("5h")
    assert shop.sends() == []
    assert shop.ledger() == [("not_sent", "hello", f"left before: {rule.split(': ')[1]}")]


def test_to_whom_it_is_news_what_another_member_knows_the_rules_are_asked_as_after_an_edit(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(PRO)
    join_all(shop, "ada", "bob", plan="free")
    shop.tick("1h")
    with shop.context.database.write() as transaction:
        loaded = load(transaction, shop.context.program, [1, 2], shop.clock.now())
    told = loaded[1].state.account
    assert told is not None
    told.take({"plan": "pro"}, shop.clock.now())
    mark_stale(list(loaded.values()))
    assert [one.stale for one in loaded.values()] == [False, True]


def test_one_life_that_cannot_be_run_costs_no_other_account_what_its_members_tell(
    open_shop: OpenShop,
) -> None:
    coupon = "journey: gift\ntrigger: {event: Go}\nsteps: [coupon: {percent: 10}]\n"
    shop = open_shop(WAITING, coupon)
    join_all(shop, "ada", "bob")
    shop.identify("0s", "cy", email="cy@example.com")
    shop.track("1h", "Trial Started", "ada")
    shop.tick("1h")
    shop.use(program=replace(shop.context.program, coupon_code=break_for_cy))
    shop.track("2h", "Go", "cy")
    shop.track("2h", "Subscription Started", "bob")
    shop.tick("3h")
    assert len(shop.decisions("stuck")) == 1
    assert shop.passages() == [("ada", "waiting", "exited")]


def break_for_cy(key: str) -> str:
    """Coupon codes for everybody but cy."""
    if key.startswith("cy:"):
        raise ZeroDivisionError
    return plain_code(key)


# ---------------------------------------------------------------- what it costs


def test_a_project_that_asks_nothing_of_accounts_never_touches_their_table(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO)
    join_all(shop, "ada", "bob", plan="pro")
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(shop.context.database.engine, "before_cursor_execute", note)
    shop.tick("1h")
    event.remove(shop.context.database.engine, "before_cursor_execute", note)
    assert seen
    assert not [one for one in seen if "account_members" in one]
