"""Accounts: what one member says or does is known to the others, from that instant on."""

from __future__ import annotations

import pytest

from orchestrator.domain.together import find_teams
from tests.support.company import Company
from tests.support.project import read_program

TRIAL = """
journey: trial
trigger: {event: Trial Started}
exit:
  - {event: Subscription Started, scope: account}
steps:
  - email: hello
  - delay: 3d
  - email: how-is-it-going
"""


def companies(*journeys: str, **files: str) -> Company:
    return Company(read_program(*journeys, **files))


# ---------------------------------------------------------------- traits


def test_a_trait_that_one_member_says_is_the_accounts_for_all() -> None:
    """Whoever waits for it goes on by it, and it is read as of the instant that asks."""
    them = companies("""
journey: news
trigger: {event: Report Opened, if: account.plan == "pro"}
reentry: always
steps: [email: report]
""")
    them.join("0s", "ada", "acme", plan="free")
    them.join("1h", "bob", "acme")
    them.track("2h", "bob", "Report Opened")
    them.group("3h", "ada", "acme", plan="pro")
    them.track("4h", "bob", "Report Opened")
    them.run()
    assert them.sends("bob") == [("4h", "report")]


def test_who_joins_knows_what_the_members_said_before() -> None:
    them = companies("""
journey: welcome
trigger: {event: Invite Accepted, if: account.plan == "pro"}
steps: [email: welcome]
""")
    them.join("0s", "ada", "acme", plan="pro")
    them.join("5h", "bob", "acme")
    them.track("5h", "bob", "Invite Accepted")
    them.run()
    assert them.sends("bob") == [("5h", "welcome")]


def test_another_account_knows_nothing_of_it() -> None:
    them = companies("""
journey: news
trigger: {event: Report Opened, if: account.plan == "pro"}
steps: [email: report]
""")
    them.join("0s", "ada", "acme", plan="pro")
    them.join("0s", "cy", "globex")
    them.track("1h", "cy", "Report Opened")
    them.run()
    assert them.sends("cy") == []


def test_an_account_trait_wakes_who_is_inside() -> None:
    """An exit by a condition is asked when another member changes what it reads."""
    them = companies("""
journey: nurture
trigger: {event: Signed Up}
exit: {if: 'account.plan == "pro"'}
steps: [delay: 10d, email: buy]
""")
    them.join("0s", "ada", "acme", plan="free")
    them.join("0s", "bob", "acme")
    them.track("1h", "bob", "Signed Up")
    them.group("2d", "ada", "acme", plan="pro")
    them.run()
    assert them.left("bob") == [("2d", 'account.plan == "pro"')]


def test_a_segment_by_an_account_trait_is_entered_by_every_member_at_that_instant() -> None:
    them = companies(
        "journey: upgrade\ntrigger: {segment: paying}\nsteps: [email: thanks]\n",
        segments='segments:\n  paying: account.plan == "pro"\n',
    )
    for user in ("ada", "bob", "cy"):
        them.join("0s", user, "acme", plan="free")
    them.group("2d", "bob", "acme", plan="pro")
    them.run()
    assert [them.sends(user) for user in ("ada", "bob", "cy")] == [[("2d", "thanks")]] * 3


def test_a_date_of_the_account_calls_each_member_and_moves_with_it() -> None:
    them = companies("""
journey: ends-soon
trigger: {date: account.trial_ends_at, offset: -3d}
steps: [email: ends-soon]
""")
    them.join("0s", "ada", "acme", trial_ends_at="2026-01-15T10:00:00Z")
    them.join("1h", "bob", "acme")
    them.group("1d", "ada", "acme", trial_ends_at="2026-01-20T10:00:00Z")
    them.run()
    assert them.sends("ada") == them.sends("bob") == [("12d", "ends-soon")]


