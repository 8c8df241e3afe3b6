"""Journeys tried out before they send: back-test, tests, drafts and proofs."""
