"""Attacks on the machine that a sandbox runs on: each is ended, and the result says by which limit."""

import asyncio
import os
from pathlib import Path

import pytest

from swarm.sandbox import quota
from swarm.sandbox.folders import erase
from swarm.sandbox.public_api import ExecResult, Limits, Sandbox, interpreter_paths
from swarm.sandbox.quota import Quota, Usage
from swarm.testing.interpreters import open_python
from tests.sandbox.conftest import Place

MIB = 1 << 20

FORK_BOMB = """
import os, time
while True:
    try:
        if os.fork() == 0:
            time.sleep(60)
    except OSError:
        pass
"""
HOG = """
kept = []
for _ in range({pieces}):
    kept.append(bytearray(b"x") * ({mib} << 20))
print("not stopped")
"""
HOGS = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        kept = bytearray(b"x") * (200 << 20)
        time.sleep(60)
for _ in range(8):
    os.wait()
print("not stopped")
"""


def python(place: Place, script: str, limits: Limits) -> ExecResult:
    """Mode `landlock`, started by root, works as another user, to whom root's home is closed."""
    program = open_python(place.folder / "python")
    return place.run(
        lambda sandbox: sandbox.exec((str(program), "-I", "-S", "-c", script)),
        limits=limits,
        readonly=interpreter_paths(program),
    )


def shell(place: Place, script: str, limits: Limits) -> ExecResult:
    return place.run(lambda sandbox: sandbox.exec(("sh", "-c", script)), {"a": "1\n"}, limits)


def test_a_fork_bomb_is_ended_by_the_number_of_processes(place: Place) -> None:
    result = python(place, FORK_BOMB, Limits(processes=64, wall_seconds=120))
    assert result.killed_by == "processes"


def test_a_hog_of_a_gibibyte_is_ended_by_memory(place: Place) -> None:
    result = python(
        place, HOG.format(pieces=16, mib=64), Limits(memory_bytes=400 * MIB, wall_seconds=120)
    )
    assert (result.killed_by, result.stdout) == ("memory", b"")


@pytest.mark.thorough
def test_eight_hogs_are_ended_by_the_memory_of_all_together(place: Place) -> None:
    result = python(place, HOGS, Limits(memory_bytes=600 * MIB, wall_seconds=120))
    assert (result.killed_by, result.stdout) == ("memory", b"")


def test_a_large_reservation_that_is_not_used_is_no_harm(place: Place) -> None:
    script = "import mmap; mmap.mmap(-1, 300 << 20); print('reserved')"
    result = python(place, script, Limits(memory_bytes=200 * MIB))
    assert (result.killed_by, result.stdout) == ("", b"reserved\n")


def test_a_full_tmp_is_ended_by_the_disk(isolated: Place) -> None:
    for folder in ("/tmp", "/var/tmp", "/dev/shm"):
        script = f"head -c 100000000 /dev/zero > {folder}/big"
        result = shell(isolated, script, Limits(tmp_bytes=8 * MIB))
        assert result.killed_by == "disk", folder


def test_many_small_files_in_tmp_are_ended_by_inodes(isolated: Place) -> None:
    script = "i=0; while : > /tmp/$i; do i=$((i+1)); done; exit 1"
    result = shell(isolated, script, Limits(inodes=500, wall_seconds=120))
    assert result.killed_by == "inodes"


