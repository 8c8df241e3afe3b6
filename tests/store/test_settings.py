"""What Parcours remembers of itself."""

from __future__ import annotations

from orchestrator.store.settings import fingerprint


def test_a_secret_is_told_from_another_without_being_kept() -> None:
    one, other = fingerprint("a test's own"), fingerprint("another")
    assert one == fingerprint("a test's own") != other
    assert len(one) == len(other) == 16
    assert fingerprint("\udc80")  # as an environment may hold it
