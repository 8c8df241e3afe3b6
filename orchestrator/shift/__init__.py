"""Turns at the engine: what `up` and a Prefect worker take in turn, with Prefect or without."""
