"""What customers will probably do: whether they come back, when, what it brings, when they read."""