def test_many_files_are_ended_by_the_disk_and_stay(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        script = "i=0; while :; do head -c 1000000 /dev/zero > f$i; i=$((i+1)); done"
        result = await sandbox.exec(("sh", "-c", script))
        assert result.killed_by == "disk"
        paths = (await sandbox.diff()).paths
        assert 8 <= len(paths) < 400
        assert b"f0" in paths

    place.run(work, limits=Limits(disk_bytes=20 * MIB, wall_seconds=120))


@pytest.mark.thorough
def test_many_small_files_are_ended_by_inodes(place: Place) -> None:
    script = "i=0; while :; do : > f$i; i=$((i+1)); done"
    result = shell(place, script, Limits(inodes=2000, wall_seconds=120))
    assert result.killed_by == "inodes"


def test_what_is_deleted_and_still_open_counts(place: Place) -> None:
    script = """
import os
kept = []
while True:
    kept.append(os.open("big", os.O_RDWR | os.O_CREAT))
    os.unlink("big")
    for _ in range(10):
        os.write(kept[-1], bytes(1 << 20))
"""
    result = python(place, script, Limits(disk_bytes=50 * MIB, wall_seconds=120))
    assert result.killed_by == "disk"


@pytest.mark.thorough
def test_who_is_past_the_limit_can_still_delete_and_then_write_again(isolated: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        async def run(script: str) -> str:
            return (await sandbox.exec(("sh", "-c", script))).killed_by

        fill = "i=0; while :; do head -c 1000000 /dev/zero > f$i; i=$((i+1)); done"
        assert await run(fill) == "disk"
        assert await run("sleep 0.5; rm a; sleep 0.5") == ""
        assert await run(fill) == "disk"
        assert await run("rm f*; sleep 8") == ""
        assert await run("head -c 10000000 /dev/zero > again; sleep 0.5") == ""
        assert set((await sandbox.diff()).paths) == {b"a", b"again"}

    isolated.run(work, {"a": "1\n"}, Limits(disk_bytes=20 * MIB, wall_seconds=120))


def test_two_hundred_megabytes_of_output_are_ended_by_output(place: Place) -> None:
    script = "exec head -c 200000000 /dev/zero"
    result = shell(place, script, Limits(output_bytes=100_000, wall_seconds=120))
    assert result.killed_by == "output"
    assert len(result.stdout) < 101_000


@pytest.mark.thorough
def test_four_that_only_count_are_ended_by_the_processor(place: Place) -> None:
    hog = "(while :; do :; done) &"
    script = f"{hog} {hog} {hog} {hog} wait $!"
    result = shell(place, script, Limits(cpu_seconds=1, wall_seconds=120))
    assert result.killed_by == "cpu"
    assert 0.5 < result.cpu_seconds < 8


# The parts


def opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)


def test_what_is_measured_is_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_bytes(bytes(100_000))
    os.link(tmp_path / "a/b/c", tmp_path / "a/d")
    (tmp_path / "l").symlink_to("/usr")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    usage = quota.measure([opened(tmp_path)])
    assert usage.inodes == 5
    assert 100_000 <= usage.bytes < 200_000


def test_measuring_gives_up_soon_after_the_limit(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / str(number)).touch()
    assert 300 <= quota.measure([opened(tmp_path)], 300).inodes < 700


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["d", "d" * 200])
def test_paths_longer_than_the_kernel_takes_are_measured(tmp_path: Path, name: str) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    here = opened(deep)
    for _ in range(6000 // (len(name) + 1)):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = below
    fd = os.open("big", os.O_WRONLY | os.O_CREAT, dir_fd=here)
    os.write(fd, bytes(100_000))
    found = quota.measure([opened(deep)])
    erase(deep)  # what tidies up after tests cannot go as deep
    assert found.bytes >= 100_000


def test_a_host_that_is_nearly_full_ends_what_writes(tmp_path: Path) -> None:
    root = opened(tmp_path)
    watched = Quota((root,), root, Usage(1 << 50, 1 << 40), floor=1 << 60)
    assert watched.verdict(()) == ""
    (tmp_path / "big").write_bytes(bytes(40 * MIB))
    assert watched.verdict(()) == "disk"


def test_a_table_of_limits_names_each_of_them() -> None:
    recorded = Limits().recorded()
    assert recorded["disk_bytes"] == 4 << 30
    assert recorded["inodes"] == 200_000


def test_eight_commands_at_once_are_told_the_same(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        fill = "i=0; while :; do head -c 1000000 /dev/zero > $0.$i; i=$((i+1)); done"
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(sandbox.exec(("sh", "-c", fill, str(each)))) for each in range(3)
            ]
        assert {task.result().killed_by for task in tasks} == {"disk"}

    place.run(work, limits=Limits(disk_bytes=20 * MIB, wall_seconds=120))
