"""Control groups: where they are found, and what the kernel then holds for a whole sandbox."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import swarm
from swarm.domain.errors import Lacking
from swarm.sandbox import groups
from swarm.sandbox.groups import Group, Groups
from swarm.sandbox.public_api import Limits, Sandbox
from tests.sandbox.conftest import Place

MIB = 1 << 20
CODE = str(Path(swarm.__path__[0]).parent)

LAPTOP = "31 24 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
HYBRID = """
34 33 0:30 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
35 33 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
36 33 0:32 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
37 33 0:33 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
""".strip()
CONTAINER = "31 24 0:27 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup ro"


def test_our_groups_are_found_in_what_the_kernel_says() -> None:
    top = Path("/sys/fs/cgroup")
    first, second = groups.places(LAPTOP, "0::/user.slice/app.slice/a.scope\n")
    assert (first, second) == ({}, (top / "user.slice/app.slice/a.scope", top))
    first, second = groups.places(HYBRID, "4:memory:/x/y\n2:cpu,cpuacct:/\n8:pids:/\n0::/\n")
    assert first == {"memory": top / "memory/x/y", "cpu": top / "cpu,cpuacct", "pids": top / "pids"}
    assert second == (top / "unified", top / "unified")


def test_a_group_outside_of_what_is_mounted_is_none() -> None:
    assert groups.places(CONTAINER, "0::/docker/abc/x\n")[1] is not None
    assert groups.places(CONTAINER, "0::/docker/other\n") == ({}, None)


def a_hierarchy(folder: Path) -> Path:
    """Directories as of version 2: who may be anywhere, and what is passed on from where."""
    below = folder / "user.slice/app.slice/terminal.scope"
    below.mkdir(parents=True)
    for each in (folder, *below.parents[:2], below):
        (each / "cgroup.procs").touch()
        (each / "cgroup.subtree_control").write_text("")
    return below


def test_the_nearest_group_that_passes_controllers_on_is_taken(tmp_path: Path) -> None:
    below = a_hierarchy(tmp_path)
    (below.parent / "cgroup.subtree_control").write_text("cpu memory pids")
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids io")
    found = groups.usable({}, (below, tmp_path))
    assert found is not None
    assert found.second
    assert found.of == dict.fromkeys(groups.CONTROLLERS, below.parent)


def test_without_bounds_on_memory_and_processes_there_are_no_groups(tmp_path: Path) -> None:
    below = a_hierarchy(tmp_path)
    (below.parent / "cgroup.subtree_control").write_text("cpu memory")
    assert groups.usable({}, (below, tmp_path)) is None
    assert groups.usable({"memory": below}, None) is None
    assert groups.usable({"memory": below, "pids": below}, None) is not None


def test_where_nothing_is_mounted_there_are_none() -> None:
    program = "from swarm.sandbox import groups; print(groups.controllers())"
    hide = 'mount -t tmpfs none /sys/fs/cgroup && exec "$0" "$@"'
    argv = ["unshare", "-Urm", "sh", "-c", hide, sys.executable, "-B", "-c", program]
    done = subprocess.run(
        argv, env={**os.environ, "PYTHONPATH": CODE}, capture_output=True, text=True, check=False
    )
    if "mount:" in done.stderr or "unshare:" in done.stderr:
        pytest.skip(f"nothing can be hidden for a test here: {done.stderr}")
    assert done.stdout == "()\n", done.stderr


# Real ones


@pytest.fixture
def real() -> Groups:
    found = groups.find()
    if found is None:
        pytest.skip("no control group is delegated to this process")
    return Groups(found)


def a_shell() -> "subprocess.Popen[str]":
    """One that waits for what to do."""
    return subprocess.Popen(["sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def shell() -> Iterator["subprocess.Popen[str]"]:
    with a_shell() as running:
        yield running


def bounded(real: Groups, shell: "subprocess.Popen[str]", script: str, limits: Limits) -> Group:
    group = real.make(limits, shell.pid)
    assert group is not None
    shell.communicate(script, timeout=120)
    return group


def test_the_kernel_ends_who_takes_more_memory_than_all_may(
    real: Groups, shell: "subprocess.Popen[str]"
) -> None:
    script = "head -c 200000000 /dev/zero | tail -c 199999999 > /dev/null"
    group = bounded(real, shell, script, Limits(memory_bytes=32 * MIB))
    assert group.killed() > 0
    group.end()


@pytest.mark.thorough
def test_the_kernel_refuses_more_processes_than_there_may_be(
    real: Groups, shell: "subprocess.Popen[str]"
) -> None:
    script = "for n in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; kill $(jobs -p)"
    group = bounded(real, shell, script, Limits(processes=3))
    assert group.refused() > 0
    group.end()


def test_what_is_left_in_a_group_ends_with_it(real: Groups) -> None:
    with a_shell() as shell:
        group = real.make(Limits(), shell.pid)
        assert group is not None
        group.end()
        assert shell.wait(120) == -9
    assert not any(each.exists() for each in group.directories.values())


def test_groups_of_dead_supervisors_are_removed() -> None:
    found = groups.find()
    if found is None:
        pytest.skip("no control group is delegated to this process")
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = [each / f"swarm-sandbox-{dead.pid}-0-1" for each in set(found.of.values())]
    for each in left:
        each.mkdir()
    Groups(found)
    assert not any(each.exists() for each in left)


def test_a_sandbox_has_a_group_as_long_as_it_lives(place: Place, real: Groups) -> None:
    async def work(sandbox: Sandbox) -> set[Path]:
        assert sandbox.guarantees.total_memory
        return mine()

    assert place.run(work) - mine()


def mine() -> set[Path]:
    found = groups.find()
    assert found is not None
    return set(found.of["pids"].glob(f"swarm-sandbox-{os.getpid()}-*"))


@pytest.mark.thorough
def test_the_processors_are_shared_out(place: Place, real: Groups) -> None:
    if "cpu" not in groups.controllers():
        pytest.skip("no control group for processors is delegated to this process")

    async def work(sandbox: Sandbox) -> float:
        busy = "while :; do :; done & while :; do :; done & sleep 2"
        return (await sandbox.exec(("sh", "-c", busy))).cpu_seconds

    begun = time.monotonic()
    used = place.run(work, limits=Limits(cpus=0.2))
    assert used < 0.35 * (time.monotonic() - begun)


def test_a_share_of_the_processors_is_refused_where_nobody_can_hold_it(isolated: Place) -> None:
    if "cpu" in groups.controllers():
        pytest.skip("here it can be held")
    with pytest.raises(Lacking, match="share of the processors"):
        isolated.run(lambda sandbox: sandbox.exec(("true",)), limits=Limits(cpus=0.2))
