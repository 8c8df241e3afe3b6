"""The traits in which Parcours writes down what customers will probably do."""

from __future__ import annotations

CHURN_RISK = "churn_risk"  # from 0 to 1
NEXT_ORDER_AT = "next_order_at"  # a day
PREDICTED_VALUE = "predicted_value"  # of twelve months, in the currency of the customer's orders
BEST_HOUR = "best_hour"  # from 0 to 23, of the customer's clock

PREDICTED = (CHURN_RISK, NEXT_ORDER_AT, PREDICTED_VALUE, BEST_HOUR)
#: How the message ids of such calls begin: they are nothing that a customer did.
PREDICTED_IDS = "predicted:"
