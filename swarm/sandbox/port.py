"""What a sandbox is to everybody else: a copy-on-write world that one works in, and its host.

A sandbox shows a base tree at the absolute path of the user's repository, so that virtual
environments, editable installs and scripts that name that path resolve to the sandbox's files.
"""

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from swarm.domain.changes import Changes
from swarm.domain.frozen import Frozen

SandboxMode = Literal["idmapped", "namespaces", "shared-proc", "landlock", "unsafe-worktree"]
"""How much wall there is, the strongest first."""

SandboxWish = Literal[
    "auto", "isolated", "idmapped", "namespaces", "shared-proc", "landlock", "unsafe-worktree"
]
"""A mode, or `auto`: the strongest that this machine can make behind walls; or `isolated`: the
strongest with everything of its own, or none.
"""

KilledBy = Literal["", "time", "cpu", "memory", "output", "processes", "disk", "inodes", "signal"]
"""The limit that ended a command, or a signal of any other origin."""

Profile = Literal["files-only", "exec", "exec+model", "exec+provider"]
"""What a role may do in its sandbox. `files-only`: nothing can be executed at all."""


@dataclass(frozen=True, slots=True)
class Guarantees:
    """What a sandbox holds on this machine: each is a wall that stands, or does not."""

    own_files: bool = False
    """Nothing written inside changes a file outside."""

    hides_host_files: bool = False
    """Files of the host that were not asked for cannot be read."""

    own_network: bool = False
    own_processes: bool = False
    """Processes outside can be neither seen nor signalled."""

    own_proc: bool = False
    copy_on_write: bool = False
    """Making, checkpointing and forking do not cost time that grows with the tree."""

    total_memory: bool = False
    """The bound on memory holds for all processes together, by the kernel."""

    disk_bound: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """What can be reached from inside besides the sandbox itself: nothing, or these through a
    proxy of the supervisor's.
    """

    allowed: tuple[tuple[str, int], ...] = ()
    """Host names and ports."""


CLOSED = Network()


@dataclass(frozen=True, slots=True)
class Layer:
    """A sealed directory shown copy-on-write at a path of its own: an environment, a service's
    data. What is written there goes to the sandbox, and is part of every checkpoint.
    """

    at: Path
    directory: Path
    """On the host. Nobody changes it as long as anything that was made over it is to be used."""


class CheckpointRef(Frozen):
    """Names the content of a sandbox at one moment: its tree and all its layers.

    The content lives on disk, outlives sandbox, host and supervisor, and is kept until `discard`.
    """

    id: str
    label: str
    mode: SandboxMode
    hot: bool = False
    """Taken while processes were running, all of them frozen."""


SPARSELY = 64
"""For `Limits.reserved`: runtimes of JavaScript reserve tens of gigabytes of addresses, and use few of them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of everything that runs in a sandbox. Seconds, bytes, counts."""

    wall_seconds: float = 600.0
    """For one command."""

    cpu_seconds: int = 600
    """For one process."""

    cpus: float = 0.0
    """Processors' worth of time that all processes together get; 0: as much as there is. Needs a
    control group of our own, and is nothing without.
    """

    memory_bytes: int = 2 << 30
    """Of all processes together."""

    reserved: int = 2
    """So many times that each may reserve: what is not used is no harm, and much of it never is."""

    processes: int = 256
    """Threads count too."""

    file_bytes: int = 1 << 30
    disk_bytes: int = 4 << 30
    """Of what was written to the tree and the layers, all together."""

    inodes: int = 200_000
    tmp_bytes: int = 512 << 20
    output_bytes: int = 1 << 20
    """Kept of each of standard output and error: the first and the last halves."""

    def recorded(self) -> dict[str, int]:
        """As evidence records them."""
        share = {"cpu_percent": int(self.cpus * 100)} if self.cpus else {}
        return share | {
            "cpu_seconds": self.cpu_seconds,
            "disk_bytes": self.disk_bytes,
            "file_bytes": self.file_bytes,
            "inodes": self.inodes,
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

    layers: tuple[Layer, ...] = ()
    network: Network = CLOSED
    profile: Profile = "exec"


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
    mode: SandboxMode = "unsafe-worktree"
    """Of the sandbox that it ran in. Nothing better is believed of what does not say it."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Something inside wanted to reach the network, and was refused. All text is an enemy's."""

    host: str
    """A name that was asked for or that a proxy was asked to reach, else an address."""

    port: int
    """53: the name was asked for, and nothing could follow."""

    command: str = ""
    """What was running, as its caller named it; empty where that is not known."""

    why: str = ""
    count: int = 1


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
    def guarantees(self) -> Guarantees: ...
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
        """Stop every process where it is: within a second, where they get a processor."""
        ...

    async def thaw(self) -> None: ...
    async def listen(self, port: int) -> socket.socket:
        """A socket that listens on 127.0.0.1 inside, for us who are outside to accept on."""
        ...

    async def blocked(self) -> tuple[Blocked, ...]:
        """Attempts to reach the network so far that were refused: the first few dozen kinds."""
        ...

    async def checkpoint(self, label: str, *, hot: bool | None = None) -> CheckpointRef:
        """Keep what the tree and all layers hold now, until it is discarded.

        Hot: everything that runs stands still meanwhile and then goes on. All files are kept as they
        were at one moment: what was written before it, forced to disk or not, and nothing that was
        written after; each call that writes wholly or not at all. A program's own buffers are not in
        it. Cold: nothing may run (Rejected); costs the same however much was written. By default whichever is possible, and
        sooner done where little was written. Who runs or writes something right after a cold one may
        wait some milliseconds.
        Not kept: /tmp and what else lies outside of tree and layers, processes, sockets.
        """
        ...

    async def rollback(self, to: CheckpointRef) -> None:
        """End everything that runs, and hold what the checkpoint holds. /tmp is empty then."""
        ...

    async def fork(self, count: int, at: CheckpointRef | None = None) -> "tuple[Sandbox, ...]":
        """More sandboxes that hold the same, or what a checkpoint of this sandbox's base holds."""
        ...

    async def destroy(self) -> None: ...


class SandboxHost(Protocol):
    async def create(self, spec: SandboxSpec, base: BaseRef) -> Sandbox: ...
    async def prepare(self, spec: SandboxSpec, base: BaseRef, count: int = 1) -> None:
        """Have so many ready for who will `create` exactly these, while there is nothing else to do.
        They cost some memory until then. At most a few are kept: those that were made ready first
        are ended for new ones, and `close` ends what nobody wanted.
        """
        ...

    async def restore(self, at: CheckpointRef, spec: SandboxSpec, base: BaseRef) -> Sandbox:
        """A new sandbox that holds what the checkpoint holds, whoever took it, dead or alive.

        `base` and `spec.layers` are those it was taken over. Raises Rejected for others, and when
        there is no such checkpoint.
        """
        ...

    async def checkpoints(self) -> tuple[CheckpointRef, ...]:
        """All that are kept below the host's scratch directory, by id."""
        ...

    async def discard(self, at: CheckpointRef) -> None:
        """Keep it no longer. What others share with it, and what runs over it, is not harmed."""
        ...

    async def export(self, at: CheckpointRef, file: Path) -> None:
        """Write it to one new file, without its base."""
        ...

    async def load(self, file: Path) -> CheckpointRef:
        """Keep what an exported file holds. The file may come from an enemy: Rejected then."""
        ...

    async def close(self) -> None:
        """Destroy every sandbox that is left."""
        ...
