"""Every figure that Parcours knows, by name, in the order in which they are told."""

from orchestrator.measure.figures import (  # noqa: I001  # the order is that of the page
    order_figures as order_figures,
    customer_figures as customer_figures,
    value_figures as value_figures,
    spend_figures as spend_figures,
    message_figures as message_figures,
    loyalty_figures as loyalty_figures,
    survey_figures as survey_figures,
    result_figures as result_figures,
)
from orchestrator.measure.figures.figure import FIGURES as FIGURES
