"""Events that journeys wait for and that never came, and why nobody entered, are told: by the
back-test and by `check --data`.
"""

from __future__ import annotations

import pytest

from tests.cli.conftest import ShopFolder, now, track

DUNNING = """\
journey: dunning
purpose: transactional
trigger: {event: Payment Failed, if: event.amount >= 20}
exit: {event: Payment Suceeded}
steps:
  - delay: 1d
  - email: reminder
"""


@pytest.fixture
def dunning(shop: ShopFolder) -> ShopFolder:
    (shop.folder / "journeys/cart.yaml").unlink()
    shop.write("journeys/dunning.yaml", DUNNING)
    return shop


def told(shop: ShopFolder, *calls: dict[str, object]) -> str:
    shop.write_calls(*calls)
    return str(shop.run("backtest", shop.folder / "calls.jsonl", "--assume-consent").out)


def test_an_exit_that_never_happens_is_told_with_what_was_meant(dunning: ShopFolder) -> None:
    out = told(
        dunning,
        track("ada", "Payment Failed", now(), amount=80),
        track("ada", "Payment Succeeded", now()),
    )
    assert (
        "'Payment Suceeded' (exit of dunning) never happens in these 2 calls; did you mean "
        "'Payment Succeeded'?\n"
    ) in out


def test_a_trigger_that_never_happens_is_told_too(dunning: ShopFolder) -> None:
    out = told(dunning, track("ada", "Payment Succeeded", now()))
    assert "'Payment Failed' (trigger of dunning) never happens in this call\n" in out


def test_where_nobody_entered_it_is_told_which_property_was_missing(dunning: ShopFolder) -> None:
    calls = [track(name, "Payment Failed", now(), value=80) for name in ("ada", "bob")]
    assert (
        "dunning: 2 Payment Failed, none met its `if`; event.amount is missing in 2 of 2 Payment "
        "Failed\n"
    ) in told(dunning, *calls)


def test_where_somebody_entered_and_everything_happens_nothing_is_told(
    dunning: ShopFolder,
) -> None:
    dunning.write("journeys/dunning.yaml", DUNNING.replace("Suceeded", "Succeeded"))
    out = told(
        dunning,
        track("ada", "Payment Failed", now(), amount=80),
        track("ada", "Payment Succeeded", now()),
    )
    assert "never" not in out
    assert "none met" not in out


def test_check_looks_into_the_database_for_what_never_came(stored_shop: ShopFolder) -> None:
    shop = stored_shop
    shop.write("journeys/dunning.yaml", DUNNING)
    assert "no event 'Payment Failed'" not in shop.run("check", "--data").out
    shop.ingest(track("ada", "Payment Failed", now(), value=80))
    shop.run("tick")
    assert "names the event 'Payment Failed'" in shop.run("check").out
    out = shop.run("check", "--data").out
    assert "names the event 'Payment Failed'" not in out
    assert "'Payment Failed' has no property 'amount' (known: value)" in out
    assert "'Payment Suceeded' (exit of dunning) never happens in the 1 event" in out
    assert "dunning: 1 Payment Failed, none met its `if`; event.amount is missing in 1 of 1" in out


def test_a_comment_that_the_data_makes_needless_is_no_fault_with_the_data(
    stored_shop: ShopFolder,
) -> None:
    shop = stored_shop
    kept = DUNNING.replace(
        "trigger:", "# parcours: ignore[unknown-event] begins in May\ntrigger:"
    ).replace("exit: {event: Payment Suceeded}\n", "")
    shop.write("journeys/dunning.yaml", kept)
    assert "dunning" not in shop.run("check").out
    shop.ingest(track("ada", "Payment Failed", now(), amount=80))
    shop.run("tick")
    assert "take this comment away" not in shop.run("check", "--data").out


def test_the_answer_of_a_webhook_is_no_event_that_a_shop_should_send(dunning: ShopFolder) -> None:
    asking = DUNNING + "  - webhook: {url: https://crm.example/x, save_as: crm}\n"
    dunning.write("journeys/dunning.yaml", asking.replace("Suceeded", "Succeeded"))
    out = told(
        dunning,
        track("ada", "Payment Failed", now(), amount=80),
        track("ada", "Payment Succeeded", now()),
    )
    assert "never happens" not in out


def test_who_writes_another_word_is_not_told_that_the_events_at_hand_were_meant(
    dunning: ShopFolder,
) -> None:
    dunning.write("journeys/dunning.yaml", DUNNING.replace("Suceeded", "Forgiven"))
    out = told(dunning, track("ada", "Payment Failed", now(), amount=80))
    assert "'Payment Forgiven' (exit of dunning) never happens in this call\n" in out


def test_a_journey_whose_time_did_not_come_says_when_it_begins(dunning: ShopFolder) -> None:
    dunning.write(
        "journeys/letter.yaml",
        "journey: letter\ntrigger: {once: 2099-12-10 10:00}\nsteps:\n  - email: reminder\n",
    )
    out = told(dunning, track("ada", "Payment Succeeded", now()))
    assert "\nletter: nobody entered; it begins once, on 2099-12-10 10:00 in Europe/Paris\n" in out


@pytest.mark.parametrize(
    ("trigger", "begins"),
    [
        ("{stage: loyal}", "on becoming loyal"),
        ("{date: customer.birthday, every: year}", "on customer.birthday, every year"),
        (
            "{business_event: Back In Stock, to: customer.orders >= 1}",
            "with Back In Stock, for whoever it is about",
        ),
    ],
)
def test_a_journey_that_nobody_entered_says_when_it_begins_whatever_lets_in(
    dunning: ShopFolder, trigger: str, begins: str
) -> None:
    dunning.write(
        "journeys/lifecycle.yaml",
        "lifecycle: x\nfacts: {orders: {count: Order Completed}}\n"
        "stages:\n  - {stage: loyal, if: customer.orders >= 9}\n  - {stage: other, if: true}\n",
    )
    dunning.write(
        "journeys/letter.yaml",
        f"journey: letter\ntrigger: {trigger}\nsteps:\n  - email: reminder\n",
    )
    out = told(dunning, track("ada", "Payment Succeeded", now()))
    assert f"\nletter: nobody entered; it begins {begins}\n" in out


def test_of_a_journey_that_a_person_begins_nothing_is_told(dunning: ShopFolder) -> None:
    text = "journey: letter\ntrigger: manual\nsteps:\n  - email: reminder\n"
    dunning.write("journeys/letter.yaml", text)
    assert "\nletter: nobody" not in told(dunning, track("ada", "Payment Succeeded", now()))
