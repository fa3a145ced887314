"""Forty programs with one wrong line each (Lin, Koppel, Chen, Solar-Lezama: QuixBugs, 2017).

Run as `python -m benchmarks.repair.quixbugs COPY LOG [--only NAMES] [--hidden] [--seconds N] [--every]`:
COPY is an unpacked copy of github.com/jkoppel/QuixBugs, LOG a file that rows are added to. With
`--hidden` the engine knows half of the tests, chosen by the hash of their names, and all of them judge.
With `--every` strategies go on behind a submission: what each would do alone.

Plausible means: the first patch passes every test. Whether it is right is for a person to judge.
"""

import argparse
import asyncio
import dataclasses
from pathlib import Path

from benchmarks.repair import rows
from benchmarks.repair.attempts import ORDER, attempt, everything, half
from benchmarks.rows import Row
from swarm.bench.public_api import BenchTask, quixbugs_tasks

TOUCH = ("python_programs/*",)


def main() -> None:
    asked = _asked()
    only = asked.only.split(",") if asked.only else ()
    tasks = quixbugs_tasks(asked.copy, only)
    way = _way(asked)
    for task in tasks:
        known = rows.known(asked.log, way).get(task.name)
        if known is None:
            for strategies in [(each,) for each in ORDER] if asked.every else [ORDER]:
                known = _measure(task, strategies, asked, way)
        print(rows.line(known), flush=True)
    rows.report(list(rows.known(asked.log, way).values()))


def _measure(
    task: BenchTask, strategies: tuple[str, ...], asked: argparse.Namespace, way: str
) -> Row:
    measured = asyncio.run(
        attempt(
            task,
            strategies=strategies,
            seconds=asked.seconds,
            visible=half if asked.hidden else everything,
            touch=TOUCH,
        )
    )
    if asked.every:
        measured = dataclasses.replace(measured, name=f"{task.name} by {strategies[0]}")
    return rows.append(asked.log, measured, way)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("copy", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--hidden", action="store_true")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--seconds", type=int, default=90)
    return parser.parse_args()


def _way(asked: argparse.Namespace) -> str:
    half_of_them = " half hidden" if asked.hidden else ""
    return f"quixbugs {asked.seconds} s{half_of_them}{' every' if asked.every else ''}"


if __name__ == "__main__":
    main()
