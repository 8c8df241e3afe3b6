"""The views for other tools: what is written is what the views hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from sqlalchemy import select, text

from orchestrator.measure.exports.metric_flow import MODELS, describe_views
from orchestrator.measure.exports.parquet_files import write_views
from orchestrator.store.database import Database
from orchestrator.store.views import VIEWS, types_of, view
from tests.support.random_shop import RandomShop


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    opened = Database(migrated_url)
    RandomShop(3, people=15).write(opened)
    yield opened
    opened.close()


def test_each_view_is_a_file_of_the_same_rows(database: Database, tmp_path: Path) -> None:
    written = {file.name: rows for file, rows in write_views(database, tmp_path)}
    assert sorted(written) == sorted(f"{name}.parquet" for name in VIEWS)
    for name in VIEWS:
        table = parquet.read_table(tmp_path / f"{name}.parquet")
        found = {tuple(row.values()) for row in table.to_pylist()}
        with database.read() as transaction:
            expected = {tuple(row) for row in transaction.execute(select(view(name)))}
        assert found == expected
        assert written[f"{name}.parquet"] == table.num_rows
        assert table.column_names == list(types_of(name))
    assert written["orders.parquet"] > 0 < written["entries.parquet"]


def test_what_is_measured_can_be_asked_of_the_views(database: Database) -> None:
    with database.read() as transaction:
        for model, told in zip(MODELS, describe_views()["semantic_models"], strict=True):
            for measure in model.measures:
                what = f"DISTINCT {measure.expr}" if measure.agg == "count_distinct" else None
                asked = f"count({what})" if what else f"sum({measure.expr})"
                transaction.execute(text(f"SELECT {asked} FROM {model.view}"))
            for part in (*told["entities"], *told["dimensions"]):
                column = part.get("expr", part["name"])
                transaction.execute(text(f"SELECT {column} FROM {model.view}"))


def test_measures_count_what_results_tell(database: Database) -> None:
    counted = {}
    with database.read() as transaction:
        for measure in next(model for model in MODELS if model.view == "entries").measures:
            asked = text(f"SELECT sum({measure.expr}) FROM entries")
            counted[measure.name] = transaction.execute(asked).scalar_one()
        entries: Any = transaction.execute(select(view("entries"))).all()
    reached = [row for row in entries if row.first_message_at and not row.held_out]
    converted = [row for row in reached if row.converted_at]
    assert counted["passages_entered"] == len(entries)
    assert counted["passages_reached"] == len(reached) > 0
    assert counted["passages_converted"] == sum(
        row.converted_at > row.first_message_at for row in converted
    )


def test_names_mean_one_thing_and_metrics_are_made_of_measures() -> None:
    told = describe_views()
    measures = [one["name"] for model in told["semantic_models"] for one in model["measures"]]
    metrics = [one["name"] for one in told["metrics"]]
    models = [one["name"] for one in told["semantic_models"]]
    for names in (measures, [*metrics, *models]):
        assert len(names) == len(set(names))
    for metric in told["metrics"]:
        params = metric["type_params"]
        parts = [
            params[key]["name"] for key in ("measure", "numerator", "denominator") if key in params
        ]
        parts += [one["name"] for one in params.get("metrics", ())]
        assert parts
        assert set(parts) <= {*measures, *metrics}
