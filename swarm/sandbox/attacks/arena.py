"""A sandbox to attack, and on the host what it must not reach: planted secrets, a process with a
token, sockets that listen, shared memory. All of it is made for this and goes at the end.
"""

import asyncio
import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from swarm.domain.errors import Lacking
from swarm.sandbox.attacks import bundle
from swarm.sandbox.attacks.bundle import Order, Seen
from swarm.sandbox.host import open_host
from swarm.sandbox.interpreter import interpreter_paths
from swarm.sandbox.port import (
    CLOSED,
    BaseRef,
    ExecResult,
    Limits,
    Network,
    Sandbox,
    SandboxHost,
    SandboxMode,
    SandboxSpec,
)

SECRET = "planted"  # noqa: S105
LIMITS = Limits(
    wall_seconds=60.0,
    memory_bytes=512 << 20,
    processes=64,
    file_bytes=32 << 20,
    tmp_bytes=16 << 20,
    output_bytes=1 << 20,
)
FILES = {"a": "1\n", "d/b": "2\n", "d/e/c": "3\n"}

_PLANTED = (
    ".ssh/id_ed25519",
    ".netrc",
    ".aws/credentials",
    ".config/gh/hosts.yml",
    ".claude/.credentials.json",
)
_TREE = "0" * 40
_IPC_CREAT = 0o1000


@dataclass(slots=True)
class Arena:
    """One sandbox that is attacked again and again, and means to make others like it."""

    host: SandboxHost
    mode: SandboxMode
    spec: SandboxSpec
    base: BaseRef
    sandbox: Sandbox
    outside: Path
    """On the host, writable for who runs this; the sandbox does not see it."""

    python: Path
    """Runs the programs."""

    facts: dict[str, str] = field(default_factory=dict)
    """What attacks have to know of the host, by the name that stands for it in their arguments."""

    @asynccontextmanager
    async def another(
        self, limits: Limits = LIMITS, network: Network = CLOSED
    ) -> AsyncIterator[Sandbox]:
        """A fresh one, for attacks that spoil theirs."""
        spec = replace(self.spec, limits=limits, network=network)
        sandbox = await self.host.create(spec, self.base)
        try:
            yield sandbox
        finally:
            await sandbox.destroy()

    async def attempt(self, orders: Sequence[Order], within: Sandbox | None = None) -> list[Seen]:
        """Have programs run inside."""
        return self.answers(await self.execute(orders, within), len(orders))

    def answers(self, result: ExecResult, count: int) -> list[Seen]:
        return bundle.answers(result.stdout, count, _end_of(result))

    async def execute(
        self, orders: Sequence[Order], within: Sandbox | None = None, seconds: float = 60.0
    ) -> ExecResult:
        return await (within or self.sandbox).exec(
            bundle.command(self.python),
            stdin=bundle.text([self.filled(each) for each in orders]),
            wall_seconds=seconds,
        )

    def filled(self, order: Order) -> Order:
        return Order(order.program, tuple(each.format_map(self.facts) for each in order.arguments))


def _end_of(result: ExecResult) -> str:
    said = result.stderr.decode(errors="replace").strip().splitlines()
    return (said[-1] if said else "") or result.killed_by or f"exit code {result.returncode}"


@asynccontextmanager
async def arena(
    mode: SandboxMode, scratch: Path | None = None, also_shown: tuple[Path, ...] = ()
) -> AsyncIterator[Arena]:
    """`also_shown`: a hole in the wall, made on purpose. Raises Lacking where there is no such mode."""
    with ExitStack() as stack:
        # Short, because the path of a socket has room for a hundred bytes.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="swarm-attack-")))
        await asyncio.to_thread(folder.chmod, 0o711)  # whoever runs the sandbox may be another user
        outside = folder / "outside"
        facts = stack.enter_context(_planted(outside))
        base = _base(folder / "base")
        facts |= {
            "base": str(base.directory),
            "boxes": str(scratch or folder / "boxes"),
            "supervisor": str(os.getpid()),
        }
        spec = SandboxSpec(folder / "repository", also_shown, LIMITS, require=mode)
        host = open_host(scratch or folder / "boxes", mode)
        try:
            sandbox, python = await _first_that_runs(host, spec, base)
            told = await sandbox.exec(("sh", "-c", "echo ${TMPDIR:-/tmp}"))
            facts |= {
                "tree": str(sandbox.root),
                "tmp": told.stdout.decode().strip(),
                "library": await asyncio.to_thread(_library, python),
            }
            yield Arena(host, mode, sandbox.spec, base, sandbox, outside, python, facts)
        finally:
            await host.close()


