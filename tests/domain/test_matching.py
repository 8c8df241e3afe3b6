"""Where people stand after an edit: blocks are compared as a diff does, by kind and content."""

from __future__ import annotations

import pytest

from orchestrator.domain.journey import Journey
from orchestrator.domain.matching import Matching, match_steps
from orchestrator.language.journeys import parse_journey

D1, D2, D3, D4 = (f"{{delay: {days}d}}" for days in (1, 2, 3, 4))
A, B, X, Y = (f"{{email: {name}}}" for name in "abxy")


def journey(steps: str, moved: str = "{}") -> Journey:
    return parse_journey(f"journey: j\ntrigger: manual\nmoved: {moved}\nsteps: {steps}\n", "j.yaml")


def match(old: str, new: str, moved: str = "{}") -> Matching:
    return match_steps(journey(old), journey(new, moved))


def listed(*steps: str) -> str:
    return f"[{', '.join(steps)}]"


@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        # A step put in: before, behind, between.
        ((D2, A), (D2, X, D3, A), [0, 3]),
        (
            (D2, A),
            (D2, X, D2, A),
            [0, 3],
        ),  # in the first of two alike nothing of the new text is skipped
        ((D2, A), (D2, X, A), [0, 2]),
        ((D2, A), (D1, X, D2, A), [2, 3]),
        ((D2, A), (D2, A, D2, X), [0, 1]),
        ((D2, A), (X, D2, A), [1, 2]),
        ((D1, A, D2, B), (D1, A, D3, X, D2, B), [0, 1, 4, 5]),
        ((D1, A), (D1, "{set: {n: 1}}", A), [0, 2]),
        # A template swapped, a delay changed, both at once.
        ((D2, A), (D2, B), [0, 1]),
        ((D2, A), (D3, A), [0, 1]),
        ((D2, A), (D3, B), [0, 1]),
        ((D1, A, D1, B), (D1, X, D1, B), [0, 1, 2, 3]),
        ((D1, A, D1, B), (D2, A, D3, B), [0, 1, 2, 3]),
        (
            (D1, A, D2, B),
            (D3, X, D4, B),
            [0, 1, 2, 3],
        ),  # the template that was swapped is a neighbour too
        ((D1, "{sms: s}", D2, A), (D3, "{sms: t}", D4, B), [0, 1, 2, 3]),
        (
            ("{wait_until: {time: 09:00}}", A),
            ("{wait_until: {time: 10:00, days: [mon]}}", A),
            [0, 1],
        ),
        # Steps taken out; the delay that is left is where both go on.
        ((D1, A, D1, B, D1, X), (D1, A, D1, X), [0, 1, 2, None, 2, 3]),
        ((D1, A, D2, B), (D2, B), [None, None, 0, 1]),
        ((D1, A), (A,), [None, 0]),
        # Steps that changed places.
        ((D2, A), (A, D2), [1, 0]),
        ((A, D1, B), (B, D1, A), [2, 1, 0]),
        # Of another kind is not the same step.
        ((D2, A), ("{wait_until: {time: 09:00}}", A), [None, 1]),
        ((A,), ("{sms: a}",), [None]),
    ],
)
def test_people_keep_their_place(
    old: tuple[str, ...], new: tuple[str, ...], places: list[int | None]
) -> None:
    before, after = journey(listed(*old)), journey(listed(*new))
    matching = match_steps(before, after)
    found = [matching.moved.get(step.id) for step in before.steps]
    assert found == [None if place is None else after.steps[place].id for place in places]
    assert matching.ambiguous == {}


@pytest.mark.parametrize(
    ("old", "new", "ambiguous"),
    [
        ((D2, A), (D1, X, D3, A), {"delay-before-a": ("delay-before-x", "delay-before-a")}),
        ((D2, A), (D2, X, Y), {"a": ("x", "y")}),
        (
            ("{id: p, delay: 1d}", D2, A),
            (D3, A),
            {
                "p": ("delay-before-a",),
                "delay-before-a": ("delay-before-a",),
            },  # which of the two went, nobody said
        ),
        (
            (D1, A, D2, B),
            (D3, X, D4, Y),
            {
                "delay-before-a": ("delay-before-x", "delay-before-y"),
                "a": ("x", "y"),
                "delay-before-b": ("delay-before-x", "delay-before-y"),
                "b": ("x", "y"),
            },
        ),
    ],
)
def test_where_several_may_be_meant_the_author_is_asked(
    old: tuple[str, ...], new: tuple[str, ...], ambiguous: dict[str, tuple[str, ...]]
) -> None:
    matching = match(listed(*old), listed(*new))
    assert dict(matching.ambiguous) == ambiguous
    assert not matching.moved.keys() & matching.ambiguous.keys()


