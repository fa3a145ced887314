"""Two one-edit mistakes in different modules of real libraries: is one complete patch found.

Run as `python -m benchmarks.repair.pairs draw FOLDER LIBRARY... [--count N] [--seed N]` and then
`python -m benchmarks.repair.pairs measure FOLDER LOG [--seconds N] [--only NAMES]`: each LIBRARY is an
unpacked source distribution with a green suite that the running interpreter can run. What is drawn is a
folder of tasks as `swarm bench --path FOLDER` takes them too, where plans split a goal by failing tests;
`measure` gives the whole of it to the engine alone, in the order in which strategies are likely to do it.

Both mistakes are drawn by chance, each is noticed by a test that does not notice the other, and nothing
else decides whether they are kept.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.repair import rows
from benchmarks.repair.attempts import PYTHON, attempt
from benchmarks.repair.mutants import SETTINGS, drawn
from benchmarks.repair.mutating import Mutant
from swarm.bench.public_api import BenchTask, examine, load_tasks
from swarm.bench.tasks import Files, read_files, write_files
from swarm.domain.evidence import HARMLESS, SuiteRun
from swarm.domain.names import TestId

STRATEGIES = ("pairs",)
_MOST_DRAWN = 40
"""Mutants of one library that are looked at for one pair."""


def main() -> None:
    asked = _asked()
    if asked.do == "draw":
        for library in asked.libraries:
            _draw(library, asked)
    else:
        _measure_all(asked)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    does = parser.add_subparsers(dest="do", required=True)
    draw = does.add_parser("draw")
    draw.add_argument("folder", type=Path)
    draw.add_argument("libraries", type=Path, nargs="+")
    draw.add_argument("--count", type=int, default=6)
    draw.add_argument("--seed", type=int, default=1)
    measure = does.add_parser("measure")
    measure.add_argument("folder", type=Path)
    measure.add_argument("log", type=Path)
    measure.add_argument("--seconds", type=int, default=240)
    measure.add_argument("--only", default="")
    return parser.parse_args()


def _draw(library: Path, asked: argparse.Namespace) -> None:
    """Write so many tasks of the library; those that are there already are counted."""
    files = {**read_files(library), "pytest.ini": SETTINGS}
    random = Random(f"pairs {asked.seed} {library.name}")
    before = _red(_run(files))
    for number in range(asked.count):
        folder = asked.folder / f"{library.name}-{asked.seed}-{number}"
        first, second = _pair(files, before, random)
        if not folder.is_dir():
            _write(folder, files, first, second)
        print(folder.name, _told(first), "and", _told(second), flush=True)


def _pair(files: Files, before: frozenset[TestId], random: Random) -> tuple[Mutant, Mutant]:
    """The first two that are in different files and are told apart by the tests."""
    known: list[tuple[Mutant, frozenset[TestId]]] = []
    for mutant, _ in zip(drawn(files, random), range(_MOST_DRAWN), strict=False):
        run = _run({**files, mutant.path: mutant.text})
        red = _red(run) - before
        if run.broken or not red:
            continue
        for other, noticed in known:
            if other.path != mutant.path and red - noticed and noticed - red:
                return other, mutant
        known.append((mutant, red))
    raise SystemExit(f"no pair among {_MOST_DRAWN} mutants")


def _run(files: Files) -> SuiteRun:
    task = BenchTask("drawn", "pairs", "", "hard", "", "solvable", files)
    return asyncio.run(examine(task, files, python=PYTHON, mode="unsafe-worktree"))


def _red(run: SuiteRun) -> frozenset[TestId]:
    return frozenset(each.test for each in run.outcomes if each.outcome not in HARMLESS)


def _told(mutant: Mutant) -> str:
    return f"{mutant.path}:{mutant.line} {mutant.kind}: {mutant.before} -> {mutant.after}"


def _write(folder: Path, files: Files, first: Mutant, second: Mutant) -> None:
    both = {**files, first.path: first.text, second.path: second.text}
    write_files(folder / "project", both)
    told = {
        "goal": "fix the failing tests",
        "level": "hard",
        "description": f"{_told(first)} and {_told(second)}",
        "expected": "solvable",
    }
    (folder / "task.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _measure_all(asked: argparse.Namespace) -> None:
    way = f"pairs {asked.seconds} s"
    for task in _tasks(asked):
        row = rows.known(asked.log, way).get(task.name)
        if row is None:
            measured = asyncio.run(attempt(task, strategies=STRATEGIES, seconds=asked.seconds))
            measured.notes.update(description=task.description)
            row = rows.append(asked.log, measured, way)
        print(rows.line(row), flush=True)
    rows.report(list(rows.known(asked.log, way).values()))


def _tasks(asked: argparse.Namespace) -> Iterator[BenchTask]:
    only = asked.only.split(",") if asked.only else ()
    for task in load_tasks(asked.folder):
        if not only or task.name in only:
            yield task


if __name__ == "__main__":
    main()
