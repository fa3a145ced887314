"""What a sandbox costs: create, exec, diff and destroy, beside `posix_spawn true` and a git worktree.

Run as `python -m benchmarks.sandbox [FILES] [ROUNDS]`. Times depend on the machine; the ratios, taken
in the same rounds, hardly do.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from swarm.sandbox.public_api import BaseRef, SandboxHost, SandboxMode, SandboxSpec, open_host

FLOOR = "posix_spawn true"
WORKTREE = "git worktree add"
Result = TypeVar("Result")
Times = dict[str, list[float]]


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    with tempfile.TemporaryDirectory() as folder:
        base, repository = Path(folder) / "base", Path(folder) / "repository"
        _write(base, files)
        _commit(_write(repository, files))
        times: Times = {}
        modes: tuple[SandboxMode, ...] = ("namespaces", "unsafe-worktree")
        for mode in modes:
            asyncio.run(_measure(Path(folder), mode, rounds, times))
        _report(times, files, rounds)


def _write(folder: Path, files: int) -> Path:
    for number in range(files):
        path = folder / f"d{number % 50}/file{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"value = {number}\n" * 20)
    return folder


def _commit(folder: Path) -> None:
    _git(folder, "init", "-q")
    _git(folder, "add", ".")
    _git(folder, "-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "base")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)


async def _measure(folder: Path, mode: SandboxMode, rounds: int, times: Times) -> None:
    base, repository = folder / "base", folder / "repository"
    host = open_host(folder / "scratch", mode)
    try:
        await _round(host, folder, base, mode, {})  # starts the zygote
        for _ in range(rounds):
            _note(times, FLOOR, _spawn_true)
            if mode == "namespaces":
                _note(
                    times,
                    WORKTREE,
                    lambda: _git(repository, "worktree", "add", "-q", str(folder / "w"), "HEAD"),
                )
                _git(repository, "worktree", "remove", "--force", str(folder / "w"))
            await _round(host, folder, base, mode, times)
    finally:
        await host.close()


async def _round(
    host: SandboxHost, folder: Path, base: Path, mode: SandboxMode, times: Times
) -> None:
    spec = SandboxSpec(folder / "repository", require=mode)
    box = await _timed(times, f"{mode}: create", lambda: host.create(spec, BaseRef(base, "")))
    await _timed(times, f"{mode}: exec true", lambda: box.exec(("true",)))
    await box.exec(("sh", "-c", "echo 1 >> d1/file1.py; echo 2 > new; rm d2/file2.py"))
    await _timed(times, f"{mode}: diff of 3 paths", box.diff)
    await _timed(times, f"{mode}: freeze and thaw", lambda: _freeze(box.freeze, box.thaw))
    await _timed(times, f"{mode}: destroy", box.destroy)


async def _freeze(
    freeze: Callable[[], Awaitable[None]], thaw: Callable[[], Awaitable[None]]
) -> None:
    await freeze()
    await thaw()


async def _timed(times: Times, name: str, act: Callable[[], Awaitable[Result]]) -> Result:
    started = time.perf_counter()
    result = await act()
    times.setdefault(name, []).append(time.perf_counter() - started)
    return result


def _note(times: Times, name: str, act: Callable[[], None]) -> None:
    started = time.perf_counter()
    act()
    times.setdefault(name, []).append(time.perf_counter() - started)


def _spawn_true() -> None:
    os.waitpid(os.posix_spawnp("true", ["true"], {}), 0)


def _report(times: Times, files: int, rounds: int) -> None:
    floor = statistics.median(times[FLOOR])
    tree = statistics.median(times[WORKTREE])
    print(f"{files} files, {rounds} rounds; medians, least, and the ratio of medians")
    for name, each in times.items():
        middle = statistics.median(each)
        ratios = f"{middle / floor:7.1f} x spawn {tree / middle:8.1f} x faster than a worktree"
        print(f"{name:32} {middle * 1e3:8.2f} ms {min(each) * 1e3:8.2f} ms {ratios}")


if __name__ == "__main__":
    main()
