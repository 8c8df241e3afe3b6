"""`parcours export`: the views for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened
from orchestrator.cli.options import ProjectFolder
from orchestrator.cli.output import end_with
from orchestrator.cli.projects import load_settings
from orchestrator.cli.spoken import told
from orchestrator.domain.phrase import say, say_number
from orchestrator.measure.exports.metric_flow import describe_views
from orchestrator.measure.exports.parquet_files import ParquetMissing, write_views


def export(
    *,
    parquet: Annotated[
        Path | None,
        typer.Option("--parquet", metavar="DIR", help="Write each view as Parquet into a folder."),
    ] = None,
    metricflow: Annotated[
        Path | None,
        typer.Option("--metricflow", metavar="FILE", help="Describe the views for MetricFlow."),
    ] = None,
    project: ProjectFolder = Path(),
) -> None:
    """Write the views for other tools: messages, entries, orders and what results are made of."""
    if parquet is None and metricflow is None:
        raise typer.BadParameter(
            told(say("say what to write: --parquet DIR, --metricflow FILE, or both"))
        )
    config = load_settings(project)
    if metricflow is not None:
        _describe(metricflow)
    if parquet is not None:
        with opened(config, to_look=True) as database:
            try:
                for file, rows in write_views(database, parquet):
                    typer.echo(
                        f"{file}  {told(say_number('{number:,} row', '{number:,} rows', rows))}"
                    )
            except ParquetMissing as error:
                raise end_with(str(error)) from None


def _describe(file: Path) -> None:
    import yaml

    file.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(describe_views(), sort_keys=False, allow_unicode=True)
    file.write_text(text, encoding="utf-8")
    typer.echo(str(file))
