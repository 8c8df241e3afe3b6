"""What is said of an address holds for whoever carries it; what a customer said goes with the
customer.
"""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.engine import standing
from orchestrator.engine.report import Held
from tests.engine.conftest import OpenShop
from tests.support.journeys import NEWS
from tests.support.project import CONSENTING
from tests.support.shop import Shop

OTHER = (
    "journey: other\ntrigger: {event: Looked}\nreentry: always\ntopic: offers\nsteps:\n  - "
    "email: other\n"
)
OWED = (
    "journey: owed\npurpose: transactional\ntrigger: {event: Paid}\nreentry: "
    "always\nsteps:\n  - email: invoice\n"
)
ALL, TOPIC = {"email": False, "sms": False}, {"topics": {"News": False}}


def open_family(open_shop: OpenShop, **options: Any) -> Shop:
    """Ada and Bob read one mailbox; Ada has had a message."""
    shop = open_shop(NEWS, OTHER, OWED, toml=CONSENTING, **options)
    shop.identify("0s", "ada", email="Home@example.com")
    shop.identify("0s", "bob", email="home@example.com")
    shop.track("1m", "Joined", "ada")
    shop.tick("2m")
    assert shop.delivered() == ["hello"]
    return shop


def press(
    shop: Shop, at: str, said: dict[str, Any], user: str = "ada", *, source: str = "page"
) -> None:
    """What our page says of a reader who came from Ada's message."""
    [message] = shop.rows("SELECT public_id FROM messages ORDER BY id LIMIT 1")
    context = {
        "page": {"path": "/u"},
        "unsubscribe": {"email_id": message.public_id, "origin": "page"},
    }
    shop.call(at, "identify", user, traits={"consent": said}, context=context, source=source)


def join(shop: Shop, at: str, user: str, event: str = "Joined") -> list[str]:
    """The templates of what leaves because of an event."""
    before = len(shop.delivered())
    shop.track(at, event, user)
    shop.tick(at)
    return shop.delivered()[before:]


@pytest.mark.parametrize("said", [ALL, TOPIC])
def test_who_shares_an_unsubscribed_address_is_not_written_to_there(
    open_shop: OpenShop, said: dict[str, Any]
) -> None:
    shop = open_family(open_shop)
    press(shop, "1h", said)
    assert join(shop, "2h", "bob") == []
    assert join(shop, "3h", "ada") == []
    assert [reason for _, _, reason in shop.decisions("not_sent")] == ["unsubscribed", "no_consent"]
    assert join(shop, "4h", "bob", "Paid") == ["invoice"]


def test_a_topic_that_is_unsubscribed_at_an_address_leaves_the_others_alone(
    open_shop: OpenShop,
) -> None:
    shop = open_family(open_shop)
    press(shop, "1h", TOPIC)
    assert join(shop, "2h", "bob", "Looked") == ["other"]


def test_who_comes_to_an_unsubscribed_address_later_is_not_written_to_there_and_who_leaves_it_is(
    open_shop: OpenShop,
) -> None:
    shop = open_family(open_shop)
    press(shop, "1h", ALL)
    shop.identify("2h", "cat", email="HOME@example.com")
    assert join(shop, "2h", "cat") == []
    shop.identify("3h", "bob", email="bob@example.com")
    assert join(shop, "3h", "bob") == ["hello"]
    shop.identify("4h", "ada", email="ada@example.com")
    assert join(shop, "4h", "ada") == []  # her own choice goes with her


def test_the_address_is_the_one_the_message_went_to(open_shop: OpenShop) -> None:
    shop = open_family(open_shop)
    shop.identify("30m", "ada", email="ada@example.com")
    shop.identify("30m", "cat", email="ada@example.com")
    press(shop, "1h", ALL)
    assert join(shop, "2h", "bob") == []
    assert join(shop, "3h", "cat") == ["hello"]


@pytest.mark.parametrize("user", ["bob", "cat"])
@pytest.mark.parametrize(
    ("said", "yes"), [(ALL, {"email": True}), (TOPIC, {"topics": {"NEWS": "yes"}})]
)
def test_a_newer_yes_of_a_profile_that_carries_the_address_lifts_it_for_all(
    open_shop: OpenShop, said: dict[str, Any], yes: dict[str, Any], user: str
) -> None:
    shop = open_family(open_shop)
    press(shop, "1h", said)
    shop.tick("1h")
    shop.identify("2h", user, email="home@example.com", consent=yes)
    shop.tick("2h")
    assert join(shop, "3h", "bob") == ["hello"]
    shop.identify("4h", "dan", email="home@example.com")
    assert join(shop, "4h", "dan") == ["hello"]


def test_an_older_yes_or_one_about_something_else_or_of_somebody_else_lifts_nothing(
    open_shop: OpenShop,
) -> None:
    shop = open_family(open_shop)
    press(shop, "1h", ALL)
    shop.tick("1h")
    shop.call("30m", "identify", "bob", traits={"consent": {"email": True}}, received="2h")
    shop.identify("2h", "bob", consent={"sms": True, "topics": {"news": True}})
    shop.identify("2h", "cat", email="cat@example.com", consent={"email": True})
    assert join(shop, "3h", "bob") == []


