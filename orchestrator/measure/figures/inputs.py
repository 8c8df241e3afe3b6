"""What figures are counted from: the numbers that are no figures themselves."""

from __future__ import annotations

from orchestrator.domain.phrase import Phrase, say

INPUTS: dict[str, Phrase] = {
    "orders": say("calls `Order Completed` of the period, each `messageId` once"),
    "gross_revenue": say("the totals (`total`) of the period's orders"),
    "net_revenue": say("gross revenue less the totals of the period's calls `Order Refunded`"),
    "active_customers": say("customers who ordered in the period"),
    "new_customers": say("customers whose first order of all lies in the period"),
    "customers": say("customers who ordered up to the end of the period"),
    "repeat_customers": say("customers who ordered twice or more up to the end of the period"),
    "active_before": say(
        "customers who ordered in the period before: for a month, the month before"
    ),
    "retained": say("those of them who ordered in this period too"),
    "held_at_start": say(
        "customers whose last order is less than 90 days old when the period begins"
    ),
    "held_at_end": say("customers whose last order is less than 90 days old when the period ends"),
    "held_throughout": say("customers who are held when the period begins and when it ends"),
    "window_days": say("days of the period, by the calendar"),
    "years": say("years for which a value is told: 1, 3, 5 and 8"),
    "stays": say("stays in the stage that ended in the period"),
    "stage_days": say("the days of those stays, added up"),
    "revenue_so_far": say("the totals of all orders up to the end of the period"),
    "refunds_so_far": say("what was given back up to then to customers who ordered"),
    "predicted_revenue": say(
        "what BG/NBD and Gamma-Gamma expect of the orders of the twelve months after the period "
        "(docs/predictions.md)"
    ),
    "abandoned_carts": say("carts from which no order came in time"),
    "carts": say("carts: events that fill one, their customers, or their episodes"),
    "subscriptions": say(
        "subscriptions begun (`Subscription Started`, `Subscription Updated`) and not ended "
        "(`Subscription Cancelled`) when the period ends"
    ),
    "revenue_per_subscription": say(
        "the mean of what they bring in a month: `mrr`, else `total` by its `interval` "
        "(month, year, quarter, week)"
    ),
    "spend": say("amounts of the period in the project's files of spending"),
    "leads": say("leads of those files"),
    "impressions": say("impressions of those files"),
    "clicks": say("clicks of those files"),
    "sent": say("messages that left in the period"),
    "delivered": say("messages of which a receipt says that they arrived"),
    "bounced": say("messages of which a receipt says that they came back"),
    "opened": say("messages of which a receipt says that they were opened"),
    "unopened": say("messages that arrived and were not opened"),
    "clicked": say("messages of which a receipt says that a link was followed"),
    "complained": say("messages of which a receipt says that they were called spam"),
    "unsubscribed": say("customers' events `Unsubscribed` of the period"),
    "conversions": say("passages that reached their goal after a message"),
    "interactions": say("passages whose first message left in the period"),
    "engagements": say("opened messages and clicked ones"),
    "followers": say("customers to whom a message left in the period"),
    "rewards_given": say("coupons and rewards given in the period"),
    "rewards_redeemed": say("those of them that an order has redeemed since"),
    "referrers": say(
        "customers whom a call `Referral Accepted` names (`referred_by`) up to the end"
    ),
    "friends": say("customers of whom such a call tells"),
    "friends_who_ordered": say("those of them who ordered"),
    "friends_who_referred": say("those who ordered and brought a friend themselves"),
    "repeat_orders": say("orders of the period before which their customer had ordered"),
    "larger_repeat_orders": say("those that are worth more than the order before"),
    "repeat_orders_with_products": say("repeat orders that name `products`"),
    "repeat_orders_with_new": say(
        "those with a `category`, else a `product_id`, never bought before"
    ),
    "promoters": say("answers of 9 and 10 to surveys whose name holds `nps`"),
    "detractors": say("answers of 0 to 6 to them"),
    "nps_answers": say("all answers to them with a score"),
    "satisfied": say("answers of 4 and 5 to surveys whose name holds `csat`"),
    "csat_answers": say("all answers to them with a score"),
    "reached": say("passages of a journey that had a message"),
    "converted": say("those of them that reached the goal after it, in its window"),
    "attributed_revenue": say("what is credited to the messages of a journey"),
    "treated": say("passages that had a message from the instant of the comparison on"),
    "control": say("passages of the control group that got as far"),
    "of_treated": say("conversions, or money, of the treated"),
    "of_control": say("conversions, or money, of the control group"),
}
