"""What a sandbox is to everybody else: a copy-on-write world that one works in, and its host.

A sandbox shows a base tree at the absolute path of the user's repository, so that virtual
environments, editable installs and scripts that name that path resolve to the sandbox's files.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from swarm.domain.changes import Changes

SandboxMode = Literal["namespaces", "unsafe-worktree"]
KilledBy = Literal["", "time", "memory", "output", "processes", "signal"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of everything that runs in a sandbox. Seconds, bytes, counts."""

    wall_seconds: float = 600.0
    """For one command."""

    cpu_seconds: int = 600
    """For one process."""

    memory_bytes: int = 2 << 30
    """Address space of one process."""

    processes: int = 256
    file_bytes: int = 1 << 30
    tmp_bytes: int = 512 << 20
    output_bytes: int = 1 << 20
    """Kept of each of standard output and error: the first and the last halves."""

    def recorded(self) -> dict[str, int]:
        """As evidence records them."""
        return {
            "cpu_seconds": self.cpu_seconds,
            "file_bytes": self.file_bytes,
            "memory_bytes": self.memory_bytes,
            "processes": self.processes,
            "wall_ms": int(self.wall_seconds * 1000),
        }


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    mount_point: Path
    """Where the tree appears inside: the user's repository path."""

    readonly: tuple[Path, ...] = ()
    """Host paths shown read-only at their own place: interpreters, virtual environments."""

    limits: Limits = field(default_factory=Limits)
    require: SandboxMode = "namespaces"
    """Refused with `Lacking` where the machine cannot; never silently weaker."""


@dataclass(frozen=True, slots=True)
class BaseRef:
    """A directory with the files of one tree, which nobody changes, and the tree's hash."""

    directory: Path
    tree: str


@dataclass(frozen=True, slots=True)
class ExecResult:
    returncode: int
    """Negative: minus the signal's number."""

    stdout: bytes
    stderr: bytes
    killed_by: KilledBy
    truncated: bool
    seconds: float
    cpu_seconds: float


class Process(Protocol):
    """A command that goes on running: its pipes, as the caller sees them."""

    @property
    def pid(self) -> int: ...
    async def read(self, most: int = 65536) -> bytes:
        """Next bytes of standard output; empty at its end."""
        ...

    async def write(self, data: bytes) -> None: ...
    async def wait(self) -> int: ...
    async def kill(self) -> None: ...


class Sandbox(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def mode(self) -> SandboxMode: ...
    @property
    def spec(self) -> SandboxSpec: ...
    @property
    def root(self) -> Path:
        """Where the tree really is for commands inside: `spec.mount_point`, or the copy of it
        that an unsafe worktree is. Relative paths and the default `cwd` mean this directory.
        """
        ...

    async def exec(
        self,
        argv: tuple[str, ...],
        *,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        stdin: bytes = b"",
        wall_seconds: float | None = None,
    ) -> ExecResult:
        """Run to the end. `cwd` defaults to the mount point; `env` is added to a minimal one.

        When the command has ended or was killed, nothing that it started keeps running.
        """
        ...

    async def spawn(
        self, argv: tuple[str, ...], *, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> Process: ...

    async def read(self, path: Path, most: int = 64 << 20) -> bytes:
        """A regular file's bytes. Raises Rejected when there is none, or it is larger."""
        ...

    async def write(self, path: Path, data: bytes, *, executable: bool = False) -> None:
        """Below the mount point or /tmp; parents are made. Never through a symbolic link."""
        ...

    async def apply(self, changes: Changes) -> None:
        """Make the tree differ from its base by these changes too."""
        ...

    async def diff(self) -> Changes:
        """What differs from the base now, read without running anything of the sandbox's."""
        ...

    async def freeze(self) -> None:
        """Stop every process where it is, within a second."""
        ...

    async def thaw(self) -> None: ...
    async def destroy(self) -> None: ...


class SandboxHost(Protocol):
    async def create(self, spec: SandboxSpec, base: BaseRef) -> Sandbox: ...
    async def close(self) -> None:
        """Destroy every sandbox that is left."""
        ...
