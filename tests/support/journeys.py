"""The shelf of sample journeys: those that several tests put into their shop. A journey that shows
one thing stands beside its test.
"""

from __future__ import annotations

#: Who views something is greeted.
HELLO = "journey: hello\ntrigger: {event: Viewed}\nsteps:\n  - email: hello\n"

#: Whoever joins is told the news, each time.
NEWS = (
    "journey: hello\ntrigger: {event: Joined}\nreentry: always\ntopic: News\nsteps:\n"
    "  - email: hello\n"
)

#: A reminder an hour after something was put into the cart, unless it was bought.
CART = """\
journey: cart
title: Cart reminder
trigger: {event: Product Added}
reentry: {after: 7d}
exit: [{event: Order Completed}]
steps:
  - delay: 1h
  - email: reminder
"""

#: A shop that knows buyers and leads.
BUYERS_AND_LEADS = """\
lifecycle: shop
facts:
  orders: {count: Order Completed}
stages:
  - {stage: buyer, if: customer.orders >= 1}
  - {stage: lead, if: true}
"""
