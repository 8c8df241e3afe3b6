"""Calls made ready for the inbox, whether they come by HTTP or from a file."""
