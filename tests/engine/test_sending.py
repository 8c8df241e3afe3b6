"""What becomes of a message after its provider's answer, as the report of a tick tells it."""

from __future__ import annotations

import pytest

from orchestrator.domain.channel import OutcomeKind
from orchestrator.engine.batches import FAILURES_IN_A_ROW_MAX
from orchestrator.engine.standing import read_standing
from tests.engine.conftest import OpenShop
from tests.engine.crowd import HELLO, RESET, answer, crowd, states


@pytest.mark.parametrize(
    ("journey", "kind", "outcome", "help_"),
    [
        (
            HELLO,
            OutcomeKind.REJECTED,
            "rejected",
            "parcours messages list --journey hello --state rejected",
        ),
        (HELLO, OutcomeKind.THROTTLED, "throttled", "nothing to do: tried again by itself"),
        (HELLO, OutcomeKind.UNAVAILABLE, "unavailable", "nothing to do: tried again by itself"),
        (HELLO, OutcomeKind.UNCERTAIN, "unknown", "settle %s --sent, --again or --drop"),
        (RESET, OutcomeKind.UNCERTAIN, "uncertain", "nothing to do: tried again by itself"),
    ],
)
def test_a_message_that_did_not_leave_is_reported_with_what_to_do(
    open_shop: OpenShop, journey: str, kind: OutcomeKind, outcome: str, help_: str
) -> None:
    shop = open_shop(journey, live=True)
    answer(shop, kind, reason="said so", code="451")
    shop.identify("0s")
    shop.track("0s", "Viewed")
    (failure,) = shop.tick("1s").channels["email"].failures
    ((public_id,),) = shop.rows("SELECT public_id FROM messages")
    assert (failure.message_id, failure.journey, failure.outcome) == (public_id, "hello", outcome)
    assert (failure.code, failure.reason) == ("451", "said so")
    assert (help_ % public_id if "%" in help_ else help_) in failure.help


def test_a_report_counts_what_is_tried_again(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    answer(shop, OutcomeKind.THROTTLED)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    assert shop.tick("1s").channel("email").retried == 1


def test_a_channel_whose_provider_takes_messages_again_rests_no_longer(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    answer(shop, OutcomeKind.UNAVAILABLE)
    crowd(shop, FAILURES_IN_A_ROW_MAX)
    assert shop.tick("1s").channel("email").stopped
    answer(shop, OutcomeKind.ACCEPTED)
    shop.tick("3h")
    with shop.context.database.read() as transaction:
        assert read_standing(transaction, shop.context.program).rests == {}
    assert states(shop) == {"accepted": FAILURES_IN_A_ROW_MAX}
