"""Sandboxes for tests: real ones in one line, and one made of a table.

`a_sandbox` gives a real sandbox over files written in the test. `TableSandbox` runs nothing: its
commands are looked up, its files are in memory; it passes the same tests of reading, writing and
differences as the real ones.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from swarm.domain.changes import Change, Changes, Removed, Written
from swarm.domain.errors import Rejected
from swarm.sandbox.public_api import (
    CLOSED,
    BaseRef,
    Blocked,
    ExecResult,
    Limits,
    Network,
    Process,
    Profile,
    Sandbox,
    SandboxMode,
    SandboxSpec,
    open_host,
)

A_TREE = "0" * 40


def a_base(folder: Path, files: Mapping[str, str | bytes]) -> BaseRef:
    """A base directory with these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return BaseRef(folder, A_TREE)


@asynccontextmanager
async def a_sandbox(
    folder: Path,
    files: Mapping[str, str | bytes] | None = None,
    *,
    mode: SandboxMode = "unsafe-worktree",
    mount_point: Path | None = None,
    readonly: tuple[Path, ...] = (),
    limits: Limits | None = None,
    network: Network = CLOSED,
    profile: Profile = "exec",
) -> AsyncIterator[Sandbox]:
    """A real sandbox over those files; gone at the end, with everything that ran in it."""
    base = a_base(folder / "base", {} if files is None else files)
    place = folder / "repository" if mount_point is None else mount_point
    spec = SandboxSpec(
        place, readonly, limits or Limits(), require=mode, network=network, profile=profile
    )
    host = open_host(folder / "scratch", mode)
    try:
        yield await host.create(spec, base)
    finally:
        await host.close()


def a_result(
    stdout: str | bytes = b"", returncode: int = 0, stderr: str | bytes = b""
) -> ExecResult:
    return ExecResult(
        returncode=returncode,
        stdout=stdout if isinstance(stdout, bytes) else stdout.encode(),
        stderr=stderr if isinstance(stderr, bytes) else stderr.encode(),
        killed_by="",
        truncated=False,
        seconds=0.01,
        cpu_seconds=0.01,
    )


Table = Callable[[tuple[str, ...]], ExecResult]


def nothing_runs(argv: tuple[str, ...]) -> ExecResult:
    return a_result(returncode=127, stderr=f"{argv[0]}: not in the table\n")


@dataclass(slots=True)
class TableSandbox:
    """Implements `Sandbox` in memory. Commands are answered by the table and change nothing."""

    base: dict[bytes, Written] = field(default_factory=dict)
    table: Table = nothing_runs
    id: str = "table-1"
    mode: SandboxMode = "unsafe-worktree"
    spec: SandboxSpec = SandboxSpec(Path("/repository"), require="unsafe-worktree")  # noqa: RUF009
    commands: list[tuple[str, ...]] = field(default_factory=list)
    """What was asked for so far."""

    files: dict[bytes, Written] = field(init=False)
    outside: dict[Path, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.files = dict(self.base)

    @property
    def root(self) -> Path:
        return self.spec.mount_point

    async def exec(
        self,
        argv: tuple[str, ...],
        *,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        stdin: bytes = b"",
        wall_seconds: float | None = None,
    ) -> ExecResult:
        self.commands.append(argv)
        return self.table(argv)

    async def spawn(
        self, argv: tuple[str, ...], *, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> Process:
        raise Rejected("a table cannot go on running")

    async def read(self, path: Path, most: int = 64 << 20) -> bytes:
        name = self._name(path)
        if isinstance(name, Path):
            data = self.outside.get(name)
        else:
            found = self.files.get(name)
            data = None if found is None or found.mode == "120000" else found.data
        if data is None or len(data) > most:
            raise Rejected(f"cannot read {path}")
        return data

    async def write(self, path: Path, data: bytes, *, executable: bool = False) -> None:
        name = self._name(path)
        if isinstance(name, Path):
            self.outside[name] = data
        else:
            self._put(Written(name, "100755" if executable else "100644", data))

    async def apply(self, changes: Changes) -> None:
        for item in changes.items:
            _check(item.path)
        for item in changes.items:
            if isinstance(item, Removed):
                self.files.pop(item.path, None)
        for item in changes.items:
            if isinstance(item, Written):
                self._put(item)

    async def diff(self) -> Changes:
        removed = (Removed(path) for path in self.base.keys() - self.files.keys())
        written = (
            replace(each, replaces=path in self.base)
            for path, each in self.files.items()
            if self.base.get(path) != each
        )
        items: list[Change] = [*removed, *written]
        return Changes(tuple(sorted(items, key=lambda each: each.path)))

    async def blocked(self) -> tuple[Blocked, ...]:
        return ()

    async def freeze(self) -> None: ...
    async def thaw(self) -> None: ...
    async def destroy(self) -> None: ...

    def _put(self, new: Written) -> None:
        parents = [new.path[:at] for at, byte in enumerate(new.path) if byte == ord("/")]
        if any(parent in self.files for parent in parents):
            raise Rejected(f"{new.path!r} lies below a file")
        if any(path.startswith(new.path + b"/") for path in self.files):
            raise Rejected(f"{new.path!r} is a directory")
        self.files[new.path] = new

    def _name(self, path: Path) -> bytes | Path:
        """Relative to the root, or as it is when it is below /tmp."""
        absolute = self.root / path
        if absolute.is_relative_to(self.root):
            name = bytes(absolute.relative_to(self.root))
            _check(name)
            return name
        if absolute.is_relative_to("/tmp"):  # noqa: S108
            return absolute
        raise Rejected(f"{path} is neither below {self.root} nor below /tmp")


def _check(path: bytes) -> None:
    names = path.split(b"/")
    if any(name in (b"", b".", b"..", b".git") for name in names):
        raise Rejected(f"{path!r} is not a path in the tree")
