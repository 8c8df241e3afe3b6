"""The phases of a tick: take calls in, advance customers, send, settle."""
