"""Attacks on memory, disk, processors and patience, each bounded by itself should the limit fail."""

import time
from dataclasses import replace

from swarm.sandbox.attacks import on_processes, on_room
from swarm.sandbox.attacks.arena import LIMITS, Arena
from swarm.sandbox.attacks.bundle import Order, Program, Seen
from swarm.sandbox.attacks.definition import Attack, Expectations, Expected, NoControl, Procedure
from swarm.sandbox.attacks.walls import allowed_without_walls
from swarm.sandbox.port import Limits

_MIB = 1 << 20
_SHARED = "/dev/shm/big"  # noqa: S108
_ROOMY = replace(LIMITS, memory_bytes=400 * _MIB)
_TIGHT = replace(LIMITS, memory_bytes=160 * _MIB)
_SMALL_DISK = replace(LIMITS, disk_bytes=24 * _MIB, inodes=2000, file_bytes=64 * _MIB)
_LONG_SECONDS = 50.0
"""Who takes longer to end was waited for; a busy machine may take some of them by itself."""

_WITHIN = "where less is taken"
_UNBOUNDED = allowed_without_walls("its processes and files are the user's own")

_NO_SHARED: Expectations = {
    **_UNBOUNDED,
    "landlock": Expected("not applicable", "there is none that has a name"),
}
_PART_OF_DISK: Expectations = {
    **_UNBOUNDED,
    "landlock": Expected("not applicable", "it counts as a part of the tree, see below"),
}
_OUTLIVES = Expected("allowed", "what forks faster than it is looked for can outlive its command")
_OUTRUN: Expectations = {**_UNBOUNDED, "shared-proc": _OUTLIVES, "landlock": _OUTLIVES}


class _Run:
    """A program under limits; whatever ends it early is the limit that held."""

    def __init__(self, limits: Limits, program: Program, *arguments: str) -> None:
        self._limits = limits
        self._order = Order(program, arguments)

    async def __call__(self, arena: Arena) -> Seen:
        async with arena.another(self._limits) as sandbox:
            result = await arena.execute([self._order], sandbox)
            (seen,) = arena.answers(result, 1)
            if (await sandbox.exec(("echo", "alive"))).stdout != b"alive\n":
                return Seen("through", "the sandbox does not answer any more")
        if result.killed_by:
            return Seen("refused", f"killed by the limit on {result.killed_by}")
        return seen


async def _bomb(arena: Arena) -> Seen:
    """Children that fork faster than anybody can look; nothing is left, and the sandbox answers."""
    async with arena.another() as sandbox:
        await sandbox.exec(("sh", "-c", "f() { f & f & wait; }; f"), wall_seconds=1.0)
        (seen,) = await arena.attempt([Order(on_processes.see_processes)], sandbox)
    return Seen("through", "some are left") if seen.verdict == "through" else seen


async def _remove_when_full(arena: Arena) -> Seen:
    """After the disk was filled, files can be removed and the work goes on."""
    async with arena.another(_SMALL_DISK) as sandbox:
        await arena.execute([Order(on_room.fill_files, ("full", "60", "1024"))], sandbox)
        result = await sandbox.exec(("sh", "-c", "rm -rf full a && echo x > small && cat small"))
        if result.stdout != b"x\n":
            return Seen("through", f"nothing can be removed: {result.stderr[-200:]!r}")
        changed = (await sandbox.diff()).paths
    if changed != (b"a", b"small"):
        return Seen("through", f"the differences are {changed}")
    return Seen("refused", "there is room again")


async def _daemon(arena: Arena) -> Seen:
    """Started by a command that has ended: in a session of its own, deaf to what can be ignored."""
    script = (
        "(setsid sh -c 'trap \"\" TERM INT HUP; sleep 1237 & while :; do sleep 1237; done'"
        " >/dev/null 2>&1 &); echo started"
    )
    async with arena.another() as sandbox:
        started = await sandbox.exec(("sh", "-c", script))
        order = Order(on_processes.a_command_line_holds, ("1237",))
        (seen,) = await arena.attempt([order], sandbox)
    if started.stdout != b"started\n":
        return Seen("broken", "it was not started")
    return seen


async def _daemon_of_a_running_command(arena: Arena) -> Seen:
    """The control: as long as the command runs, so does what it started."""
    async with arena.another() as sandbox:
        process = await sandbox.spawn(("sh", "-c", "sleep 1237 & echo; wait", "1237"))
        await process.read()
        order = Order(on_processes.a_command_line_holds, ("1237",))
        (seen,) = await arena.attempt([order], sandbox)
    return seen


async def _stop_itself(arena: Arena) -> Seen:
    """A command that stands still, so that it cannot notice that it is to end."""
    async with arena.another() as sandbox:
        began = time.monotonic()
        result = await sandbox.exec(("sh", "-c", "sleep 99 & kill -STOP $$"), wall_seconds=0.5)
        took = time.monotonic() - began
    if result.killed_by != "time" or took > _LONG_SECONDS:
        return Seen("through", f"it took {took:.1f} seconds and ended by {result.killed_by!r}")
    return Seen("refused", "killed by the limit on time")


