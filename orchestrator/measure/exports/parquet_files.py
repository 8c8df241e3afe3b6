"""The views as Parquet, one file each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.phrase import say
from orchestrator.store.database import Database
from orchestrator.store.views import VIEWS, types_of, walk_view

if TYPE_CHECKING:
    import pyarrow

GROUP_ROWS = 50_000  # in memory at a time


class ParquetMissing(ParcoursError):
    """What writes Parquet is not installed."""


def write_views(database: Database, folder: Path) -> Iterator[tuple[Path, int]]:
    """Writes each view to a file of its name, and tells how many rows it has. A file appears when
    it is whole. Raises ParquetMissing.
    """
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise ParquetMissing(
            say("Parquet needs the package pyarrow: `pip install 'parcours[parquet]'`")
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    for name in VIEWS:
        file, begun = folder / f"{name}.parquet", folder / f".{name}.parquet"
        schema = _schema(name)
        with parquet.ParquetWriter(begun, schema) as writer:
            rows = 0
            for batch in _batches(database, name, schema):
                writer.write_batch(batch)
                rows += batch.num_rows
        begun.replace(file)
        yield file, rows


def _batches(
    database: Database, name: str, schema: pyarrow.Schema
) -> Iterator[pyarrow.RecordBatch]:
    import pyarrow

    with database.read() as transaction:
        for rows in walk_view(transaction, name, GROUP_ROWS):
            columns = zip(*rows, strict=True)
            arrays = [
                pyarrow.array(column, type=kind.type)
                for column, kind in zip(columns, schema, strict=True)
            ]
            yield pyarrow.RecordBatch.from_arrays(arrays, schema=schema)


def _schema(name: str) -> pyarrow.Schema:
    import pyarrow

    kinds: dict[type[Any], Any] = {
        bool: pyarrow.bool_(),
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        datetime: pyarrow.timestamp("us", tz="UTC"),
        date: pyarrow.date32(),
        str: pyarrow.string(),
    }
    return pyarrow.schema([(column, kinds[kind]) for column, kind in types_of(name).items()])
