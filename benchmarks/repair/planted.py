"""The demo project's mistakes, each planted alone.

The list was written by hand before there was a template; templates have since been developed while
looking at it, so what is measured here says nothing about mistakes never seen.

Run as `python -m benchmarks.repair.planted LOG [--only NAMES] [--seconds N]`. The project's own tests
are all that an engine sees and all that judges its result.
"""

import argparse
import asyncio
from pathlib import Path

from benchmarks.repair import rows
from benchmarks.repair.attempts import ORDER, attempt
from benchmarks.rows import Row
from swarm.bench.public_api import BenchTask
from swarm.bench.tasks import Files, read_files
from swarm.demo.bugs import BUGS, Bug
from swarm.demo.planting import PROJECT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=int, default=90)
    asked = parser.parse_args()
    files = read_files(PROJECT)
    only = asked.only.split(",") if asked.only else [bug.name for bug in BUGS]
    way = f"planted {asked.seconds} s"
    for bug in (each for each in BUGS if each.name in only):
        row = rows.known(asked.log, way).get(bug.name) or _measure(bug, files, asked, way)
        print(rows.line(row), flush=True)
    rows.report(list(rows.known(asked.log, way).values()))


def _measure(bug: Bug, files: Files, asked: argparse.Namespace, way: str) -> Row:
    source = files[bug.path].decode()
    task = BenchTask(
        name=bug.name,
        suite="planted",
        goal="fix the failing tests",
        level=bug.level,
        description=bug.what,
        expected="solvable",
        files={**files, bug.path: bug.applied(source).encode()},
    )
    measured = asyncio.run(attempt(task, strategies=ORDER, seconds=asked.seconds))
    measured.notes.update(level=bug.level, before=bug.before, after=bug.after)
    return rows.append(asked.log, measured, way)


if __name__ == "__main__":
    main()
