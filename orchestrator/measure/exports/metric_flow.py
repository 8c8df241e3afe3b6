"""The views described for MetricFlow, dbt's semantic layer: what may be counted, and by what.

The words are those of docs/results.md and docs/kpis.md. Names there are unique over all models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from orchestrator.domain.message import TAKEN
from orchestrator.store.views import types_of

Data = dict[str, Any]

#: Columns that are keys, and whose.
KEYS = {"customer_id": "customer", "enrollment_id": "passage", "message_id": "message"}
#: `timestamp` is a word of SQL, and each row has one.
HAPPENED = "happened_at"
_TAKEN = ", ".join(f"'{state}'" for state in TAKEN)
_REACHED = "first_message_at IS NOT NULL"
_CONVERTED = "converted_at > first_message_at"


def _count_if(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is added up; `agg` as MetricFlow calls it."""

    name: str
    label: str
    expr: str
    agg: str = "sum"


@dataclass(frozen=True, slots=True)
class SemanticModel:
    """What is told of a view. `row` names one of its rows, and `key` is the column that knows it
    (None: no column does).
    """

    view: str
    row: str
    key: str | None
    measures: tuple[Measure, ...]
    time: str = "timestamp"
    texts: Mapping[str, str] = field(default_factory=dict)  # columns that are no texts: as such


MODELS = (
    SemanticModel(
        "sends",
        "message",
        "message_id",
        (
            Measure("messages_sent", "Messages sent", _count_if(f"state IN ({_TAKEN})")),
            Measure("messages_not_sent", "Messages not sent", _count_if("state = 'not_sent'")),
        ),
    ),
    SemanticModel(
        "entries",
        "passage",
        "enrollment_id",
        (
            Measure("passages_entered", "Entered", "1"),
            Measure("passages_held_out", "Held out", _count_if("held_out")),
            Measure("passages_reached", "Reached", _count_if(f"NOT held_out AND {_REACHED}")),
            Measure("passages_converted", "Converted", _count_if(f"NOT held_out AND {_CONVERTED}")),
            Measure("control_reached", "Control, reached", _count_if(f"held_out AND {_REACHED}")),
            Measure(
                "control_converted", "Control, converted", _count_if(f"held_out AND {_CONVERTED}")
            ),
        ),
        texts={"held_out": "CASE WHEN held_out THEN 'control' ELSE 'treated' END"},
    ),
    SemanticModel(
        "conversions",
        "conversion",
        None,
        (
            Measure("goals_reached", "Goals reached", "1"),
            Measure("goal_value", "Value of goals", "value"),
        ),
    ),
    SemanticModel(
        "exposures",
        "exposure",
        None,
        (Measure("customers_exposed", "Customers exposed", "user_id", "count_distinct"),),
    ),
    SemanticModel(
        "orders",
        "purchase",
        "event_id",
        (
            Measure("order_count", "Orders", _count_if("kind = 'order'")),
            Measure("gross_revenue", "Revenue", "CASE WHEN kind = 'order' THEN amount END"),
            Measure("amount_refunded", "Given back", "CASE WHEN kind = 'refund' THEN amount END"),
        ),
    ),
    SemanticModel(
        "stages", "stage_change", None, (Measure("stages_changed", "Changes of stage", "1"),)
    ),
    SemanticModel(
        "spend",
        "spending",
        None,
        (
            Measure("amount_spent", "Spent", "amount"),
            Measure("leads_won", "Leads", "leads"),
            Measure("ad_impressions", "Impressions", "impressions"),
            Measure("ad_clicks", "Clicks", "clicks"),
        ),
        time="date",
    ),
)

#: Ratios: name, label, above the line, below it.
RATIOS = (
    ("conversion_after_message", "Converted, of those reached",
     "passages_converted", "passages_reached"),
    ("control_conversion", "Converted, of the control group", "control_converted",
     "control_reached"),
    ("average_order_value", "Average order value", "gross_revenue", "order_count"),
)  # fmt: skip


def describe_views() -> Data:
    """Semantic models and metrics, as MetricFlow's YAML has them."""
    measures = [measure for model in MODELS for measure in model.measures]
    return {
        "semantic_models": [_model(model) for model in MODELS],
        "metrics": [
            *map(_simple_metric, measures),
            *(_ratio(*ratio) for ratio in RATIOS),
            _uplift(),
        ],
    }


def _model(model: SemanticModel) -> Data:
    told: Data = {
        "name": model.view,
        "description": f"Parcours' view `{model.view}`: docs/results.md says what it holds.",
        "model": f"ref('{model.view}')",
        "defaults": {"agg_time_dimension": HAPPENED},
    }
    if model.key is None:
        told["primary_entity"] = model.row
    return told | {
        "entities": list(_entities(model)),
        "dimensions": list(_dimensions(model)),
        "measures": [
            {"name": one.name, "label": one.label, "agg": one.agg, "expr": one.expr}
            for one in model.measures
        ],
    }


def _entities(model: SemanticModel) -> Iterator[Data]:
    if model.key is not None:
        yield {"name": model.row, "type": "primary", "expr": model.key}
    for column, name in KEYS.items():
        if column != model.key and column in types_of(model.view):
            yield {"name": name, "type": "foreign", "expr": column}


def _dimensions(model: SemanticModel) -> Iterator[Data]:
    for column, kind in types_of(model.view).items():
        if kind in (datetime, date):
            name = HAPPENED if column == model.time else column
            grain = "day" if kind is date else "second"
            told = {"type_params": {"time_granularity": grain}}
            yield {"name": name, "type": "time", "expr": column, **told}
        elif column in model.texts:
            yield {"name": column, "type": "categorical", "expr": model.texts[column]}
        elif kind is str and column not in KEYS and column != model.key:
            yield {"name": column, "type": "categorical"}


def _simple_metric(measure: Measure) -> Data:
    return {
        "name": measure.name,
        "label": measure.label,
        "description": measure.label,
        "type": "simple",
        "type_params": {"measure": {"name": measure.name}},
    }


def _ratio(name: str, label: str, above: str, below: str) -> Data:
    return {
        "name": name,
        "label": label,
        "description": f"{above} / {below}",
        "type": "ratio",
        "type_params": {"numerator": {"name": above}, "denominator": {"name": below}},
    }


def _uplift() -> Data:
    parts = ("conversion_after_message", "control_conversion")
    return {
        "name": "uplift",
        "label": "Uplift",
        "description": "What messages add to the share that converts.",
        "type": "derived",
        "type_params": {
            "expr": " - ".join(parts),
            "metrics": [{"name": name} for name in parts],
        },
    }
