"""A linter's findings that a change brings in: ruff over exported files, outside any configuration.

The files are written to a folder of ours under names of ours, since names in a tree can be anything.
Comments that silence the linter are ignored. Rules that mean a program is wrong block (names that do
not exist, comparisons that cannot be meant, broken format strings); untidiness is a note. Syntax is
left to the compiler of the target.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, TypeAdapter

from swarm.domain.errors import Lacking, Transient
from swarm.domain.tasks import Finding

RULES = "E9,F"
_WRONG = ("E9", "F5", "F6", "F7", "F81", "F82")
"""Prefixes of rules that mean the program is wrong."""

_SECONDS = 60.0
_OLDEST, _NEWEST = 7, 14
"""Minor versions of Python 3 that ruff can be told about."""


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file on both sides; empty where it is not."""

    path: str
    before: bytes
    after: bytes


class _Location(BaseModel):
    row: int


class _Diagnostic(BaseModel):
    code: str | None
    message: str
    filename: str
    location: _Location


_DIAGNOSTICS = TypeAdapter(list[_Diagnostic])


async def new_findings(sources: Sequence[Source], python_version: str) -> tuple[Finding, ...]:
    """What ruff says of the second sides and not of the first. Raises Lacking without ruff."""
    if not sources:
        return ()
    return await asyncio.to_thread(_compared, sources, python_version)


async def linter_version() -> str:
    result = await asyncio.to_thread(_ruff, "--version")
    return result.stdout.decode().strip().removeprefix("ruff ")


def _compared(sources: Sequence[Source], python_version: str) -> tuple[Finding, ...]:
    with tempfile.TemporaryDirectory(prefix="swarm-lint-") as folder:
        for number, source in enumerate(sources):
            _export(Path(folder, "before", str(number)), source.path, source.before)
            _export(Path(folder, "after", str(number)), source.path, source.after)
        before = _diagnose(Path(folder, "before"), python_version)
        after = _diagnose(Path(folder, "after"), python_version)
    seen = Counter((number, each.code, each.message) for number, each in before)
    found = []
    for number, each in after:
        key = (number, each.code, each.message)
        if seen[key] > 0:
            seen[key] -= 1
        elif each.code is not None:
            found.append(_finding(each, sources[number].path))
    return tuple(sorted(found, key=lambda each: (each.path, each.line, each.rule)))


def _export(folder: Path, path: str, data: bytes) -> None:
    """A package's own file is linted by other rules, so that name is kept."""
    folder.mkdir(parents=True)
    name = "__init__.py" if PurePosixPath(path).name == "__init__.py" else "module.py"
    (folder / name).write_bytes(data)


def _diagnose(folder: Path, python_version: str) -> list[tuple[int, _Diagnostic]]:
    minor = min(max(int(python_version.split(".")[1]), _OLDEST), _NEWEST)
    result = _ruff(
        "check", "--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--quiet",
        "--select", RULES, "--target-version", f"py3{minor}", "--output-format", "json", str(folder),
    )  # fmt: skip
    found = _DIAGNOSTICS.validate_json(result.stdout)
    rows = [(int(Path(each.filename).parent.name), each) for each in found]
    return sorted(rows, key=lambda row: (row[0], row[1].location.row, row[1].code or ""))


def _ruff(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    argv = (sys.executable, "-I", "-m", "ruff", *arguments)
    try:
        result = subprocess.run(
            argv, capture_output=True, timeout=_SECONDS, env={"PATH": "/usr/bin:/bin"}, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Transient(f"ruff did not answer within {_SECONDS:.0f} s") from error
    if result.returncode != 0:
        message = result.stderr.decode("utf-8", "replace")[-500:]
        raise Lacking(f"ruff does not run: {message}", advice="install swarm with all it needs")
    return result


def _finding(each: _Diagnostic, path: str) -> Finding:
    assert each.code is not None
    return Finding(
        rule=f"lint.{each.code}",
        message=each.message,
        path=path,
        line=each.location.row,
        blocks=each.code.startswith(_WRONG),
    )
