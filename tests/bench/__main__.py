"""`make bench`: measures, prints a table, and with `--write` puts it into docs/performance.md.

`make bench ARGS="--against REV"` measures the code of a commit beside today's and prints ratios.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench import bench_mails
from tests.bench.against import TODAY, compare
from tests.bench.figure import Figure, Limit
from tests.bench.sample import ROOT
from tests.bench.side import Side

PAGE = ROOT / "docs" / "performance.md"
BENCHES = (
    "steps", "ingest", "backtest", "messages", "mails", "http", "rest", "memory", "mime", "latency",
)  # fmt: skip


def main() -> None:
    """Runs the benches asked for, each in a process of its own."""
    options = read_options()
    if options.smtp:
        os.environ[bench_mails.FOLDER] = str(Path(options.smtp).resolve())
    benches = [name for name in options.only if name != "mails" or bench_mails.is_possible()]
    if len(benches) < len(options.only):
        print("(mails: neither smtp-sink nor smtp-source on PATH; `--smtp` names their folder)\n")
    if options.against:
        rows = compare(options.against, benches, options.rounds, options.scale)
    else:
        rows = _measure(benches, options.scale)
    said = []
    for row in rows:
        print(row, flush=True)
        said.append(row)
    if options.write:
        _write(PAGE, "ratios" if options.against else "figures", said)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--against", metavar="REV", help="a commit to measure beside today's code")
    parser.add_argument("--only", type=_names, default=BENCHES, help=f"some of {','.join(BENCHES)}")
    parser.add_argument("--rounds", type=int, default=3, help="how often each side runs")
    parser.add_argument("--scale", type=float, default=1.0, help="less work: 0.2 for a first look")
    parser.add_argument("--smtp", metavar="FOLDER", help="where Debian's postfix is unpacked")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    return parser.parse_args()


def _names(text: str) -> Sequence[str]:
    names = text.split(",")
    if unknown := set(names) - set(BENCHES):
        raise argparse.ArgumentTypeError(f"no such bench: {', '.join(sorted(unknown))}")
    return names


def _measure(benches: Sequence[str], scale: float) -> Iterator[str]:
    """Each figure beside its limit, where it has one."""
    yield "| what | value | limit, same run | a second | share |"
    yield "|---|---:|---|---:|---:|"
    side = Side.of(TODAY, ROOT)
    for bench in benches:
        limits: list[Limit] = importlib.import_module(f"tests.bench.bench_{bench}").limits()
        by_what = {limit.what: limit for limit in limits}
        for figure in side.measure(bench, scale):
            yield _row(figure, by_what.get(figure.what))


def _row(figure: Figure, limit: Limit | None) -> str:
    value = f"{figure.value:,.0f}" if figure.value >= 100 else f"{figure.value:.2f}"
    unit = "" if figure.unit == "a second" else f" {figure.unit}"
    if limit is None:
        return f"| {figure.what} | {value}{unit} | | | |"
    share = f"{figure.value / limit.per_second:.0%}"
    return f"| {figure.what} | {value} | {limit.bare} | {limit.per_second:,.0f} | {share} |"


def _write(page: Path, mark: str, rows: Sequence[str]) -> None:
    machine = (
        f"Python {platform.python_version()}, SQLite, {platform.system()} {platform.machine()}."
    )
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    block = "\n".join([begin, *rows, "", machine, end])
    text = page.read_text()
    page.write_text(re.sub(f"{begin}.*{end}", lambda _: block, text, flags=re.DOTALL))


if __name__ == "__main__":
    main()