async def _hold_the_pipe(arena: Arena) -> Seen:
    """A child keeps the output open after the command's end; nobody waits for it."""
    async with arena.another() as sandbox:
        began = time.monotonic()
        await sandbox.exec(("sh", "-c", "setsid sleep 1238 & exit 0"), wall_seconds=90)
        took = time.monotonic() - began
    return Seen("refused" if took < _LONG_SECONDS else "through", f"it took {took:.1f} seconds")


async def _spin(arena: Arena) -> Seen:
    """Four processes that only count, until the clock ends them."""
    async with arena.another() as sandbox:
        result = await arena.execute([Order(on_room.spin, ("4", "15"))], sandbox, seconds=1.0)
        return await _ended_by(result.killed_by, result.seconds, ("time", "cpu"))


async def _spend(arena: Arena) -> Seen:
    """More of a processor than a process may have."""
    async with arena.another(replace(LIMITS, cpu_seconds=1)) as sandbox:
        result = await sandbox.exec(("sh", "-c", "while :; do :; done"), wall_seconds=90)
        return await _ended_by(result.killed_by, result.seconds, ("time", "cpu"))


async def _ended_by(killed_by: str, seconds: float, limits: tuple[str, ...]) -> Seen:
    if killed_by in limits:
        return Seen("refused", f"killed by the limit on {killed_by}")
    return Seen("through", f"after {seconds:.1f} seconds it was not ended by a limit")


async def _spins_freely(arena: Arena) -> Seen:
    async with arena.another() as sandbox:
        (seen,) = await arena.attempt([Order(on_room.spin, ("2", "0.2"))], sandbox)
    return seen


ALL = (
    Attack(
        30,
        "fork for ever",
        "The machine has no process left to end it with.",
        (
            Procedure(
                "hold many children",
                _Run(LIMITS, on_room.fork_many, "300"),
                _Run(LIMITS, on_room.fork_many, "20"),
                _WITHIN,
                expected=_UNBOUNDED,
            ),
            Procedure(
                "children that fork",
                _bomb,
                NoControl("unbounded it would harm"),
                expected=_OUTRUN,
            ),
        ),
        quick=False,
    ),
    Attack(
        31,
        "take all memory",
        "The machine swaps, and its kernel ends whatever it likes.",
        (
            Procedure(
                "in one process",
                _Run(_TIGHT, on_room.take_memory, "400"),
                _Run(_ROOMY, on_room.take_memory, "100"),
                _WITHIN,
            ),
            Procedure(
                "in many that are small",
                _Run(_TIGHT, on_room.take_memory_together, "5", "60"),
                _Run(_ROOMY, on_room.take_memory_together, "3", "40"),
                _WITHIN,
            ),
        ),
        quick=False,
    ),
    Attack(
        32,
        "fill the disk",
        "Nobody on the machine can save anything.",
        (
            Procedure(
                "the folder of temporary files",
                _Run(LIMITS, on_room.fill_temporary, "20"),
                _Run(LIMITS, on_room.fill_temporary, "8"),
                _WITHIN,
                expected=_PART_OF_DISK,
            ),
            Procedure(
                "the memory that files are made of",
                _Run(LIMITS, on_room.fill_file, _SHARED, "20"),
                _Run(LIMITS, on_room.fill_file, _SHARED, "8"),
                _WITHIN,
                expected=_NO_SHARED,
            ),
            Procedure(
                "the tree, with one file",
                _Run(LIMITS, on_room.fill_file, "big", "40"),
                _Run(LIMITS, on_room.fill_file, "big", "8"),
                _WITHIN,
            ),
            Procedure(
                "the tree, with many files",
                _Run(_SMALL_DISK, on_room.fill_files, "many", "100", "1024"),
                _Run(_SMALL_DISK, on_room.fill_files, "many", "8", "1024"),
                _WITHIN,
            ),
            Procedure(
                "the tree's disk, with temporary files",
                _Run(_SMALL_DISK, on_room.fill_temporary, "60"),
                _Run(_SMALL_DISK, on_room.fill_temporary, "8"),
                _WITHIN,
                expected=_UNBOUNDED,
            ),
            Procedure(
                "the tree, with empty files",
                _Run(_SMALL_DISK, on_room.fill_files, "empty", "20000", "0"),
                _Run(_SMALL_DISK, on_room.fill_files, "empty", "500", "0"),
                _WITHIN,
            ),
            Procedure(
                "remove when it is full",
                _remove_when_full,
                NoControl("that it was full is the way before"),
            ),
        ),
        quick=False,
    ),
    Attack(
        33,
        "write for ever, or never end",
        "The supervisor's memory fills, or it waits for ever.",
        (
            Procedure(
                "flood the output",
                _Run(LIMITS, on_room.flood, "100"),
                _Run(LIMITS, on_room.flood, "4"),
                _WITHIN,
            ),
            Procedure(
                "leave a daemon that ignores signals",
                _daemon,
                _daemon_of_a_running_command,
                "while the command runs",
            ),
            Procedure("stand still", _stop_itself, NoControl("without a clock it would last")),
            Procedure("keep the output open", _hold_the_pipe, NoControl("it would last")),
        ),
        quick=False,
    ),
    Attack(
        34,
        "use the processors for ever",
        "Everything else on the machine becomes slow.",
        (
            Procedure("until the clock ends it", _spin, _spins_freely, _WITHIN),
            Procedure("more than a process may have", _spend, _spins_freely, _WITHIN),
        ),
        quick=False,
    ),
)
