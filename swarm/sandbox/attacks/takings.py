"""Attacks on whoever takes the work out of a sandbox: what is planted in the tree, and then read
from outside.
"""

import asyncio
import os
import shutil
import stat
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

from swarm.domain.changes import Changes, Written
from swarm.domain.errors import Rejected
from swarm.sandbox.attacks import arena as arenas
from swarm.sandbox.attacks import on_plants
from swarm.sandbox.attacks.arena import SECRET, Arena
from swarm.sandbox.attacks.bundle import Order, Program, Seen
from swarm.sandbox.attacks.definition import Attack, NoControl, Procedure
from swarm.sandbox.port import Sandbox

_HANG_SECONDS = 0.5
_DIFF_SECONDS = 20.0

Judge = Callable[[Arena, Sandbox, Changes], Awaitable[Seen]]


def _planted(program: Program, *arguments: str, judge: Judge) -> Callable[[Arena], Awaitable[Seen]]:
    """Have it planted in a fresh sandbox, take the differences, and judge."""

    async def run(arena: Arena) -> Seen:
        async with arena.another() as sandbox:
            (seen,) = await arena.attempt([Order(program, arguments)], sandbox)
            if seen.verdict != "through":
                return Seen("broken", f"it could not be planted: {seen.detail}")
            try:
                async with asyncio.timeout(_DIFF_SECONDS):
                    changes = await sandbox.diff()
            except TimeoutError:
                return Seen("through", "whoever looks at it hangs")
            return await judge(arena, sandbox, changes)

    return run


async def _plain(arena: Arena, program: Program, *arguments: str) -> Path:
    """The same, planted in a plain directory of the host."""
    folder = arena.outside / f"plain-{program.__name__}"
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    (folder / "d").mkdir(parents=True)
    await arenas.attempt_outside([arena.filled(Order(program, arguments))], folder)
    return folder


# 24: marks of the overlay


async def _marks_are_ignored(_arena: Arena, sandbox: Sandbox, changes: Changes) -> Seen:
    if changes.paths != (b"d/new",):
        return Seen("through", f"the differences are {changes.paths}")
    listed = await sandbox.exec(("ls", "d"))
    if listed.stdout != b"b\ne\nnew\n":
        return Seen("through", f"it shows {listed.stdout!r}")
    return Seen("refused", "nothing was hidden, nothing shown")


# 25: links


async def _links_are_not_followed(_arena: Arena, sandbox: Sandbox, changes: Changes) -> Seen:
    if any(isinstance(each, Written) and each.mode != "120000" for each in changes.items):
        return Seen("through", "a link came out as something else")
    if SECRET.encode() in repr(changes).encode():
        return Seen("through", "a secret came out")
    return Seen("refused", f"{len(changes.items)} links are only their targets")


async def _a_plain_reader_follows(arena: Arena) -> Seen:
    folder = await _plain(arena, on_plants.links, "{secret}")
    found = await asyncio.to_thread((folder / "evil0").read_text) == SECRET
    return Seen("through" if found else "refused")


# 26: what is no file


async def _specials_are_left_out(_arena: Arena, _sandbox: Sandbox, changes: Changes) -> Seen:
    size = sum(len(each.data) for each in changes.items if isinstance(each, Written))
    names = {path for path in changes.paths if not path.endswith(b"sparse")}
    if names or size > 64 << 20:
        return Seen("through", f"{len(changes.items)} came out, with {size} bytes")
    return Seen("refused", f"{len(changes.left_out)} left out and said")