def test_a_trait_that_is_deleted_is_missing_for_all() -> None:
    them = companies("""
journey: news
trigger: {event: Report Opened, if: account.plan is undefined}
steps: [email: report]
""")
    them.join("0s", "ada", "acme", plan="pro")
    them.join("0s", "bob", "acme")
    them.group("1h", "ada", "acme", plan=None)
    them.track("2h", "bob", "Report Opened")
    them.run()
    assert them.sends("bob") == [("2h", "report")]


def test_the_id_of_the_account_and_the_spellings_of_segment_are_read() -> None:
    them = companies("""
journey: news
trigger: {event: Go, if: account.id == "acme" and account.created_at == "2026"}
steps: [email: report]
""")
    them.join("0s", "ada", "acme", createdAt="2026")
    them.track("1s", "ada", "Go")
    them.run()
    assert them.sends("ada") == [("1s", "report")]


# ---------------------------------------------------------------- belonging


def test_the_last_group_call_says_to_which_account_somebody_belongs() -> None:
    them = companies("""
journey: news
trigger: {event: Go, if: account.id == "globex"}
steps: [email: report]
""")
    them.join("0s", "ada", "acme")
    them.group("1h", "ada", "globex")
    them.track("2h", "ada", "Go")
    them.run()
    assert them.sends("ada") == [("2h", "report")]


def test_who_was_removed_belongs_to_no_account() -> None:
    them = companies(TRIAL)
    them.join("0s", "ada", "acme")
    them.join("0s", "bob", "acme")
    them.track("1h", "ada", "Trial Started")
    them.track("2h", "bob", "Account Removed User")
    them.track("3h", "bob", "Subscription Started")
    them.run()
    assert them.left("ada") == [("3d 1h", "end of the journey")]


def test_who_is_removed_from_another_account_stays_in_theirs() -> None:
    them = companies(TRIAL)
    them.join("0s", "ada", "acme")
    them.join("0s", "bob", "acme")
    them.track("1h", "ada", "Trial Started")
    them.call("2h", "track", "bob", event="Account Removed User", context={"groupId": "globex"})
    them.track("3h", "bob", "Subscription Started")
    them.run()
    assert them.left("ada") == [("3h", "Subscription Started")]


# ---------------------------------------------------------------- scope: account


def test_an_exit_of_the_account_looks_at_what_any_member_does() -> None:
    them = companies(TRIAL)
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.join("0s", "cy", "globex")
    for user in ("ada", "bob", "cy"):
        them.track("1h", user, "Trial Started")
    them.track("2d", "bob", "Subscription Started")
    them.run()
    assert them.left("ada") == them.left("bob") == [("2d", "Subscription Started")]
    assert them.sends("cy") == [("1h", "hello"), ("3d 1h", "how-is-it-going")]


def test_without_scope_an_exit_looks_at_the_customer_alone() -> None:
    them = companies(TRIAL.replace(", scope: account", ""))
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
        them.track("1h", user, "Trial Started")
    them.track("2d", "bob", "Subscription Started")
    them.run()
    assert them.sends("ada") == [("1h", "hello"), ("3d 1h", "how-is-it-going")]


def test_an_exit_of_the_account_reads_the_event_of_the_member_who_did_it() -> None:
    rule = "{event: Subscription Started, if: event.seats >= 10, scope: account}"
    them = companies(TRIAL.replace("{event: Subscription Started, scope: account}", rule))
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.track("1h", "ada", "Trial Started")
    them.track("2h", "bob", "Subscription Started", seats=3)
    them.track("3h", "bob", "Subscription Started", seats=12)
    them.run()
    assert them.left("ada") == [("3h", "Subscription Started")]


def test_what_another_member_did_before_the_entry_is_no_exit() -> None:
    them = companies(TRIAL)
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.track("1h", "bob", "Subscription Started")
    them.track("1h", "ada", "Trial Started")
    them.run()
    assert them.sends("ada") == [("1h", "hello"), ("3d 1h", "how-is-it-going")]


