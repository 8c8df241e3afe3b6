"""Figures of what customers cost, and what the spending brings."""

from __future__ import annotations

from decimal import Decimal

from orchestrator.domain.phrase import say
from orchestrator.measure.figures.figure import (
    Example,
    Family,
    Number,
    Unit,
    Value,
    divide,
    figure,
)
from orchestrator.measure.figures.sources import DEFINITION, LITERATURE

DAYS_OF_MONTH = Decimal("30.4375")

COST = Family("cost", say("What customers cost"))


@figure(
    COST,
    say("customer acquisition cost"),
    say("What was spent for each customer who ordered for the first time."),
    formula="spend / new_customers",
    unit=Unit.MONEY,
    source=LITERATURE,
    example=Example({"spend": "100000.00", "new_customers": 5000}, "20.00"),
)
def cac(spend: Number, new_customers: Number) -> Value:
    return divide(spend, new_customers)


@figure(
    COST,
    say("cost per acquisition"),
    say("What was spent for each order, whoever placed it; the cost of a new customer is `cac`."),
    formula="spend / orders",
    unit=Unit.MONEY,
    source=DEFINITION,
    example=Example({"spend": "1000.00", "orders": 40}, "25.00"),
)
def cost_per_acquisition(spend: Number, orders: Number) -> Value:
    return divide(spend, orders)


@figure(
    COST,
    say("cost per lead"),
    say("What was spent for each lead that the channels report."),
    formula="spend / leads",
    unit=Unit.MONEY,
    source=LITERATURE,
    example=Example({"spend": "500.00", "leads": 200}, "2.50"),
)
def cost_per_lead(spend: Number, leads: Number) -> Value:
    return divide(spend, leads)


@figure(
    COST,
    say("e-mail impressions"),
    say("How many mails were seen: not those that bounced, nor those that nobody opened."),
    formula="sent - bounced - unopened",
    unit=Unit.COUNT,
    source=LITERATURE,
    example=Example({"sent": 20000, "bounced": 2000, "unopened": 8000}, "10000"),
)
def email_impressions(sent: Number, bounced: Number, unopened: Number) -> Value:
    return sent - bounced - unopened


@figure(
    COST,
    say("cost per impression"),
    say("What was spent for each time something was seen."),
    formula="spend / impressions",
    unit=Unit.MONEY,
    source=LITERATURE,
    example=Example({"spend": "1000.00", "impressions": 10000}, "0.10"),
)
def cost_per_impression(spend: Number, impressions: Number) -> Value:
    return divide(spend, impressions)


@figure(
    COST,
    say("cost per click"),
    say("What was spent for each click that the channels report."),
    formula="spend / clicks",
    unit=Unit.MONEY,
    source=DEFINITION,
    example=Example({"spend": "150.00", "clicks": 300}, "0.50"),
)
def cost_per_click(spend: Number, clicks: Number) -> Value:
    return divide(spend, clicks)


@figure(
    COST,
    say("return on ad spend"),
    say("Revenue for each unit of money that was spent; all revenue, whatever brought it."),
    formula="gross_revenue / spend",
    unit=Unit.TIMES,
    source=DEFINITION,
    example=Example({"gross_revenue": "5000.00", "spend": "1250.00"}, "4"),
)
def roas(gross_revenue: Number, spend: Number) -> Value:
    return divide(gross_revenue, spend)


@figure(
    COST,
    say("return on investment"),
    say(
        "What came back beyond what was spent, after refunds; the cost of goods is not known here."
    ),
    formula="(net_revenue - spend) / spend",
    unit=Unit.SHARE,
    source=LITERATURE,
    example=Example({"net_revenue": "5000.00", "spend": "4000.00"}, "0.25"),
)
def roi(net_revenue: Number, spend: Number) -> Value:
    return divide(net_revenue - spend, spend)


@figure(
    COST,
    say("customers to win to make good the churn"),
    say(
        "How many new customers keep the number of those who are held as it was; 0 where more "
        "were won back than left."
    ),
    formula="held_at_start - (held_at_end - new_customers)",
    unit=Unit.COUNT,
    source=LITERATURE,
    example=Example({"held_at_start": 200, "held_at_end": 220, "new_customers": 40}, "20"),
)
def customers_to_win(held_at_start: Number, held_at_end: Number, new_customers: Number) -> Value:
    return max(0, held_at_start - (held_at_end - new_customers))


@figure(
    COST,
    say("cost of making good the churn"),
    say("What it costs to win so many customers, at what a new one costs today."),
    formula="customers_to_win * cac",
    unit=Unit.MONEY,
    source=LITERATURE,
    example=Example({"customers_to_win": 20, "cac": "20.00"}, "400.00"),
)
def cost_of_churn(customers_to_win: Number, cac: Number) -> Value:
    return customers_to_win * cac


@figure(
    COST,
    say("customers to win each month to make good the churn"),
    say("Likewise, of a month of 30.4375 days in the mean of the period."),
    formula="customers_to_win / (window_days / 30.4375)",
    unit=Unit.COUNT,
    source=LITERATURE,
    example=Example({"customers_to_win": 240, "window_days": "365.25"}, "20"),
)
def customers_to_win_monthly(customers_to_win: Number, window_days: Number) -> Value:
    return divide(customers_to_win * DAYS_OF_MONTH, window_days)


@figure(
    COST,
    say("cost of making good the churn, each month"),
    say("What it costs to win so many customers each month, at what a new one costs today."),
    formula="customers_to_win_monthly * cac",
    unit=Unit.MONEY,
    source=LITERATURE,
    example=Example({"customers_to_win_monthly": 20, "cac": "20.00"}, "400.00"),
)
def cost_of_churn_monthly(customers_to_win_monthly: Number, cac: Number) -> Value:
    return customers_to_win_monthly * cac


@figure(
    COST,
    say("lifetime value for the cost of a customer"),
    say(
        "What a customer brings in a year for each unit of money that winning them cost; 3 is "
        "said to be sound."
    ),
    formula="clv / cac",
    unit=Unit.TIMES,
    source=DEFINITION,
    example=Example({"clv": "60.00", "cac": "20.00"}, "3"),
)
def clv_to_cac(clv: Number, cac: Number) -> Value:
    return divide(clv, cac)
