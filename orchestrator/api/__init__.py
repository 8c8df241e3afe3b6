"""The HTTP side: calls come in, and readers of messages are shown pages."""