async def _first_that_runs(
    host: SandboxHost, spec: SandboxSpec, base: BaseRef
) -> tuple[Sandbox, Path]:
    """A sandbox, and the interpreter that it shows: ours, or the system's where ours lies in a home
    that is closed to the user who runs the sandbox.
    """
    system = shutil.which("python3", path=os.defpath)
    ours, *others = dict.fromkeys(Path(each) for each in (sys.executable, system) if each)
    try:
        return await _showing(host, spec, base, ours), ours
    except Lacking:
        if not others:
            raise
    return await _showing(host, spec, base, others[0]), others[0]


async def _showing(host: SandboxHost, spec: SandboxSpec, base: BaseRef, python: Path) -> Sandbox:
    paths = await asyncio.to_thread(interpreter_paths, python)
    sandbox = await host.create(replace(spec, readonly=(*paths, *spec.readonly)), base)
    if sandbox.mode != spec.require:
        raise Lacking(f"sandboxes here are of mode {sandbox.mode}, not {spec.require}")
    return sandbox


def _library(python: Path) -> str:
    """A file of its standard library."""
    argv = [str(python), "-I", "-S", "-c", "import os; print(os.__file__)"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


async def attempt_outside(orders: Sequence[Order], cwd: Path) -> list[Seen]:
    """As an ordinary process of who runs this."""
    return await asyncio.to_thread(_run, bundle.command(Path(sys.executable)), orders, cwd)


async def attempt_bare(orders: Sequence[Order], cwd: Path) -> list[Seen]:
    """In a throw-away user namespace, with all rights in it."""
    return await asyncio.to_thread(_run, bundle.bare_command(), orders, cwd)


def _run(argv: tuple[str, ...], orders: Sequence[Order], cwd: Path) -> list[Seen]:
    if not orders:
        return []
    done = subprocess.run(
        argv, input=bundle.text(orders), capture_output=True, cwd=cwd, check=False, timeout=120
    )
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return bundle.answers(done.stdout, len(orders), said[-1] if said else "it ended")


def _base(folder: Path) -> BaseRef:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return BaseRef(folder, _TREE)


@contextmanager
def _planted(outside: Path) -> Iterator[dict[str, str]]:
    for name in _PLANTED:
        path = outside / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SECRET)
    token = f"token-{secrets.token_hex(8)}"
    with ExitStack() as stack:
        decoy = stack.enter_context(_decoy(token))
        facts = {
            "outside": str(outside),
            "secret": str(outside / "home" / _PLANTED[0]),
            "token": token,
            "pid": str(decoy.pid),
            "port": str(stack.enter_context(_listening()).getsockname()[1]),
            "abstract": token,
            "socket": str(outside / "socket"),
            "home": str(Path.home()),
            "agent": os.environ.get("SSH_AUTH_SOCK", ""),
            "bus": os.environ.get("DBUS_SESSION_BUS_ADDRESS", "").partition("path=")[2],
            "key": str(stack.enter_context(_shared_memory())),
            "proof": str(outside / "proof"),
            "queue": stack.enter_context(_queue(token)),
        }
        stack.enter_context(_listening_at("\0" + token))
        stack.enter_context(_listening_at(facts["socket"]))
        yield facts


@contextmanager
def _decoy(token: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the user's that knows something."""
    argv = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)", f"argument-{token}"]
    with subprocess.Popen(argv, env={"SWARM_TOKEN": token}) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def _listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@contextmanager
def _listening_at(address: str) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        yield


@contextmanager
def _shared_memory() -> Iterator[int]:
    """A segment that everybody may use, by its key."""
    libc = ctypes.CDLL(None, use_errno=True)
    key = secrets.randbelow(1 << 30) + 1
    segment = libc.shmget(key, ctypes.c_size_t(4096), _IPC_CREAT | 0o666)
    try:
        yield key
    finally:
        libc.shmctl(segment, 0, None)


@contextmanager
def _queue(token: str) -> Iterator[str]:
    """A message queue that everybody may read, by its name."""
    libc = ctypes.CDLL(None, use_errno=True)
    name = f"/{token}"
    fd = libc.mq_open(name.encode(), os.O_RDONLY | os.O_CREAT, 0o644, None)
    try:
        yield name
    finally:
        if fd >= 0:
            os.close(fd)
            libc.mq_unlink(name.encode())
