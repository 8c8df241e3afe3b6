"""The language's meaning: frozen values and pure functions, without clock, chance or I/O."""
