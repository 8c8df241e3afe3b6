"""`make bench`: measures, prints a table, and with `--write` puts it into docs/performance.md."""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path

from tests.bench import (
    bench_backtest,
    bench_ingest,
    bench_latency,
    bench_messages,
    bench_mime,
    bench_steps,
)
from tests.bench.sample import ROOT

HEAD = "| what | a second | limit, same run | a second | share |\n|---|---:|---|---:|---:|"
PAGE = ROOT / "docs" / "performance.md"
MARKS = "<!-- figures -->", "<!-- /figures -->"


def main() -> None:
    """Runs every benchmark; each takes some seconds."""
    rows = [HEAD]
    print(HEAD, flush=True)
    for bench in (bench_ingest, bench_steps, bench_backtest, bench_mime, bench_messages):
        for figure in bench.measure():
            print(figure.row, flush=True)
            rows.append(figure.row)
    latency = bench_latency.measure()
    print(latency, flush=True)
    if "--write" in sys.argv:
        _write(PAGE, "\n".join([*rows, "", latency]))


def _write(page: Path, table: str) -> None:
    text = page.read_text()
    machine = (
        f"Python {platform.python_version()}, SQLite, {platform.system()} {platform.machine()}."
    )
    block = f"{MARKS[0]}\n{table}\n\n{machine}\n{MARKS[1]}"
    page.write_text(re.sub(f"{MARKS[0]}.*{MARKS[1]}", lambda _: block, text, flags=re.DOTALL))


if __name__ == "__main__":
    main()
