"""Visible and hidden tests on a result, in a sandbox.

The result was written by agents: it is never run outside of one. Tests that came with the task are put
back first, so that a result which changed them gains nothing.
"""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath

from swarm.bench.tasks import BenchTask, Files, read_files, write_files
from swarm.domain.canonical import digest
from swarm.domain.evidence import SuiteRun
from swarm.domain.names import TreeHash
from swarm.sandbox.public_api import BaseRef, Sandbox, SandboxMode, SandboxSpec, open_host
from swarm.tools.public_api import detect_environment, readonly_paths, run_suite

SUITE_SECONDS = 300.0


def new_nonce() -> str:
    return secrets.token_hex(16)


async def examine(
    task: BenchTask,
    files: Files,
    *,
    python: Path,
    mode: SandboxMode,
    wall_seconds: float = SUITE_SECONDS,
    nonces: Callable[[], str] = new_nonce,
) -> SuiteRun:
    """Run the task's own and its hidden tests over these files; nothing of it is left behind."""
    judged = laid_over(task, files)
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as name:
        scratch = await asyncio.to_thread(Path(name).resolve)
        project = scratch / "project"
        await asyncio.to_thread(write_files, project, judged)
        environment = await detect_environment(
            project, project, python=python, test_command=None, own_python=python
        )
        readonly = await readonly_paths(environment)
        base = BaseRef(project, _named(judged))
        async with _sandbox(scratch, SandboxSpec(project, readonly, require=mode), base) as sandbox:
            return await run_suite(
                sandbox,
                environment,
                TreeHash(base.tree),
                wall_seconds=wall_seconds,
                nonce=nonces(),
            )


@asynccontextmanager
async def _sandbox(scratch: Path, spec: SandboxSpec, base: BaseRef) -> AsyncIterator[Sandbox]:
    host = open_host(scratch / "sandboxes", spec.require)
    try:
        yield await host.create(spec, base)
    finally:
        await host.close()


async def examine_folder(
    task: BenchTask, folder: Path | None, *, python: Path, mode: SandboxMode
) -> SuiteRun:
    """The result in a folder, or the task's own files when there is none."""
    files = task.files if folder is None else await asyncio.to_thread(read_files, folder)
    return await examine(task, files, python=python, mode=mode)


def laid_over(task: BenchTask, files: Files) -> Files:
    """The files with the task's tests as they were and its hidden ones added.

    Tests and settings that the result brought along do not count.
    """
    kept = {path: data for path, data in files.items() if not steers_tests(path)}
    own = {path: data for path, data in task.files.items() if steers_tests(path)}
    return {**kept, **own, **task.hidden}


def steers_tests(path: str) -> bool:
    """Tests, their data and what configures their runner."""
    pure = PurePosixPath(path)
    if pure.name.startswith("test_") or pure.name.endswith("_test.py"):
        return True
    folders = {"tests", "test", "python_testcases", "json_testcases"}
    if pure.name in {"conftest.py", "pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml"}:
        return True
    return bool(folders & set(pure.parts[:-1]))


def _named(files: Files) -> TreeHash:
    """A name by content; it is not git's."""
    told = b"".join(digest(data).encode() + path.encode() + b"\0" for path, data in files.items())
    return TreeHash(digest(told)[:40])
