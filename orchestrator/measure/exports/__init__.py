"""The views for other tools: as Parquet, and described for MetricFlow."""