def test_a_goal_of_the_account_counts_what_any_member_does() -> None:
    them = companies("""
journey: trial
trigger: {event: Trial Started}
goal: {event: Subscription Started, value: event.price, within: 30d, scope: account}
steps: [delay: 10d, email: buy]
""")
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.track("1h", "ada", "Trial Started")
    them.track("2h", "bob", "Subscription Started", price=90)
    them.run()
    assert them.left("ada") == [("2h", "Subscription Started")]


@pytest.mark.parametrize("rule", ["stage: loyal", "segment: big"])
def test_an_exit_of_the_account_looks_at_what_any_member_becomes(rule: str) -> None:
    them = companies(
        TRIAL.replace("event: Subscription Started", rule),
        segments="segments:\n  big: customer.orders >= 2\n",
    )
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.track("1h", "ada", "Trial Started")
    them.track("2h", "bob", "Order Completed")
    them.track("3h", "bob", "Order Completed")
    them.run()
    assert them.left("ada") == [("3h", rule.split(": ")[1])]


def test_what_a_step_emits_for_one_member_is_heard_by_the_others() -> None:
    them = companies(
        TRIAL,
        "journey: sales\ntrigger: {event: Demo Booked}\n"
        "steps: [delay: 1d, emit: {event: Subscription Started}]\n",
    )
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.track("1h", "ada", "Trial Started")
    them.track("2h", "bob", "Demo Booked")
    them.run()
    assert them.left("ada") == [("1d 2h", "Subscription Started")]


def test_news_of_the_account_are_nothing_that_a_member_did() -> None:
    """They neither start a journey nor count in a fact, nor in what somebody performed."""
    them = companies(
        TRIAL.replace("Subscription Started", "Order Completed"),
        "journey: thanks\ntrigger: {event: Order Completed}\nsteps: [email: thanks]\n",
        'journey: later\ntrigger: {event: Go, if: customer.orders >= 1 or performed("Order '
        'Completed")}\nsteps: [email: later]\n',
    )
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.track("1h", "ada", "Trial Started")
    them.track("2h", "bob", "Order Completed")
    them.track("3h", "ada", "Go")
    them.run()
    assert them.sends("ada") == [("1h", "hello")]
    assert them.sends("bob") == [("2h", "thanks")]


def test_what_somebody_does_at_the_instant_at_which_they_join_is_heard_by_the_members() -> None:
    them = companies(TRIAL)
    them.join("0s", "ada", "acme")
    them.track("1h", "ada", "Trial Started")
    them.join("2h", "bob", "acme")
    them.track("2h", "bob", "Subscription Started")
    them.run()
    assert them.left("ada") == [("2h", "Subscription Started")]


def test_that_a_member_leaves_is_heard_by_those_who_stay() -> None:
    them = companies(TRIAL.replace("Subscription Started", "Account Removed User"))
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.track("1h", "ada", "Trial Started")
    them.track("2h", "bob", "Account Removed User")
    them.run()
    assert them.left("ada") == [("2h", "Account Removed User")]


# ---------------------------------------------------------------- one journey per account

ONE = """
journey: trial
trigger: {event: Trial Started}
one_per: account
exit: {event: Trial Left}
steps: [delay: 5d, email: upgrade]
"""


def test_of_an_account_one_member_is_inside_the_first_by_the_time_of_their_events() -> None:
    them = companies(ONE)
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.join("0s", "cy", "globex")
    them.track("3h", "ada", "Trial Started")
    them.track("2h", "bob", "Trial Started")
    them.track("4h", "cy", "Trial Started")
    them.run()
    assert them.sends("ada") == []
    assert them.ignored("ada") == [("3h", "already inside: bob")]
    assert them.sends("bob") == [("5d 2h", "upgrade")]
    assert them.sends("cy") == [("5d 4h", "upgrade")]


def test_of_two_events_of_one_instant_the_one_that_arrived_first_enters() -> None:
    them = companies(ONE)
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.track("2h", "bob", "Trial Started")
    them.track("2h", "ada", "Trial Started")
    them.run()
    assert them.ignored("ada") == [("2h", "already inside: bob")]
    assert them.ignored("bob") == []


