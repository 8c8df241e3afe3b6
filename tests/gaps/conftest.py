"""A shop on each kind of database in turn, as the engine's tests have it."""

from tests.engine.conftest import open_shop as open_shop
