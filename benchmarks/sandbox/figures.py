"""What is measured, each on real sandboxes."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.sandbox import goals, worlds
from benchmarks.sandbox.stopwatch import Stopwatch
from benchmarks.sandbox.worlds import World
from benchmarks.services import MUTATE, POSTGRES, SEED
from swarm.domain.errors import SwarmError
from swarm.sandbox.public_api import BaseRef, Sandbox, SandboxHost, SandboxSpec
from swarm.services.public_api import Services

TREE = "0" * 40
DEPTHS = (1, 10, 25, 50)
STEP = "for i in 0 1 2 3 4 5; do echo $0 >> d$i/file$((i * 50)).py; done; rm -f d7/file$((350 + $0)).py"
TOGETHER = 20
_FIRST, _LATER = 5, 15
"""Commands of a sandbox: the first ones meet memory that the server shares with who it was forked from, which is
copied page by page as it is written.
"""

_SETTLED_SECONDS = 0.5
"""By then the host has its half-made sandbox ready again."""


class Bench:
    def __init__(self, host: SandboxHost, folder: Path, watch: Stopwatch) -> None:
        self._host, self._folder, self._watch = host, folder, watch
        self._spec = SandboxSpec(folder / "repository")

    async def life(self, world: World) -> None:
        """One round of what every sandbox goes through. The floor is taken as often as what comes nearest to it,
        and beside it: both then meet the same caches.
        """
        host, take, spec = self._host, self._watch.take, self._spec
        base = BaseRef(world.base, TREE)
        self._watch.take_plain(goals.FLOOR, _spawn_true)
        if shutil.which("bwrap"):
            self._watch.take_plain(goals.BWRAP, _bubblewrap)
        box = await take("create", lambda: host.create(spec, base))
        await host.prepare(spec, base)
        ready = await take("create, prepared", lambda: host.create(spec, base))
        for number in range(_FIRST + _LATER):
            self._watch.take_plain(goals.FLOOR, _spawn_true)
            name = goals.FIRST if number < _FIRST else "exec true"
            await take(name, lambda: box.exec(("true",)))
        await _step(box, 0)
        kept = await take("checkpoint after a step", lambda: box.checkpoint("step"))
        await _step(box, 1)
        await box.spawn(("sleep", "1000"))
        await take("exec true, beside another", lambda: box.exec(("true",)))
        hot = "hot checkpoint, idle service"
        await take(hot, lambda: box.checkpoint("hot", hot=True))
        await take("rollback", lambda: box.rollback(kept))
        forks = await take("fork 10", lambda: box.fork(10, kept))
        for each in (*forks, ready, box):
            await take("destroy", each.destroy)

    async def depths(self, world: World) -> None:
        """A cold checkpoint after each of many steps, however little was done."""
        box = await self._host.create(self._spec, BaseRef(world.base, TREE))
        for depth in range(1, DEPTHS[-1] + 1):
            await _step(box, depth)
            name = f"cold checkpoint, depth {depth}"
            began = time.perf_counter()
            await box.checkpoint(str(depth), hot=False)
            took = time.perf_counter() - began
            await box.exec(("true",))
            if depth in DEPTHS:
                self._watch.note(name, took)
                self._watch.note(goals.AT_ONCE, time.perf_counter() - began)
        await box.destroy()

    async def differences(self, world: World) -> None:
        box = await self._host.create(self._spec, BaseRef(world.base, TREE))
        await box.exec(
            ("sh", "-c", "for i in $(seq 0 19); do echo x >> d$i/file$((i * 50)).py; done")
        )
        await self._watch.take(f"diff of 20 paths, {world.files:,} files", box.diff)
        await box.destroy()

    def git(self, world: World, rounds: int) -> None:
        place = self._folder / "worktree"
        for number in range(rounds):
            name = goals.WORKTREE.format(files=world.files)
            self._watch.take_plain(name, lambda: worlds.add_worktree(world, place))
            worlds.change(place, number)
            name = goals.COMMIT.format(files=world.files)
            self._watch.take_plain(name, lambda: worlds.commit(place))
            worlds.remove_worktree(world, place)

    async def memory(self, world: World) -> None:
        """Of each besides what a host has ready in any case: a sandbox that is half made."""
        await asyncio.sleep(_SETTLED_SECONDS)
        none = _pss()
        boxes = [await self._host.create(self._spec, BaseRef(world.base, TREE)) for _ in range(10)]
        for each in boxes:
            await each.exec(("true",))
        await asyncio.sleep(_SETTLED_SECONDS)
        self._watch.note("PSS of a host without sandboxes, MiB", none / (1 << 20))
        self._watch.note("PSS of an idle sandbox, MiB", (_pss() - none) / len(boxes) / (1 << 20))
        for each in boxes:
            await each.destroy()

    async def together(self, megabytes: int) -> str:
        """Many of a large repository at once, each of which changes a little."""
        base = BaseRef(worlds.heavy(self._folder, megabytes), TREE)
        began = time.perf_counter()
        boxes = [await self._host.create(self._spec, base) for _ in range(TOGETHER)]
        for each in boxes:
            await each.exec(("sh", "-c", "echo x > d0/file0; grep -q x d1/file10"))
        seconds = time.perf_counter() - began
        disk, memory = _disk(self._folder / "scratch"), _pss()
        for each in boxes:
            await each.destroy()
        return (
            f"{disk / (1 << 20):.1f} MiB of disk, {memory / (1 << 20):.0f} MiB PSS, {seconds:.2f} s"
        )

    async def postgres(self, rounds: int) -> str:
        """Roll back a sandbox with a database until it answers again. Returns why it could not be."""
        base = self._folder / "seeded"
        base.mkdir()
        (base / "seed.sql").write_text(SEED)
        try:
            services = Services(self._host, self._folder / "sealed")
            ref = BaseRef(base, TREE)
            ready = await services.prepare((POSTGRES,), Path(sys.executable), self._spec, ref)
            served = await ready.begin(await self._host.create(ready.shown_in(self._spec), ref))
        except SwarmError as error:
            return str(error)
        kept = await served.checkpoint("kept", hot=True)
        for _ in range(rounds):
            await served.exec(("/bin/sh", "-c", '"$PSQL" -X -qAtc "$0"', MUTATE))
            back = "rollback and restart of PostgreSQL"
            await self._watch.take(back, lambda: served.rollback(kept))
        await served.destroy()
        return ""


async def _step(box: Sandbox, number: int) -> None:
    await box.exec(("sh", "-c", STEP, str(number)))


def _spawn_true() -> None:
    os.waitpid(os.posix_spawnp("true", ["true"], {}), 0)


def _bubblewrap() -> None:
    subprocess.run(["bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"], check=True)


def _pss() -> int:
    """Bytes of all processes that sandboxes consist of: what our zygote has forked."""
    zygotes = _children(os.getpid())
    servers = {pid for each in zygotes for pid in _children(each)}
    return sum(map(_pss_of, servers))


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(word) for each in tasks for word in (each / "children").read_text().split()]


def _pss_of(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def _disk(folder: Path) -> int:
    done = subprocess.run(
        ["du", "-sk", "--apparent-size", str(folder)], capture_output=True, check=True
    )
    return int(done.stdout.split()[0]) << 10
