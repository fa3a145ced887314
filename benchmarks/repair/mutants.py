"""One-edit mutants of real libraries: is the place found, and is a patch.

Run as `python -m benchmarks.repair.mutants LOG LIBRARY... [--count N] [--seed N] [--seconds N] [--hidden]
[--ranks-only]`:
each LIBRARY is an unpacked source distribution with a green suite that the running interpreter can run;
`--count` mutants of each are measured, not counting those that no test notices. With `--hidden` half of
the tests, by the hash of their names, are kept from the engine and judge with the others. With
`--ranks-only` no patch is looked for.

Ranks of a line or function count those that are more suspicious, and half of those that are as much so. A
line is found when it is that on which the changed expression begins. A statement over several lines is one
place for who looks for a mistake, and for the search: so the rank of the statement stands beside it, where
each statement counts once.
"""

import argparse
import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.repair import rows
from benchmarks.repair.attempts import ORDER, Measured, attempt, everything, half
from benchmarks.repair.mutating import Mutant, mutants
from benchmarks.rows import Row
from swarm.bench.public_api import BenchTask
from swarm.bench.tasks import Files, read_files
from swarm.domain.names import TestId
from swarm.engines.repair.selection import is_test

SETTINGS = b"[pytest]\npythonpath = . src\nfilterwarnings = ignore\n"
_GENERATED = "_version.py"
_UNREAD = ("docs/", "examples/", "benchmarks/", "setup.py", "versioneer.py")


def main() -> None:
    asked = _asked()
    way = f"mutants seed {asked.seed} {asked.seconds} s{' half hidden' if asked.hidden else ''}"
    way += " ranks only" if asked.ranks_only else ""
    for library in asked.libraries:
        _library(library, asked, way)
    fit = [row for row in rows.known(asked.log, way).values() if row["verdict"] != "unfit"]
    for title, part in (("all", fit), *_halves(fit)):
        print(title, end=": ")
        if not asked.ranks_only:
            rows.report(part)
        _places(part)


def _halves(fit: list[Row]) -> list[tuple[str, list[Row]]]:
    """By the hash of their names: one to look at while the engine is changed, one that is only counted."""
    looked_at = [row for row in fit if half(TestId(row["name"]))]
    counted = [row for row in fit if not half(TestId(row["name"]))]
    return [("looked at", looked_at), ("held out", counted)]


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("libraries", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--hidden", action="store_true")
    parser.add_argument("--ranks-only", action="store_true")
    return parser.parse_args()


def _library(folder: Path, asked: argparse.Namespace, way: str) -> None:
    files = {**read_files(folder), "pytest.ini": SETTINGS}
    known = rows.known(asked.log, way)
    measured = 0
    for number, mutant in enumerate(drawn(files, Random(f"{asked.seed} {folder.name}"))):
        if measured == asked.count:
            return
        name = f"{folder.name} {number} {mutant.path}:{mutant.line} {mutant.kind}"
        row = known.get(name) or _measure(name, mutant, files, asked, way)
        measured += row["verdict"] != "unfit"
        print(rows.line(row), flush=True)


def drawn(files: Files, random: Random) -> Iterator[Mutant]:
    """Mutants without end, files by chance, a large one as much oftener as it is larger."""
    sources = [
        path
        for path in sorted(files)
        if path.endswith(".py")
        and not is_test(path)
        and not path.startswith(_UNREAD)
        and not path.endswith(_GENERATED)
    ]
    sizes = [len(files[path]) for path in sources]
    while True:
        (path,) = random.choices(sources, sizes)
        yield from mutants(path, files[path], random, 1)


def _measure(name: str, mutant: Mutant, files: Files, asked: argparse.Namespace, way: str) -> Row:
    task = BenchTask(
        name=name,
        suite="mutants",
        goal="fix the failing tests",
        level="medium",
        description=f"{mutant.before} became {mutant.after}",
        expected="solvable",
        files={**files, mutant.path: mutant.text},
    )
    visible = half if asked.hidden else everything
    measured = asyncio.run(
        attempt(
            task,
            strategies=ORDER,
            seconds=asked.seconds,
            visible=visible,
            ranks_only=asked.ranks_only,
        )
    )
    measured.notes.update(before=mutant.before, after=mutant.after, kind=mutant.kind)
    measured.notes.update(_ranks(measured, mutant, task.files))
    return rows.append(asked.log, measured, way)


def _ranks(measured: Measured, mutant: Mutant, files: Files) -> dict[str, float]:
    """How many lines, statements and functions would be looked at until the true one."""
    if not measured.strategies or not measured.strategies[0].suspicion:
        return {}
    suspicion = measured.strategies[0].suspicion
    lines = {(path, line): ppm for path, each in suspicion.items() for line, ppm in each.items()}
    owners = _owners(suspicion, mutant)
    functions: dict[tuple[str, str], int] = {}
    for place, ppm in lines.items():
        owner = owners.get(place, (place[0], ""))
        functions[owner] = max(functions.get(owner, 0), ppm)
    true = (mutant.path, mutant.line)
    firsts = {path: _firsts(files[path]) for path in suspicion}
    statements: dict[tuple[str, int], int] = {}
    for (path, line), ppm in lines.items():
        first = (path, firsts[path].get(line, line))
        statements[first] = max(statements.get(first, 0), ppm)
    own = (mutant.path, firsts.get(mutant.path, {}).get(mutant.line, mutant.line))
    return {
        "line_rank": _rank(lines, true),
        "statement_rank": _rank(statements, own),
        "function_rank": _rank(functions, owners.get(true, true)),
    }


def _rank(found: dict[tuple[str, int], int] | dict[tuple[str, str], int], true: object) -> float:
    """0 when it is not among them at all."""
    own = next((ppm for place, ppm in found.items() if place == true), None)
    if own is None:
        return 0.0
    above = sum(ppm > own for ppm in found.values())
    return above + (sum(ppm == own for ppm in found.values()) + 1) / 2


def _firsts(data: bytes) -> dict[int, int]:
    """By line where its statement begins; of a compound one only what stands before its blocks is its own."""
    found: dict[int, int] = {}
    for node in ast.walk(ast.parse(data)):  # outer statements come before inner ones
        if isinstance(node, ast.stmt):
            found.update(dict.fromkeys(range(node.lineno, (node.end_lineno or 0) + 1), node.lineno))
    return found


def _owners(
    suspicion: dict[str, dict[int, int]], mutant: Mutant
) -> dict[tuple[str, int], tuple[str, str]]:
    """The function of each suspicious line of the mutant's file; elsewhere the file stands for all."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for node in ast.walk(ast.parse(mutant.text)):  # outer functions come before inner ones
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                found[mutant.path, line] = (mutant.path, f"{node.name}:{node.lineno}")
    return {
        place: owner for place, owner in found.items() if place[1] in suspicion.get(place[0], {})
    }


def _places(all_rows: list[Row]) -> None:
    ranked = [row["notes"] for row in all_rows if "line_rank" in row["notes"]]
    lines = sum(0 < each["line_rank"] <= 5 for each in ranked)
    statements = sum(0 < each["statement_rank"] <= 5 for each in ranked)
    functions = sum(0 < each["function_rank"] <= 3 for each in ranked)
    print(
        f"true line in the first 5: {lines} of {len(all_rows)}, its statement: {statements};"
        f" function in the first 3: {functions}"
    )


if __name__ == "__main__":
    main()
