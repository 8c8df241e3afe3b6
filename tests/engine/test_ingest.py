"""From the inbox to the time line: each call once, to the right customer, at its own time."""

from __future__ import annotations

from orchestrator.store.tables import EVENTS
from tests.engine.conftest import OpenShop
from tests.support.life import ADA

HELLO_ON_JOINING = (
    "journey: hello\ntrigger: {event: Joined}\nreentry: always\nsteps:\n  - email: hello\n"
)


def test_a_call_becomes_an_event_of_its_customer_once_however_often_it_comes(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    for _ in range(2):
        shop.call("0s", "track", event="Joined", messageId="same")
        shop.tick("1m")
    shop.call("0s", "track", event="Joined", messageId="twice")
    shop.call("0s", "track", event="Joined", messageId="twice")
    shop.tick("2m")
    assert len(shop.rows("SELECT id FROM events")) == 2
    assert shop.rows("SELECT id FROM inbox") == []


def test_a_time_in_the_future_is_cut_to_the_time_of_receipt(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    shop.identify("0s")
    shop.call("9d", "track", event="Joined", received="1h")
    shop.tick("2h")
    assert shop.sends() == [("1h", "ada", "hello")]


def test_a_call_without_a_time_happened_when_it_was_received(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    shop.identify("0s")
    shop.call("1h", "track", event="Joined", timestamp=None)
    shop.tick("2h")
    assert shop.sends() == [("1h", "ada", "hello")]


def test_a_call_received_while_a_tick_runs_is_not_lost(open_shop: OpenShop) -> None:
    """A tick takes its time once; a call may be received after that and still before the inbox is
    read.
    """
    shop = open_shop(HELLO_ON_JOINING, live=True)
    shop.identify("0s")
    shop.call("1h 0.5s", "track", event="Joined")
    shop.tick("1h")
    shop.tick("1h 1s")
    assert shop.delivered() == ["hello"]


def test_an_event_older_than_max_age_updates_facts_and_stages_only(open_shop: OpenShop) -> None:
    text = "journey: first\ntrigger: {stage: new_customer}\nsteps:\n  - email: first\n"
    shop = open_shop(
        text,
        text.replace("journey: first", "journey: order").replace(
            "stage: new_customer", "event: Order Completed"
        ),
    )
    shop.identify("0s")
    shop.call("1h", "track", event="Order Completed", received="25h 0.000001s")
    shop.tick("26h")
    assert shop.delivered() == []
    assert shop.rows("SELECT stage FROM customers")[0].stage == "new_customer"
    causes = shop.rows("SELECT cause FROM stage_changes ORDER BY id")
    assert [row.cause for row in causes] == ["event", "import"]


def test_an_event_of_exactly_max_age_still_starts(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    shop.identify("0s")
    shop.call("1h", "track", event="Joined", received="25h")
    shop.tick("26h")
    assert shop.delivered() == ["hello"]


def test_max_age_is_a_setting(open_shop: OpenShop) -> None:
    toml = '[consent]\ndefault = "granted"\n[ingest]\nmax_age = "10m"\n'
    shop = open_shop(HELLO_ON_JOINING, toml=toml)
    shop.identify("0s")
    shop.call("1h", "track", event="Joined", received="1h 11m")
    shop.tick("2h")
    assert shop.delivered() == []


def test_history_starts_nothing_however_young(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    shop.identify("0s")
    shop.call("1h", "track", event="Joined", starts=False)
    shop.tick("2h")
    assert shop.delivered() == []


def test_imported_history_starts_nothing_by_time_either(open_shop: OpenShop) -> None:
    text = "journey: win\ntrigger: {stage: inactive}\nsteps:\n  - email: back\n"
    shop = open_shop(text)
    shop.call("0s", "identify", traits={"email": "a@example.com"}, received="100d", starts=False)
    shop.call("0s", "track", event="Order Completed", received="100d", starts=False)
    shop.call("50d", "track", "bob", event="Order Completed", received="100d", starts=False)
    shop.call(
        "50d", "identify", "bob", traits={"email": "b@example.com"}, received="100d", starts=False
    )
    shop.tick("100d")
    shop.tick("200d")
    assert shop.sends() == [("140d", "bob", "back")]


def test_what_cannot_be_a_call_is_kept_with_the_reason(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    shop.call("0s", "track", event="")
    shop.call("0s", "frobnicate")
    report = shop.tick("1m")
    assert (report.accepted, report.rejected) == (0, 2)
    assert [row.code for row in shop.rows("SELECT code FROM rejections ORDER BY id")] == [
        "no_event",
        "invalid_type",
    ]


# ---------------------------------------------------------------- who


def test_anonymous_people_may_enter_and_are_known_later(open_shop: OpenShop) -> None:
    shop = open_shop(
        "journey: cart\ntrigger: {event: Added}\nsteps:\n  - delay: 2h\n  - email: cart\n"
    )
    shop.call("0s", "track", None, anonymousId="anon", event="Added")
    shop.tick("1h")
    shop.call("1h", "identify", "ada", anonymousId="anon", traits={"email": "ada@example.com"})
    shop.tick("3h")
    assert shop.sends() == [("2h", "ada", "cart")]
    assert shop.passages() == [("ada", "cart", "completed")]


def test_who_is_known_at_entry_is_found_by_the_anonymous_id_afterwards(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    shop.call("0s", "identify", "ada", anonymousId="anon", traits={"email": "ada@example.com"})
    shop.call("1h", "track", None, anonymousId="anon", event="Joined")
    shop.tick("2h")
    assert shop.sends() == [("1h", "ada", "hello")]
    assert len(shop.rows("SELECT id FROM customers WHERE merged_into IS NULL")) == 1


def test_of_two_open_passages_of_one_journey_the_earlier_stays_and_the_other_ends_merged(
    open_shop: OpenShop,
) -> None:
    text = "journey: cart\ntrigger: {event: Added}\nsteps:\n  - delay: 5h\n  - email: cart\n"
    shop = open_shop(text)
    shop.identify("-1s")
    shop.call("0s", "track", None, anonymousId="anon", event="Added")
    shop.track("1h", "Added")
    shop.tick("2h")
    shop.call("3h", "identify", "ada", anonymousId="anon", traits={})
    shop.tick("10h")
    assert shop.sends() == [("5h", "ada", "cart")]
    assert sorted(status for _, _, status in shop.passages()) == ["completed", "merged"]
    assert ("left", "delay-before-cart", "merged") in shop.decisions("left")


def test_on_linking_facts_and_stage_come_from_the_united_events(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    shop.track("0s", "Order Completed")
    shop.call("1h", "track", None, anonymousId="anon", event="Order Completed")
    shop.tick("2h")
    shop.call("3h", "identify", "ada", anonymousId="anon", traits={})
    shop.tick("4h")
    [ada] = shop.rows("SELECT stage FROM customers WHERE merged_into IS NULL")
    assert ada.stage == "loyal"
    [moved] = shop.rows(
        "SELECT count(*) AS n FROM events e JOIN customers c ON c.id = e.customer_id AND c.id = 1"
    )
    assert moved.n == 4  # two orders, the link and what it came with


def test_on_linking_consent_keeps_the_stricter_explicit_choice(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    for number, (one, other) in enumerate([(True, False), (False, True), (None, False)]):
        ada, anon = f"ada{number}", f"anon{number}"
        traits = {"email": f"{ada}@example.com"}
        shop.call(
            f"{number}d",
            "identify",
            ada,
            traits=traits if one is None else traits | {"consent": {"email": one}},
        )
        shop.call(
            f"{number}d", "identify", None, anonymousId=anon, traits={"consent": {"email": other}}
        )
        shop.tick(f"{number}d 1h")
        shop.call(f"{number}d 2h", "track", ada, anonymousId=anon, event="Joined")
        shop.tick(f"{number}d 3h")
    assert shop.delivered() == []
    assert [reason for _, _, reason in shop.decisions("not_sent")] == ["no_consent"] * 3


def test_an_anonymous_id_seen_with_a_second_user_is_rebound_for_later_events(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    shop.call("0s", "identify", "ada", anonymousId="anon", traits={"email": "ada@example.com"})
    shop.call("1h", "identify", "bob", anonymousId="anon", traits={"email": "bob@example.com"})
    shop.call("2h", "track", None, anonymousId="anon", event="Joined")
    shop.tick("3h")
    assert shop.sends() == [("2h", "bob", "hello")]


def test_an_imported_link_triggers_nothing(open_shop: OpenShop) -> None:
    text = "journey: vip\ntrigger: {stage: loyal}\nsteps:\n  - email: vip\n"
    shop = open_shop(text)
    shop.identify("-1s")
    shop.track("0s", "Order Completed")
    shop.call("1h", "track", None, anonymousId="anon", event="Order Completed")
    shop.tick("2h")
    shop.call("3h", "identify", "ada", anonymousId="anon", traits={}, starts=False)
    shop.tick("4h")
    assert shop.delivered() == []
    changes = shop.rows('SELECT "to", cause FROM stage_changes ORDER BY id')
    assert [(row.to, row.cause) for row in changes][-1] == ("loyal", "import")


def test_a_merge_keeps_the_older_passages_variant(open_shop: OpenShop) -> None:
    text = """
journey: test
trigger: {event: Added}
reentry: always
steps:
  - split:
      - {variant: red, share: 50%, then: [{email: red}]}
      - {variant: blue, share: 50%, then: [{email: blue}]}
"""
    shop = open_shop(text)
    for number in range(8):
        anon, user = f"anon{number}", f"user{number}"
        shop.call("0s", "identify", user, traits={"email": f"{user}@example.com"})
        shop.call("1h", "identify", None, anonymousId=anon, traits={"email": f"{user}@example.com"})
        shop.call("2h", "track", None, anonymousId=anon, event="Added")
        shop.call("3h", "track", user, event="Added")
    shop.tick("4h")
    variants = (
        "SELECT c.external_id, a.variant FROM assignments a JOIN customers c ON c.id = "
        "a.customer_id WHERE "
    )
    older = {row.external_id: row.variant for row in shop.rows(variants + "c.anonymous")}
    for number in range(8):
        shop.call("5h", "track", f"user{number}", anonymousId=f"anon{number}", event="Added")
    shop.tick("6h")
    kept = {row.external_id: row.variant for row in shop.rows(variants + "NOT c.anonymous")}
    assert kept == {key.replace("anon", "user"): variant for key, variant in older.items()}
    last = [(user, template) for at, user, template in shop.sends() if at == "5h"]
    assert dict(last) == kept


def test_who_wanted_no_marketing_under_an_anonymous_id_gets_none_under_the_known_one(
    open_shop: OpenShop,
) -> None:
    stop = "journey: stop\ntrigger: {event: Complained}\nsteps:\n  - suppress\n"
    shop = open_shop(HELLO_ON_JOINING, stop)
    shop.call("0s", "track", None, anonymousId="anon", event="Complained")
    shop.tick("1m")
    shop.call("1h", "identify", anonymousId="anon", traits=ADA)
    shop.tick("2h")
    shop.track("3h", "Joined")
    shop.tick("4h")
    assert shop.ledger() == []
    assert shop.decisions("not_sent") == [("not_sent", "hello", "suppressed: journey stop")]


def test_becoming_known_by_name_does_not_enter_a_stage_again(open_shop: OpenShop) -> None:
    text = (
        "journey: offer\ntrigger: {stage: new_customer}\nreentry: always\nsteps:\n  - email: "
        "hello\n"
    )
    shop = open_shop(text)
    shop.call("0s", "identify", None, anonymousId="anon", traits=ADA)
    shop.call("1m", "track", None, anonymousId="anon", event="Order Completed")
    shop.tick("1h")
    shop.call("2h", "identify", anonymousId="anon", traits=ADA)
    shop.tick("3h")
    assert shop.delivered() == ["hello"]


def test_any_event_in_a_window_is_counted_from_what_was_stored(open_shop: OpenShop) -> None:
    lifecycle = (
        "lifecycle: shop\nfacts:\n  seen: {count: any event, within: 7d}\n"
        "  dear: {count: Joined, within: 7d, if: event.price > 10}\nstages: [{stage: any, if: true}]\n"
    )
    text = HELLO_ON_JOINING.replace(
        "reentry", "only_if: customer.seen == 3 and customer.dear == 1\nreentry"
    )
    shop = open_shop(text, lifecycle=lifecycle)
    shop.identify("0s")
    shop.call("0s", "page", name="Home")
    shop.track("1d", "Joined", price=11)
    shop.tick("2d")
    shop.track("3d", "Joined", price=10)
    shop.tick("4d")
    assert shop.sends() == [("3d", "ada", "hello")]


def test_nothing_of_a_group_call_is_lost(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    shop.call("0s", "group", groupId=42, traits={"name": "Acme"}, context={"ip": "::1"})
    shop.tick("1m")
    with shop.context.database.read() as connection:
        [event] = connection.execute(EVENTS.select())
    assert (event.properties, event.context) == ({"name": "Acme"}, {"ip": "::1", "groupId": "42"})


def test_a_tick_reports_how_many_calls_it_took_and_a_repeated_one_is_none(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO_ON_JOINING)
    shop.identify("0s")
    shop.call("1s", "track", event="Viewed", messageId="same")
    assert (shop.tick("1m").accepted, shop.tick("2m").accepted) == (2, 0)
    shop.call("3m", "track", event="Viewed", messageId="same")
    report = shop.tick("4m")
    assert (report.accepted, report.rejected) == (0, 0)


def test_time_alone_starts_nothing_before_the_last_of_the_history_was_received(
    open_shop: OpenShop,
) -> None:
    text = "journey: morning\ntrigger: {schedule: '0 9 * * *', timezone: UTC}\nsteps: [email: a]\n"
    shop = open_shop(text)
    shop.call("1h", "track", event="Hello", received="22h", starts=False)
    shop.call("2h", "track", event="Hello", received="23h 30m", starts=False)
    shop.tick("1d")
    assert shop.passages() == []