def test_a_step_is_not_found_by_an_id_that_means_another_one_now() -> None:
    old = listed(D1, "{id: m, delay: 2d}", A)
    assert "delay-before-a" not in match(old, listed("{id: m, delay: 2d}", D3, A)).moved


def test_what_the_author_says_settles_it_and_only_once() -> None:
    old, new = listed(D2, A), listed(D1, X, D3, A)
    for name in ("delay-before-x", "delay-before-a"):
        moved = f"{{delay-before-a: {name}}}"
        matching = match(old, new, moved)
        assert (matching.moved["delay-before-a"], dict(matching.ambiguous)) == (name, {})
        # Who came in later stands on the other of the two, and stays there although the line is
        # still in the file.
        again = match_steps(journey(new, moved), journey(listed(D1, X, D4, A), moved))
        assert again.moved["delay-before-a"] == "delay-before-a"


def test_a_given_id_is_found_wherever_it_stands_and_whatever_it_says() -> None:
    old = "[{id: nap, delay: 1d}, {email: a}]"
    for new in (
        "[{delay: 1d}, {email: x}, {id: nap, delay: 5d}, {email: a}]",
        "[{id: nap, wait_until: {time: 09:00}}, {email: a}]",
        "[{branch: [{if: customer.vip, then: [{id: nap, delay: 1d}, {email: a}]}]}]",
    ):
        assert match(old, new).moved["nap"] == "nap"


def test_a_step_of_another_given_id_is_another_step_unless_it_is_the_same() -> None:
    assert match("[{id: a, delay: 1d}, {email: m}]", "[{id: b, delay: 2d}, {email: m}]").moved == {
        "m": "m"
    }
    assert (
        match("[{id: a, delay: 1d}, {email: m}]", "[{id: b, delay: 1d}, {email: m}]").moved["a"]
        == "b"
    )


def test_a_step_is_not_taken_for_one_whose_given_id_was_another_steps_before() -> None:
    old = listed(D1, A, X, "{id: nap, delay: 5d}", B)
    new = listed("{id: nap, delay: 5d}", A, X, B)
    matching = match(old, new)
    assert matching.moved == {"a": "a", "x": "x", "nap": "nap", "b": "b"}
    assert matching.ambiguous == {}


def test_an_id_given_or_dropped_keeps_the_place() -> None:
    plain, named = (
        "[{delay: 1d}, {email: m}]",
        "[{id: nap, delay: 1d}, {email: {id: mail, template: m}}]",
    )
    assert match(plain, named).moved == {"delay-before-m": "nap", "m": "mail"}
    assert match(named, plain).moved == {"nap": "delay-before-m", "mail": "m"}


INSIDE = """
  - wait_for: {event: E, within: %s, then: [{delay: 1d}, {email: came}], else: [{delay: 2d}, {email: not}]}
  - id: ways
    branch:
      - {if: customer.vip, then: [{delay: 3d}, {email: %s}]}
      - {if: customer.old, then: [{delay: 4d}, {email: old}]}
      - {else: [{id: rest, delay: 5d}, {email: other}]}
  - id: test
    split:
      - {variant: a, share: 50, then: [{delay: 6d}, {email: one}]}
      - {variant: b, share: 50, then: [{delay: 7d}, {email: two}]}
"""


def test_steps_inside_others_are_matched_block_by_block() -> None:
    old = INSIDE % ("1d", "vip")
    new = (
        (INSIDE % ("3d", "gold"))
        .replace("customer.old", "customer.older")
        .replace("variant: a", "variant: c")
    )
    matching = match(old, new)
    before, after = journey(old), journey(new)
    assert list(matching.moved.items()) != []
    pairs = dict(zip(before.by_id, after.by_id, strict=True))
    assert matching.moved == pairs


def test_steps_that_were_put_into_a_branch_keep_their_place() -> None:
    new = f"[{{branch: [{{if: customer.vip, then: [{D2}, {A}]}}, {{else: [{B}]}}]}}]"
    assert match(listed(D2, A), new).moved == {"delay-before-a": "delay-before-a", "a": "a"}


def test_a_wait_that_was_not_edited_goes_on_as_it_is() -> None:
    matching = match(listed(D1, A, D2, B), listed(D1, X, D3, B))
    assert matching.unchanged == {"delay-before-a", "a", "b"}
    waits = "[{wait_for: {event: E, within: %s, then: [{email: %s}]}}]"
    assert "wait-for-before-a" in match(waits % ("1d", "a"), waits % ("24h", "b")).unchanged
    assert "wait-for-before-a" not in match(waits % ("1d", "a"), waits % ("2d", "b")).unchanged
