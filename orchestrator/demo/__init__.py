"""A made-up shop that plays by itself: invented people post real calls and follow the real links of
their mails.

Nothing here is known to the engine: the shop speaks to it over HTTP, as any other would.
"""
