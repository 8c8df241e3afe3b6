"""The short form of the fuzz: the same inputs every time, a few of each kind."""

from __future__ import annotations

import pytest

from tests.reliability.bounded import Taken
from tests.reliability.fuzz import fuzz
from tests.reliability.inputs import MAKERS, make

SEED = 7
INPUTS = {"yaml": 40, "expression": 250, "template": 40, "http": 100, "json line": 100}


@pytest.mark.parametrize("kind", MAKERS)
def test_anything_is_taken_or_refused_in_bounded_time_and_memory(kind: str) -> None:
    faults: list[str] = []

    def note(taken: Taken, _: str) -> None:
        fuzzed = make(kind, SEED, taken.index)
        faults.append(f"{taken.index} {fuzzed.what}: {fuzzed.body[:500]!r}\n{taken.fault}")

    (row,) = fuzz(INPUTS[kind], SEED, [kind], note)
    assert not faults, "\n\n".join(faults)
    assert row.inputs == INPUTS[kind]
    assert 0 < row.accepted < row.inputs  # the inputs are neither all wrong nor all right


def test_a_seed_and_a_number_make_the_same_input_every_time() -> None:
    for kind in MAKERS:
        assert [make(kind, SEED, index) for index in range(20)] == [
            make(kind, SEED, index) for index in range(20)
        ]
        assert make(kind, SEED, 1) != make(kind, SEED + 1, 1)