def test_reentry_counts_for_the_account() -> None:
    them = companies(ONE)
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.track("1h", "bob", "Trial Started")
    them.track("2h", "bob", "Trial Left")
    them.track("3h", "ada", "Trial Started")
    them.run()
    assert them.ignored("ada") == [("3h", "entered before, and reentry is never: bob")]


def test_where_reentry_allows_another_member_enters_when_the_first_has_left() -> None:
    them = companies(ONE.replace("one_per: account", "one_per: account\nreentry: {after: 1h}"))
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.track("1h", "bob", "Trial Started")
    them.track("90m", "bob", "Trial Left")
    them.track("100m", "ada", "Trial Started")
    them.track("2h", "ada", "Trial Started")
    them.run()
    assert them.ignored("ada") == [("1h 40m", "entered too recently: bob")]
    assert them.sends("ada") == [("5d 2h", "upgrade")]


def test_the_end_of_ones_journey_by_time_frees_the_account() -> None:
    them = companies(ONE.replace("one_per: account", "one_per: account\nreentry: always"))
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.track("1h", "bob", "Trial Started")
    them.track("5d 1h", "ada", "Trial Started")
    them.track("5d 2h", "ada", "Trial Started")
    them.run()
    assert them.ignored("ada") == [("5d 1h", "already inside: bob")]
    assert them.sends("ada") == [("10d 2h", "upgrade")]


def test_who_belongs_to_no_account_enters_by_themselves() -> None:
    them = companies(ONE)
    for user in ("ada", "bob"):
        them.call("0s", "identify", user, traits={"email": f"{user}@example.com"})
        them.track("1h", user, "Trial Started")
    them.run()
    assert them.sends("ada") == them.sends("bob") == [("5d 1h", "upgrade")]


def test_a_schedule_takes_one_member_of_each_account_who_came_first() -> None:
    them = companies(
        """
journey: digest
trigger: {once: 2026-01-06 10:00, segment: all}
one_per: account
steps: [email: digest]
""",
        segments="segments:\n  all: customer.email is defined\n",
    )
    for user in ("ada", "bob"):
        them.join("0s", user, "acme")
    them.run()
    assert them.sends("ada") == [("1d", "digest")]
    assert them.ignored("bob") == [("1d", "already inside: ada")]


# ---------------------------------------------------------------- merges


def test_what_a_user_did_under_another_id_counts_for_the_account_up_to_the_merge() -> None:
    them = companies(ONE)
    them.join("0s", "ada", "acme")
    them.join("0s", "bob-1", "acme")
    them.track("1h", "bob-1", "Trial Started")
    them.track("2h", "ada", "Trial Started")
    them.call("3h", "alias", "bob", previousId="bob-1")
    them.run()
    assert them.ignored("ada") == [("2h", "already inside: bob-1")]
    assert them.sends("bob") == [("5d 1h", "upgrade")]


def test_who_absorbs_a_member_is_a_member() -> None:
    them = companies(TRIAL)
    them.join("0s", "ada", "acme")
    them.join("0s", "bob-1", "acme")
    them.track("1h", "ada", "Trial Started")
    them.call("2h", "identify", "bob", traits={"email": "bob@example.com"})
    them.call("3h", "alias", "bob", previousId="bob-1")
    them.track("4h", "bob", "Subscription Started")
    them.run()
    assert them.left("ada") == [("4h", "Subscription Started")]


# ---------------------------------------------------------------- who is run together


def test_those_are_run_together_who_have_an_account_in_common() -> None:
    named = {"ada": ["acme"], "cy": [], "bob": ["globex"], "dan": ["acme", "globex"], "eve": ["x"]}
    assert find_teams(named) == [["ada", "bob", "dan"], ["cy"], ["eve"]]


def test_a_project_that_asks_nothing_of_accounts_runs_nobody_together() -> None:
    them = companies(TRIAL.replace(", scope: account", ""))
    assert not them.program.index.accounts.are_used
