"""What members of accounts know is counted, which must say the same as asking each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.account import KnownAccount
from orchestrator.domain.known_alike import KnownAlike
from tests.support.life import START

VALUES = st.sampled_from(["pro", 1, True, 2, None, [1], "[1]", {"a": 1}, ""])
TRAITS = st.dictionaries(st.sampled_from(["plan", "seats"]), VALUES, max_size=2)
KNOWN = st.none() | st.builds(
    lambda name, traits: KnownAccount(name, START, traits), st.sampled_from(["", "a", "b"]), TRAITS
)


@given(st.lists(st.tuples(st.integers(0, 3), KNOWN)), st.sampled_from(["a", "b"]), TRAITS)
def test_news_to_nobody_is_what_no_member_lacks(
    told: list[tuple[int, KnownAccount | None]], account: str, said: dict[str, object]
) -> None:
    alike, known = KnownAlike(), dict[int, KnownAccount | None]()
    for member, account_known in told:
        known[member] = account_known
        alike.count(member, account_known)
    lacking = [one for one in known.values() if one and one.id == account and one.lacks(said)]
    is_known = alike.all_know(account, said)
    assert not (is_known and lacking)
    if None not in said.values():  # a trait that is taken back is not counted
        assert is_known == (not lacking)


def test_what_a_member_learns_counts_from_when_they_are_counted_anew() -> None:
    alike, known = KnownAlike(), KnownAccount("a", START)
    alike.count("ada", known)
    known.take({"plan": "pro"}, START)
    assert not alike.all_know("a", {"plan": "pro"})
    alike.count("ada", known)
    assert alike.all_know("a", {"plan": "pro"})
