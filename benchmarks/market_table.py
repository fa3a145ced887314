"""The table of docs/market.md, from the rows that `benchmarks.market_outcomes` has written.

Run `python -m benchmarks.market_table FILE.json [PAGE.md]`: prints it, or puts it between the page's two marks.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
HEAD = (
    "| tasks and agents | V | α, β | rule | utility | right | wrong | cost | tries | of the pair"
    " | of the agent |\n|---|--:|---|---|--:|--:|--:|--:|--:|--:|--:|"
)

Row = dict[str, Any]


def main(argv: Sequence[str]) -> int:
    rows = json.loads(Path(argv[0]).read_text(encoding="utf-8"))
    table = "\n".join([HEAD, *map(_line, _wanted(rows))])
    if argv[1:]:
        page = Path(argv[1])
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        page.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    else:
        print(table)
    return 0


def _wanted(rows: Sequence[Row]) -> Iterator[Row]:
    """Where rules are compared all of them, with the marks of hindsight; else the market alone."""
    compared = {_place(row) for row in rows if row["rule"] == "fifo"}
    for row in rows:
        if _place(row) in compared or row["rule"] == "market":
            yield row


def _place(row: Row) -> tuple[object, ...]:
    return row["which"], row["value"], row["alpha"], row["beta"]


def _line(row: Row) -> str:
    error = f" ± {row['error'] / 1e6:.3f}" if row["error"] else ""
    return (
        f"| {row['which']} | ${row['value']} | {row['alpha']:g}, {row['beta']:g} | {row['rule']}"
        f" | {row['utility'] / 1e6:.3f}{error} | {row['right'] / 1e6:.3f} | {row['wrong'] / 1e6:.3f}"
        f" | ${row['cost'] / 1e6:.2f} | {row['attempts'] / 1e6:.2f} | {row['of_cascade']:.3f}"
        f" | {row['of_single']:.3f} |"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
