"""What each tool does in the sandbox. Arguments arrive checked; a refusal says how to do it better.

Nothing here runs on the host: programs run in the sandbox, files are read and written through it.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from swarm.domain.changes import Changes
from swarm.domain.errors import Rejected
from swarm.domain.evidence import GREEN, Outcome, Printed
from swarm.domain.frozen import Frozen
from swarm.domain.leavings import worked
from swarm.domain.names import TestId, TreeHash
from swarm.engines.context.atlas import Atlas
from swarm.engines.context.drawing import told
from swarm.engines.context.scanning import SandboxScanner, Shelf
from swarm.engines.model import shell
from swarm.engines.model.editing import replaced
from swarm.engines.model.places import Refused, place, writable
from swarm.engines.model.shell import ShellState
from swarm.engines.model.trimming import MOST, legible, trimmed
from swarm.engines.port import Assignment
from swarm.sandbox.public_api import ExecResult, Sandbox
from swarm.tools.public_api import Execution, execute_suite

MOST_FILE = 2 << 20
"""Bytes of a file that is read, edited or written by a tool."""

MOST_WRITTEN = 400_000
LINES = 400
LONGEST_LINE = 2_000
RUN_SECONDS, MOST_RUN_SECONDS = 120, 900
SUITE_SECONDS = 600.0
MOST_FAILURES = 12
_PASSED_OVER = (".git", "node_modules", ".venv", "__pycache__")
NO_TREE = TreeHash("0" * 40)
"""Runs of the suite here are for the model's eyes; nobody relies on them."""


@dataclass(slots=True)
class Bench:
    """Where one attempt works, and what its turn has used so far."""

    sandbox: Sandbox
    assignment: Assignment
    nonces: Callable[[], str]
    shell: ShellState = field(default_factory=ShellState)
    sign: str = ""
    """Unlike anything that a command prints by accident."""

    shelf: Shelf | None = None
    """What was read of repositories before; None where somebody has worked here already."""

    atlas: Atlas | None = None
    """Made when it is first asked for."""

    cpu_seconds: float = 0.0
    may_have_changed: bool = False

    @property
    def root(self) -> Path:
        return self.sandbox.root

    async def changes(self) -> Changes:
        """What was worked on, without what tools left beside it."""
        return worked(await self.sandbox.diff())


# Arguments --------------------------------------------------------------------------------------


class Run(Frozen):
    command: str = Field(description="For the shell; folder and exported variables stay.")
    seconds: int = Field(default=RUN_SECONDS, ge=1, le=MOST_RUN_SECONDS)


class Read(Frozen):
    path: str = Field(description="Relative to the repository.")
    start: int = Field(default=1, ge=1, description="First line.")
    lines: int = Field(default=LINES, ge=1, le=5_000)


class Edit(Frozen):
    path: str
    old: str = Field(description="Exactly as it stands in the file, in one place only.")
    new: str


class Write(Frozen):
    path: str
    content: str = Field(description="The whole file.")


class Search(Frozen):
    pattern: str = Field(description="Extended regular expression, as grep -E takes it.")
    path: str = Field(default=".", description="File or folder to search in.")


class Symbols(Frozen):
    name: str = Field(max_length=200, description="Of a function, class or method: `Cart.total`.")


class List(Frozen):
    path: str = "."
    depth: int = Field(default=2, ge=1, le=6)


class Test(Frozen):
    ids: tuple[str, ...] = Field(default=(), description="Test ids; empty: the whole suite.")


# What they do -----------------------------------------------------------------------------------


async def run(bench: Bench, asked: Run) -> str:
    ran = await shell.run(
        bench.sandbox, asked.command, bench.shell, sign=bench.sign, seconds=asked.seconds
    )
    bench.shell, bench.may_have_changed = ran.state, True
    bench.cpu_seconds += ran.result.cpu_seconds
    told = trimmed(legible(ran.result.stdout) + legible(ran.errors))
    return f"{_how(ran.result)}\n{told}".rstrip()


def _how(result: ExecResult) -> str:
    if result.killed_by:
        return f"ended by the limit on {result.killed_by}"
    return f"exit status {result.returncode}"


async def read(bench: Bench, asked: Read) -> str:
    data = await _bytes(bench, asked.path)
    if b"\0" in data[:8_000]:
        return f"{asked.path} is binary ({len(data)} bytes)"
    lines = data.decode("utf-8", "replace").splitlines()
    chosen = lines[asked.start - 1 : asked.start - 1 + asked.lines]
    if not chosen:
        raise Refused(f"{asked.path} has {len(lines)} lines")
    numbered = (
        f"{number:>5} {line[:LONGEST_LINE]}" for number, line in enumerate(chosen, asked.start)
    )
    end = asked.start - 1 + len(chosen)
    more = f"\n[lines {asked.start}-{end} of {len(lines)}]" if end < len(lines) else ""
    return trimmed("\n".join(numbered), 4 * MOST) + more


async def _bytes(bench: Bench, named: str) -> bytes:
    try:
        return await bench.sandbox.read(place(bench.root, named), MOST_FILE)
    except Rejected as error:
        raise Refused(f"{named} cannot be read: {error}") from error


