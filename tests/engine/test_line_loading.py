"""What a tick knows of what earlier ones did for a customer."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.store.stored_enrollment import StoredEnrollment
from tests.engine.conftest import OpenShop
from tests.engine.crowd import HELLO
from tests.support.life import START
from tests.support.project import CONSENTING


def test_a_cap_counts_what_left_in_earlier_ticks_and_nothing_older_than_its_window(
    open_shop: OpenShop,
) -> None:
    capped = f'{CONSENTING}[caps]\nemail = ["2/day"]\n'
    shop = open_shop(HELLO.replace("steps:", "reentry: always\nsteps:"), toml=capped)
    shop.identify("0s")
    for hour in (1, 2, 3, 26, 30):
        shop.track(f"{hour}h", "Viewed")
        shop.tick(f"{hour}h")
    assert [at for at, _, _ in shop.sends()] == ["1h", "2h", "1d 1h", "1d 2h"]


def test_what_was_received_in_earlier_ticks_is_known_to_a_step(open_shop: OpenShop) -> None:
    once = HELLO.replace("steps:", 'reentry: always\nonly_if: not received("hello")\nsteps:')
    shop = open_shop(once)
    shop.identify("0s")
    for day in (1, 100):
        shop.track(f"{day}d", "Viewed")
        shop.tick(f"{day}d")
    assert [at for at, _, _ in shop.sends()] == ["1d"]


def test_what_started_an_enrollment_is_opened_by_the_first_question_and_a_change_of_it_is_seen() -> (
    None
):
    read = StoredEnrollment("j", "v", 1, START, changed=False)
    read.entry = '{"cart": [1]}'
    untouched = read.stored_entry
    cart = read.entry["cart"]
    assert isinstance(cart, list)
    cart.append(2)
    assert (untouched, read.stored_entry) == ('{"cart": [1]}', {"cart": [1, 2]})
    assert replace(read).entry == {"cart": [1, 2]}
