"""Rules of allocation over recorded outcomes of real agents: the figures of docs/market.md.

Run `python -m benchmarks.market_outcomes TABLE.csv [FILE.json]`. `claude-fable-5` is left out when it is in the table:
its share of 0.958 looks contaminated. Each line is printed as it is done; the file is written after each.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from swarm.domain.money import USD
from swarm.market.public_api import RULES, Matrix, Setting, Standing, contest, read_matrix

SUSPECT = "claude-fable-5"
ERRORS = ((0, 0), (100_000, 100_000), (300_000, 100_000))
VALUES = (10, 1, 3, 30)
ORDERS = 5


def main(argv: list[str]) -> int:
    text = Path(argv[0]).read_text(encoding="utf-8")
    matrix = read_matrix(text, {SUSPECT} if SUSPECT in text else set())
    rows = []
    for row in _rows(matrix):
        print(json.dumps(row), flush=True)
        rows.append(row)
        if argv[1:]:
            Path(argv[1]).write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def _rows(matrix: Matrix) -> Iterator[dict[str, object]]:
    for value in VALUES:
        for alpha, beta in ERRORS:
            setting = Setting(value * USD, value * USD // 2, alpha, beta, ORDERS)
            rules = RULES if value == 10 else ("market",)
            yield from _told("all", setting, tuple(contest(matrix, setting, rules)))
    setting = Setting(10 * USD, 5 * USD, 100_000, 100_000, ORDERS)
    tenth = matrix.of_agents(range(0, len(matrix.agents), 10))
    yield from _told("a tenth of the agents", setting, tuple(contest(tenth, setting, ("market",))))
    for repository in sorted({task.partition("__")[0] for task in matrix.tasks}):
        kept = [n for n, task in enumerate(matrix.tasks) if not task.startswith(repository)]
        if len(matrix.tasks) - len(kept) >= 20:
            rest = matrix.of_tasks(kept)
            standings = tuple(contest(rest, setting, ("market",)))
            yield from _told(f"without {repository}", setting, standings)


def _told(
    which: str, setting: Setting, standings: tuple[Standing, ...]
) -> Iterator[dict[str, object]]:
    single, cascade = standings[0].utility, standings[1].utility
    for each in standings:
        yield {
            "which": which,
            "value": setting.value // USD,
            "alpha": setting.alpha / 1e6,
            "beta": setting.beta / 1e6,
            **asdict(each),
            "of_single": round(each.utility / single, 4),
            "of_cascade": round(each.utility / cascade, 4),
        }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
