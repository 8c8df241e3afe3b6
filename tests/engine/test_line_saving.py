"""What a run of a time line has changed is written, whatever of it the line still remembers."""

from __future__ import annotations

from tests.engine.conftest import OpenShop
from tests.engine.crowd import HELLO


def test_a_passage_that_ended_long_before_the_end_of_its_run_is_written(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO.replace("steps:", "steps:\n  - delay: 1h"))
    shop.identify("0s")
    shop.track("1s", "Viewed")
    shop.tick("1m")
    assert shop.passages() == [("ada", "hello", "active")]
    shop.track("60d", "Seen")
    shop.tick("60d")  # the engine was down: one run from the wait to the end of what may come late
    assert shop.passages() == [("ada", "hello", "completed")]
    assert shop.tick("61d").journey("hello").due == 0
