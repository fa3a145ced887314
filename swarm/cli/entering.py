"""A shell in a sandbox of a repository: what agents see, seen by a person."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from swarm.actors.public_api import view_environment
from swarm.cli.session import Session, open_session
from swarm.cli.words import cell, count
from swarm.domain.changes import Changes
from swarm.domain.errors import Lacking, Rejected
from swarm.domain.leavings import folder_of, left, worked
from swarm.domain.names import CommitHash, TreeHash
from swarm.repository.public_api import Count, Mirror, inspect, read_commit
from swarm.sandbox.public_api import (
    SPARSELY,
    BaseRef,
    Blocked,
    Limits,
    Sandbox,
    SandboxMode,
    SandboxSpec,
    interpreter_paths,
    lost,
    open_host,
    run_in_terminal,
    strongest,
)
from swarm.tools.public_api import own_venv

_SHELLS = ("bash", "sh")


def enter(repository: Path, at: str | None, mode: SandboxMode | None, save: Path | None) -> int:
    """Returns the shell's exit code."""
    session = open_session()
    state = inspect(repository)
    commit = read_commit(state.top, at) if at else state.base
    with tempfile.TemporaryDirectory(prefix="swarm-shell-") as folder:
        # As in a run: another user may be the one who works in it.
        Path(folder).chmod(0o711)
        mode = mode or strongest(Path(folder))
        if mode is None:
            raise Lacking("no sandbox can be made on this machine", advice="swarm doctor tells why")
        python = _interpreter(session, state.top)
        return asyncio.run(_enter(session, state.top, commit, python, mode, save, Path(folder)))


@dataclass(frozen=True, slots=True)
class _Python:
    """The interpreter that goals would use, and what has to be shown for it to run."""

    path: Path
    shown: tuple[Path, ...]


def _interpreter(session: Session, top: Path) -> _Python:
    """One that came with the repository is not run: nothing of the repository is, out here."""
    own = own_venv(top)
    with suppress(Rejected, Lacking):
        built = None if own else view_environment(top, session.places).built
        if built is not None:
            return _Python(Path(built.python), tuple(map(Path, built.shown)))
    path = own or Path(sys.executable)
    return _Python(path, interpreter_paths(path))


async def _enter(
    session: Session,
    top: Path,
    commit: CommitHash,
    python: _Python,
    mode: SandboxMode,
    save: Path | None,
    folder: Path,
) -> int:
    mirror = await asyncio.to_thread(Mirror.open, folder / "mirror", top)
    tree = await asyncio.to_thread(mirror.fetch, commit)
    base = BaseRef(folder / "base", tree)
    await asyncio.to_thread(mirror.export, tree, base.directory)
    # Ours holds the terminal.
    ours = await asyncio.to_thread(interpreter_paths, Path(sys.executable))
    shown, limits = tuple({*python.shown, *ours}), Limits(reserved=SPARSELY)
    spec = SandboxSpec(top, shown, limits, require=mode)
    host = open_host(folder / "boxes", mode)
    try:
        sandbox = await host.create(spec, base)
        session.say(_greeting(sandbox, commit), "dim")
        code = await _work(sandbox, python.path)
        changes, blocked = await sandbox.diff(), await sandbox.blocked()
    finally:
        await host.close()
    await asyncio.to_thread(_part, session, mirror, base, changes, blocked, save)
    return code


def _greeting(sandbox: Sandbox, commit: CommitHash) -> str:
    missing = "no network, no home, no services" if sandbox.guarantees.own_network else "no walls"
    parts = [f"{sandbox.root} at {commit[:12]}, in a sandbox of mode {sandbox.mode}: {missing}."]
    parts += lost(sandbox.mode)
    parts.append(
        "Neither uncommitted work nor the history is in it. What you change is kept if you save it."
    )
    return "\n".join(parts)


async def _work(sandbox: Sandbox, python: Path) -> int:
    shell = next(each for each in _SHELLS if shutil.which(each) or each == "sh")
    argv = _on_path(python, shell)
    if not sys.stdin.isatty():
        return await _run_lines(sandbox, argv)
    return await run_in_terminal(sandbox, Path(sys.executable), argv, sys.stdin.fileno(), 1)


def _on_path(python: Path, shell: str) -> tuple[str, ...]:
    """The shell, with the folder of the repository's interpreter before all others."""
    return ("env", f"PATH={python.parent}:{os.defpath}:/usr/sbin:/sbin", shell)


async def _run_lines(sandbox: Sandbox, argv: tuple[str, ...]) -> int:
    """Without a terminal: commands from standard input, to their end."""
    commands = await asyncio.to_thread(sys.stdin.buffer.read)
    result = await sandbox.exec(argv, stdin=commands)
    for stream, data in ((sys.stdout, result.stdout), (sys.stderr, result.stderr)):
        stream.buffer.write(data)
        stream.buffer.flush()
    if result.killed_by:
        sys.stderr.write(f"ended by the limit on {result.killed_by}\n")
    return result.returncode if result.returncode >= 0 else 128 - result.returncode


def _part(
    session: Session,
    mirror: Mirror,
    base: BaseRef,
    changed: Changes,
    blocked: Sequence[Blocked],
    save: Path | None,
) -> None:
    """Say what is different now, and keep it if that is wanted."""
    tree, changes = TreeHash(base.tree), worked(changed)
    session.err.print(_summary(mirror, tree, changes, blocked, left(changed)))
    if not changes:
        return
    if save is None and sys.stdin.isatty():
        question = "Save it as a patch to (nothing: throw it away)"
        name = typer.prompt(question, default="", show_default=False, err=True)
        save = Path(name).expanduser() if name.strip() else None
    if save is not None:
        _save(mirror, tree, changes, save)
        session.err.print(f"saved: git apply {save}")


def _save(mirror: Mirror, base: TreeHash, changes: Changes, file: Path) -> None:
    patch = mirror.patch_file(base, mirror.tree_with(base, changes))
    try:
        with file.open("xb") as opened:
            opened.write(patch)
    except OSError as error:
        raise Rejected(f"cannot write {file}: {error.strerror}", advice="name another") from error


def _summary(
    mirror: Mirror,
    base: TreeHash,
    changes: Changes,
    blocked: Sequence[Blocked],
    caches: Sequence[bytes],
) -> RenderableType:
    counts = mirror.numstat(base, mirror.tree_with(base, changes)) if changes else ()
    table = Table.grid(padding=(0, 2, 0, 0))
    for each in counts:
        table.add_row(*_amounts(each), cell(each.path))
    parts: list[RenderableType] = [Text(f"{count(len(changes.items), 'file')} changed"), table]
    parts += [cell(f"left out: {each}", "yellow") for each in changes.left_out]
    if caches:
        parts.append(cell(f"left out: {_named(caches)}", "dim"))
    parts += [
        cell(f"blocked: {each.host}:{each.port} ({each.count}×) {each.command}", "yellow")
        for each in blocked
    ]
    return Group(*parts)


def _named(caches: Sequence[bytes]) -> str:
    """How much of what tools leave beside the work, by the names that people know it by."""
    counts = Counter(os.fsdecode(folder_of(each)) for each in caches)
    named = ", ".join(f"{count(number, 'file')} of {name}" for name, number in counts.items())
    return f"{named} (what tools left, and git does not track)"


def _amounts(lines: Count) -> tuple[Text, Text]:
    if lines.added is None:
        return cell("not text", "dim"), cell("")
    return cell(f"+{lines.added}", "green"), cell(f"-{lines.removed}", "red")
