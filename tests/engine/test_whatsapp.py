"""WhatsApp messages: consent, caps and addresses of their own medium, and what a channel is given."""

from __future__ import annotations

from channels.recording import RecordingChannel
from orchestrator.domain.medium import Medium
from tests.engine.conftest import OpenShop
from tests.support.shop import Shop

JOURNEY = """
journey: nudge
trigger: {event: Viewed}
reentry: always
steps: [{whatsapp: cart}]
"""
DENIED = '[project]\ntimezone = "UTC"\n[caps]\nwhatsapp = "1/day"\n'
SID = "HX" + "a" * 32


def messages(shop: Shop) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    channel = shop.channels[Medium.WHATSAPP]
    assert isinstance(channel, RecordingChannel)
    return [(one.to, one.content_sid, one.content_variables) for one in channel.messages]


def opened(open_shop: OpenShop) -> Shop:
    shop = open_shop(JOURNEY, toml=DENIED)
    template = f"content_sid: {SID}\nvariables: {{1: '{{{{ entry.name }}}}'}}\n"
    (shop.root / "templates/whatsapp/cart.yaml").write_text(template, encoding="utf-8")
    shop.open()
    return shop


def test_it_leaves_to_the_number_with_its_template_and_its_variables(open_shop: OpenShop) -> None:
    shop = opened(open_shop)
    shop.identify("0s", phone="+33639981234", consent={"whatsapp": True})
    shop.track("1s", "Viewed", name="Lamp")
    shop.tick("2s")
    assert messages(shop) == [("+33639981234", SID, (("1", "Lamp"),))]


def test_its_consent_is_its_own_and_a_text_messages_is_none(open_shop: OpenShop) -> None:
    shop = opened(open_shop)
    shop.identify("0s", phone="+33639981234", consent={"sms": True, "email": True})
    shop.track("1s", "Viewed", name="Lamp")
    shop.tick("10m")
    assert messages(shop) == []
    assert shop.decisions("not_sent") == [("not_sent", "cart", "no_consent")]


def test_its_caps_are_its_own(open_shop: OpenShop) -> None:
    shop = opened(open_shop)
    shop.identify("0s", phone="+33639981234", consent={"whatsapp": True})
    for at in ("1s", "2h"):
        shop.track(at, "Viewed", name="Lamp")
        shop.tick(at)
    assert len(messages(shop)) == 1
    assert [reason for _, _, reason in shop.decisions("deferred")] == ["frequency_cap"]


def test_one_whose_variable_is_empty_fails_and_says_which(open_shop: OpenShop) -> None:
    shop = opened(open_shop)
    shop.identify("0s", phone="+33639981234", consent={"whatsapp": True})
    shop.track("1s", "Viewed")
    shop.tick("2s")
    ((state, _, reason),) = shop.ledger()
    assert state == "failed"
    assert "the variable 1 is empty for this customer" in reason