async def edit(bench: Bench, asked: Edit) -> str:
    path = writable(bench.root, asked.path)
    data = await _bytes(bench, asked.path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{asked.path} is no UTF-8 text; change it with a command") from error
    await _put(bench, path, replaced(text, asked.old, asked.new), asked.path)
    at = text[: text.index(asked.old)].count("\n") + 1
    return f"{asked.path} changed at line {at}"


async def write(bench: Bench, asked: Write) -> str:
    path = writable(bench.root, asked.path)
    if len(asked.content) > MOST_WRITTEN:
        raise Refused(f"{len(asked.content)} characters are too many for one file")
    await _put(bench, path, asked.content, asked.path)
    return f"{asked.path} written, {asked.content.count(chr(10))} lines"


async def _put(bench: Bench, path: Path, text: str, named: str) -> None:
    """A program stays one."""
    mode = await bench.sandbox.exec(("test", "-x", str(path)), wall_seconds=10)
    try:
        data = text.encode("utf-8")
        await bench.sandbox.write(path, data, executable=mode.returncode == 0)
    except (Rejected, UnicodeEncodeError) as error:
        raise Refused(f"{named} cannot be written: {error}") from error
    bench.may_have_changed = True


async def search(bench: Bench, asked: Search) -> str:
    where = place(bench.root, asked.path).relative_to(bench.root)
    skipped = (f"--exclude-dir={name}" for name in _PASSED_OVER)
    argv = ("grep", "-rnIE", *skipped, "-m", "50", "-e", asked.pattern, "--", f"./{where}")
    result = await bench.sandbox.exec(argv, wall_seconds=60)
    bench.cpu_seconds += result.cpu_seconds
    if result.returncode == 1:
        return "nothing found"
    if result.returncode != 0 and not result.stdout:
        raise Refused(legible(result.stderr).strip()[:500] or "the search did not end")
    lines = [line[:300].removeprefix("./") for line in legible(result.stdout).splitlines()]
    return trimmed("\n".join(lines))


async def symbols(bench: Bench, asked: Symbols) -> str:
    atlas = await atlas_of(bench)
    return trimmed(told(asked.name.strip(), atlas.find(asked.name.strip())))


async def atlas_of(bench: Bench) -> Atlas:
    """What is defined where, as it is now."""
    if bench.atlas is None:
        bench.atlas = Atlas(SandboxScanner(bench.sandbox, bench.shelf))
    await bench.atlas.refresh(await bench.changes())
    return bench.atlas


async def list_files(bench: Bench, asked: List) -> str:
    where = place(bench.root, asked.path).relative_to(bench.root)
    skipped = [word for name in _PASSED_OVER for word in ("-o", "-name", name)][1:]
    argv = ("find", f"./{where}", "-maxdepth", str(asked.depth), "(", *skipped, ")", "-prune")
    shown = ("-o", "-type", "d", "-printf", "%P/\\n", "-o", "-printf", "%P\\n")
    result = await bench.sandbox.exec((*argv, *shown), wall_seconds=30)
    bench.cpu_seconds += result.cpu_seconds
    if result.returncode != 0 and not result.stdout:
        raise Refused(f"{asked.path} cannot be listed")
    names = sorted(line for line in legible(result.stdout).splitlines() if line not in ("", "/"))
    return trimmed("\n".join(names), 6_000) or "empty"


async def test(bench: Bench, asked: Test) -> str:
    ids = tuple(TestId(each) for each in asked.ids)
    execution = await suite(bench, ids)
    return tested(execution, before(bench.assignment))


async def suite(bench: Bench, ids: tuple[TestId, ...] = ()) -> Execution:
    """The suite as it is now. It may write files, as tests do."""
    bench.may_have_changed = True
    return await execute_suite(
        bench.sandbox,
        bench.assignment.environment,
        NO_TREE,
        ids=list(ids) or None,
        wall_seconds=min(SUITE_SECONDS, bench.assignment.contract.seconds),
        nonce=bench.nonces(),
    )


def before(assignment: Assignment) -> Mapping[TestId, Outcome]:
    return {row.test: row.outcome for row in assignment.base_run.outcomes}


def tested(execution: Execution, base: Mapping[TestId, Outcome]) -> str:
    """Outcomes in words, what is worse than before first."""
    run = execution.run
    if run.broken:
        return trimmed(f"the suite gives no results: {run.broken}\n{execution.output}")
    red = [row for row in run.outcomes if row.outcome not in GREEN and row.outcome != "skipped"]
    worse = [row.test for row in red if base.get(row.test) in GREEN]
    new = [row.test for row in run.outcomes if row.test not in base]
    parts = [f"{len(run.outcomes) - len(red)} of {len(run.outcomes)} pass"]
    parts += [_told(run.printed)] if run.printed else []
    parts += [f"worse than before your changes: {_listed(worse)}"] if worse else []
    parts += [f"new: {_listed(new)}"] if new else []
    for row in [r for r in red if r.test in worse] + [r for r in red if r.test not in worse]:
        text = execution.failures.get(row.test, "")
        parts.append(f"--- {row.test}: {row.outcome}\n{trimmed(text, 1_500)}".rstrip())
    shown = parts[: 3 + MOST_FAILURES]
    if len(parts) > len(shown):
        shown.append(f"[{len(parts) - len(shown)} more failures]")
    return trimmed(legible("\n".join(shown).encode()))


def _told(printed: Printed) -> str:
    failed = [row.test for row in printed.tests if row.outcome == "failed"]
    named = f"; these fail: {_listed(failed)}" if failed else ""
    return f"its output tells of {printed.passed} of {printed.total} tests that pass{named}"


def _listed(tests: Iterable[TestId]) -> str:
    every = list(tests)
    return ", ".join(every[:20]) + (f" and {len(every) - 20} more" if len(every) > 20 else "")


def cpu_cost(bench: Bench) -> int:
    """Micro-USD for what the turn's commands took."""
    return math.ceil(bench.cpu_seconds * bench.assignment.cpu_price)