def test_undoing_on_the_page_lifts_it_and_refusing_again_refuses_again(open_shop: OpenShop) -> None:
    shop = open_family(open_shop)
    press(shop, "1h", ALL)
    press(shop, "2h", {"email": True})
    assert join(shop, "3h", "bob") == ["hello"]
    press(shop, "4h", ALL)
    assert join(shop, "5h", "bob") == []


def test_only_our_own_page_speaks_for_an_address(open_shop: OpenShop) -> None:
    shop = open_family(open_shop)
    press(shop, "1h", ALL, source="api")
    assert join(shop, "2h", "bob") == ["hello"]
    assert join(shop, "3h", "ada") == []


def test_each_message_is_decided_by_what_was_said_up_to_its_instant_however_time_is_cut(
    open_shop: OpenShop,
) -> None:
    shop = open_family(open_shop)
    for at, event in (("59m", "Joined"), ("61m", "Joined"), ("119m", "Joined"), ("121m", "Joined")):
        shop.track(at, event, "bob")
    press(shop, "1h", ALL)
    press(shop, "2h", {"email": True})
    shop.tick("3h")  # all of it at once
    assert [at for at, user, _ in shop.sends() if user == "bob"] == ["59m", "2h 1m"]


def test_an_address_that_is_unsubscribed_between_queue_and_lease_is_held_back_for_whoever_has_it(
    open_shop: OpenShop,
) -> None:
    shop = open_family(open_shop, live=True)
    standing.hold(shop.context, Held(channels=frozenset({Medium.EMAIL})), shop.clock.now())
    shop.track("10m", "Joined", "bob")
    shop.tick("10m")
    press(shop, "11m", ALL)
    standing.hold(shop.context, Held(), shop.clock.now())
    shop.tick("11m")
    assert shop.ledger()[-1] == ("not_sent", "hello", "unsubscribed")


def refuse(address: str) -> Any:
    def answer(message: RenderedMessage) -> SendOutcome:
        dead = message.to == address
        kind = OutcomeKind.REJECTED if dead else OutcomeKind.ACCEPTED
        return SendOutcome(kind, code="550 5.1.1" if dead else "", suppress=dead)

    return answer


@pytest.mark.parametrize("live", [True, False])
def test_who_moves_away_from_a_dead_address_is_written_to_at_the_new_one_in_the_same_tick(
    open_shop: OpenShop, live: bool
) -> None:
    shop = open_shop(NEWS, live=live, toml=CONSENTING)
    shop.channels[Medium.EMAIL].answer = refuse("old@example.com")  # type: ignore[attr-defined]
    shop.identify("0s", "ada", email="old@example.com")
    assert join(shop, "1m", "ada") == [
        "hello"
    ]  # the provider takes it and says that nobody is there
    shop.identify("1h", "ada", email="new@example.com")
    assert join(shop, "1h", "ada") == ["hello"]
    shop.identify("2h", "ada", email="OLD@example.com")
    shop.identify("2h", "eve", email="old@example.com")
    assert join(shop, "2h", "ada") == []
    assert join(shop, "2h", "eve") == []
    assert {reason for _, _, reason in shop.decisions("not_sent")} == {"suppressed: 550 5.1.1"}


def test_an_address_that_a_step_gives_a_customer_is_looked_up_too(open_shop: OpenShop) -> None:
    move = (
        "journey: move\ntrigger: {event: Moved}\nreentry: always\nsteps:\n"
        '  - update: {email: "{{ event.to }}"}\n  - email: hello\n'
    ).replace("event.to", "entry.to")
    shop = open_shop(NEWS, move, toml=CONSENTING)
    shop.channels[Medium.EMAIL].answer = refuse("old@example.com")  # type: ignore[attr-defined]
    shop.identify("0s", "ada", email="old@example.com")
    join(shop, "1m", "ada")
    shop.identify("1h", "bob", email="bob@example.com")
    shop.track("1h", "Moved", "bob", to="Old@example.com")
    shop.tick("1h")
    assert shop.decisions("not_sent") == [("not_sent", "hello", "suppressed: 550 5.1.1")]


def test_a_dead_number_is_dead_however_it_is_written(open_shop: OpenShop) -> None:
    text = "journey: nudge\ntrigger: {event: Joined}\nreentry: always\nsteps:\n  - sms: nudge\n"
    shop = open_shop(text, toml=CONSENTING)
    shop.channels[Medium.SMS].answer = refuse("+33612345678")  # type: ignore[attr-defined]
    shop.identify("0s", "ada", phone="+33 (0)6 12 34 56 78")
    shop.track("1m", "Joined", "ada")
    shop.tick("1m")
    shop.identify("1h", "bob", phone="06 12 34 56 78", country="FR")
    shop.track("1h", "Joined", "bob")
    shop.tick("1h")
    assert shop.decisions("not_sent") == [("not_sent", "nudge", "suppressed: 550 5.1.1")]
