"""Predictions in lines and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from orchestrator.domain.answer import Cell, Notice, Part, Table
from orchestrator.domain.formatting import count
from orchestrator.domain.phrase import Phrase, say
from orchestrator.measure.predict.foretelling import Foretold
from orchestrator.measure.predict.predictions import Predictions
from orchestrator.measure.predict.shop_model import REPEATERS_MIN

COLUMNS = (
    "user_id", "orders", "churn_risk", "next_order_at", "expected_orders", "predicted_value",
    "currency", "best_hour",
)  # fmt: skip
_FIFTHS = 5


def tell_predictions(told: Predictions) -> Iterator[Part]:
    """How many customers are likely gone, and what is expected of the others."""
    repeaters, model = told.model.repeaters, told.model
    yield say(
        "{customers} ordered up to {day}, {repeaters:,} of them again",
        customers=count(len(model.known), "customer"),
        day=date.fromordinal(told.today).isoformat(),
        repeaters=repeaters,
    )
    if model.ordering is None:
        yield tell_too_little(repeaters)
    else:
        yield ""
        yield _by_risk(told)
        yield from _without_value(told)
    if told.hours is not None:
        yield ""
        yield say(
            "the shop is busiest at {hour}:00; {customers} with a habit of their own",
            hour=told.hours.of_shop,
            customers=count(len(told.hours.hour), "customer"),
        )


def tell_too_little(repeaters: int) -> Notice:
    """Why nothing is told of risk, next order and value."""
    return Notice(
        say(
            "too little data: {repeaters:,} ordered again, and {needed} are needed; churn risk, "
            "next order and value are undefined",
            repeaters=repeaters,
            needed=REPEATERS_MIN,
        )
    )


def _by_risk(told: Predictions) -> Table:
    currencies = list(told.model.spending)
    values = [say("VALUE OF 12 MONTHS, {currency}", currency=name) for name in currencies]
    head = (say("CHURN RISK"), say("CUSTOMERS"), say("EXPECTED ORDERS"), *values)
    ordered = [one for one in told.foretold.values() if one.repeats >= 0]
    rows = []
    for low in range(_FIFTHS):
        label = say("{low} to {high} %", low=100 * low // _FIFTHS, high=100 * (low + 1) // _FIFTHS)
        rows.append(_row(label, [one for one in ordered if _fifth(one) == low], currencies))
    once = [one for one in ordered if one.churn_risk is None]
    rows += [_row(say("ordered once"), once, currencies), _row(say("all"), ordered, currencies)]
    return Table(head, rows)


def _fifth(one: Foretold) -> int | None:
    risk = one.churn_risk
    return None if risk is None else min(int(risk * _FIFTHS), _FIFTHS - 1)


def _row(label: Phrase, those: Sequence[Foretold], currencies: Iterable[str]) -> tuple[Cell, ...]:
    orders = round(sum(one.expected_orders or 0 for one in those))
    return label, len(those), orders, *(round(_worth(those, name)) for name in currencies)


def _worth(those: Iterable[Foretold], currency: str) -> float:
    return sum(one.value or 0 for one in those if one.currency == currency)


def _without_value(told: Predictions) -> Iterator[Part]:
    """The currencies in which too few ordered again."""
    for currency in told.orders.by_currency.keys() - told.model.spending.keys():
        yield Notice(
            say(
                "too little data in {currency}: fewer than {needed} ordered again in it for a "
                "known amount, and what its customers will spend is undefined",
                currency=currency,
                needed=REPEATERS_MIN,
            )
        )


def as_data(told: Predictions) -> dict[str, object]:
    """The same for machines, with every customer's predictions."""
    model, ordering = told.model, told.model.ordering
    return {
        "as_of": date.fromordinal(told.today).isoformat(),
        "customers": len(model.known),
        "repeaters": model.repeaters,
        "repeaters_needed": REPEATERS_MIN,
        "ordering": ordering
        and {"r": ordering.r, "alpha": ordering.alpha, "a": ordering.a, "b": ordering.b,
             "unit": "weeks"},
        "spending": {
            currency: {"p": fitted.p, "q": fitted.q, "gamma": fitted.gamma}
            for currency, (_, fitted) in model.spending.items()
        },
        "busiest_hour": told.hours and told.hours.of_shop,
        "predictions": [dict(zip(COLUMNS, row, strict=True)) for row in _rows(told)],
    }  # fmt: skip


def as_rows(told: Predictions) -> Iterator[list[str]]:
    """Every customer's predictions for a file of `COLUMNS`; nothing where one is undefined."""
    for row in _rows(told):
        yield ["" if value is None else str(value) for value in row]


def _rows(told: Predictions) -> Iterator[tuple[object, ...]]:
    for place, one in told.foretold.items():
        expected, day = one.expected_orders, one.next_order_at
        yield (
            told.ids[place],
            one.repeats + 1,
            one.churn_risk,
            day and day.isoformat(),
            None if expected is None else round(expected, 4),
            one.value,
            one.currency or None,
            one.best_hour,
        )