async def _a_plain_reader_hangs(arena: Arena) -> Seen:
    folder = await _plain(arena, on_plants.specials)
    try:
        await asyncio.to_thread(
            subprocess.run,
            ["cat", "evil-fifo"],
            cwd=folder,
            timeout=_HANG_SECONDS,
            capture_output=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Seen("through", "it hangs")
    return Seen("refused", "it does not hang")


# 27: names


async def _names_come_out(_arena: Arena, _sandbox: Sandbox, changes: Changes) -> Seen:
    if set(changes.paths) != set(on_plants.NAMES):
        return Seen("through", f"{len(changes.items)} of {len(on_plants.NAMES)} came out")
    return Seen("refused", "every name is what it was")


async def _lines_break(arena: Arena) -> Seen:
    folder = await _plain(arena, on_plants.names)
    listed = await asyncio.to_thread(
        subprocess.run, ["ls"], cwd=folder, capture_output=True, check=True
    )
    told = set(listed.stdout.splitlines())
    return Seen("refused" if set(on_plants.NAMES) <= told else "through")


async def _bad_names_are_refused(arena: Arena) -> Seen:
    """Ways out of the tree, in changes that come from elsewhere."""
    bad = (b"../x", b"/x", b"a/../../x", b".git/config", b"d/.git/config", b"a//b", b"", b"a\0b")
    async with arena.another() as sandbox:
        taken = [path for path in bad if await _takes(sandbox, path)]
        changed = (await sandbox.diff()).paths
    if taken or changed:
        return Seen("through", f"taken: {[*taken, *changed]}")
    return Seen("refused", f"{len(bad)} refused")


async def _takes(sandbox: Sandbox, path: bytes) -> bool:
    try:
        await sandbox.apply(Changes((Written(path, "100644", b"x"),)))
    except (Rejected, ValueError):
        return False
    return True


# 28: a planted repository


async def _nothing_ran(arena: Arena, _sandbox: Sandbox, changes: Changes) -> Seen:
    proof = Path(arena.facts["proof"])
    if await asyncio.to_thread(proof.exists):
        return Seen("through", "a planted program ran outside")
    inside = [path for path in changes.paths if b".git" in path.split(b"/")]
    if inside:
        return Seen("through", f"{inside} came out")
    return Seen("refused", "left out, and nothing ran")


async def _git_runs_it(arena: Arena) -> Seen:
    proof = arena.outside / "proof-of-control"
    folder = await _plain(arena, on_plants.repository, str(proof))
    await asyncio.to_thread(
        subprocess.run,
        ["git", "-c", f"safe.directory={folder}", "status"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return Seen("through" if await asyncio.to_thread(proof.exists) else "refused", "git status")


# 29: setuid


async def _is_out_of_reach(arena: Arena, _sandbox: Sandbox, changes: Changes) -> Seen:
    """Nobody else can start it, and it does not come out as what it is."""
    if any(isinstance(each, Written) and each.mode != "100755" for each in changes.items):
        return Seen("through", "it came out with more rights")
    found = await asyncio.to_thread(_reachable_setuid, Path(arena.facts["boxes"]))
    if found:
        return Seen("through", f"others can start {found[0].name}")
    return Seen("refused", "nobody else can reach it")


async def _a_plain_one_is_reachable(arena: Arena) -> Seen:
    folder = await _plain(arena, on_plants.setuid)
    return Seen("through" if _reachable_setuid(folder) else "refused")


def _reachable_setuid(top: Path) -> list[Path]:
    """Programs with rights of their own in directories that others may enter, from there on."""
    found = []
    for directory, names, files in os.walk(top):
        here = Path(directory)
        names[:] = [each for each in names if _others_may_enter(here / each)]
        for each in files:
            status = (here / each).lstat()
            if stat.S_ISREG(status.st_mode) and status.st_mode & (stat.S_ISUID | stat.S_ISGID):
                found.append(here / each)
    return found


def _others_may_enter(directory: Path) -> bool:
    status = directory.lstat()
    return stat.S_ISDIR(status.st_mode) and bool(status.st_mode & stat.S_IXOTH)


ALL = (
    Attack(
        24,
        "forge the overlay's own marks",
        "A forged mark shows a directory of the host in the next fork, or hides what was changed.",
        (
            Procedure(
                "mark a directory as opaque, removed, and to be found in /etc",
                _planted(on_plants.marks, "d", judge=_marks_are_ignored),
                NoControl("only the kernel reads such marks"),
            ),
        ),
    ),
    Attack(
        25,
        "leave a link to a secret in the tree",
        "Whoever follows it from outside puts the secret into the diff.",
        (
            Procedure(
                "link to files and directories of the host",
                _planted(
                    on_plants.links,
                    "{secret}",
                    "{outside}/home",
                    "/etc/shadow",
                    "/proc/self/environ",
                    judge=_links_are_not_followed,
                ),
                _a_plain_reader_follows,
            ),
        ),
    ),
    Attack(
        26,
        "leave what is no ordinary file",
        "A FIFO makes whoever reads it wait for ever; a terabyte of nothing fills a memory.",
        (
            Procedure(
                "leave a FIFO, a socket and a sparse file",
                _planted(on_plants.specials, judge=_specials_are_left_out),
                _a_plain_reader_hangs,
            ),
        ),
    ),
    Attack(
        27,
        "leave names that are read as something else",
        "A name with a line break is two names in a list; one with ../ leads out of the tree.",
        (
            Procedure(
                "make files with such names",
                _planted(on_plants.names, judge=_names_come_out),
                _lines_break,
            ),
            Procedure(
                "apply changes that lead out of the tree",
                _bad_names_are_refused,
                NoControl("where it is taken it would write outside"),
            ),
        ),
    ),
    Attack(
        28,
        "leave a repository that makes git run programs",
        "The next git status outside runs the attacker's program as the user.",
        (
            Procedure(
                "plant settings, hooks, filters and submodules",
                _planted(on_plants.repository, "{proof}", judge=_nothing_ran),
                _git_runs_it,
            ),
        ),
    ),
    Attack(
        29,
        "leave a setuid program behind",
        "Another user of the machine starts it, and has the rights of whoever runs swarm.",
        (
            Procedure(
                "make one in the tree",
                _planted(on_plants.setuid, judge=_is_out_of_reach),
                _a_plain_one_is_reachable,
            ),
        ),
    ),
)
