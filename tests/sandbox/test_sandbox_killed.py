"""A supervisor that is killed, whatever it was doing: nothing is left that is not found and removed,
and each checkpoint that it had got holds what it held.
"""

import asyncio
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from swarm.sandbox.checkpoints import Store
from swarm.sandbox.public_api import (
    BaseRef,
    CheckpointRef,
    SandboxMode,
    SandboxSpec,
    leftovers,
    open_host,
    remove_leftovers,
)
from swarm.testing.sandbox import A_TREE, a_base
from tests.sandbox.conftest import needs_namespaces
from tests.sandbox.mortal import LISTING

pytestmark = pytest.mark.chaos

ROOT = Path(__file__).parents[2]
LONGEST_SECONDS = 1.5
PATIENCE_SECONDS = 120


def work_and_die(folder: Path, mode: SandboxMode, seed: int) -> list[dict[str, Any]]:
    """What it had said when it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox.mortal", str(folder), mode, str(seed)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    moment = threading.Timer(random.Random(seed).uniform(0, LONGEST_SECONDS), process.kill)
    moment.start()
    lines += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    assert process.returncode == -9, lines[-1]
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def ends(folder: Path) -> bool:
    """Whether nobody sees the folder mounted any more, soon."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if not any(map(_sees(folder), Path("/proc").glob("[0-9]*/mountinfo"))):
            return True
    return False


def show(scratch: Path, said: list[dict[str, Any]]) -> None:
    """What is to be known if anything of the following fails: it is shown only then."""
    sys.stdout.write("\n".join(map(json.dumps, said)) + "\n")
    everything = 'find "$0" -ls; tail -n 50 "$0"/host-*/zygote.log'
    done = subprocess.run(["sh", "-c", everything, scratch], capture_output=True, text=True)
    sys.stdout.write(done.stdout + done.stderr)


def _sees(folder: Path) -> Any:
    def sees(mounts: Path) -> bool:
        try:
            return str(folder) in mounts.read_text()
        except OSError:  # it has ended
            return False

    return sees


def check(folder: Path, mode: SandboxMode, said: list[dict[str, Any]]) -> None:
    discarded = {each["discarded"] for each in said if "discarded" in each}
    kept = [each for each in said if "ref" in each and each["ref"]["id"] not in discarded]

    async def main() -> None:
        host = open_host(folder / "scratch", mode)
        spec = SandboxSpec(folder / "repository", require=mode)
        base = BaseRef(folder / "base", A_TREE)
        try:
            for each in kept:
                box = await host.restore(CheckpointRef(**each["ref"]), spec, base)
                shown = (await box.exec(("sh", "-c", LISTING))).stdout.decode()
                assert shown == each["shown"], each
                await box.destroy()
            for file in (folder / "exports").iterdir():
                await host.load(file)
            for ref in await host.checkpoints():
                await host.discard(ref)
        finally:
            await host.close()

    asyncio.run(main())


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("mode", ["namespaces"])
def test_a_supervisor_may_be_killed_at_any_moment(
    tmp_path: Path, mode: SandboxMode, seed: int
) -> None:
    needs_namespaces()
    a_base(tmp_path / "base", {"a": "1\n", "d/0/b": "2\n", "log": ""})
    (tmp_path / "exports").mkdir()
    said = work_and_die(tmp_path, mode, seed)
    assert ends(tmp_path), f"somebody sees it mounted after {PATIENCE_SECONDS} s"
    scratch = tmp_path / "scratch"
    show(scratch, said)
    remove_leftovers(scratch)
    assert leftovers(scratch) == ()
    store = Store(scratch)
    needed = {stratum.id for each in store.all() for stratum in each.strata}
    # Who is killed after it has discarded its only checkpoint, and before the next, leaves nothing at all.
    assert [each.name for each in scratch.iterdir()] == (["checkpoints"] if store.all() else [])
    assert {each.name for each in store.strata.glob("*")} == needed
    check(tmp_path, mode, said)
    assert list(scratch.iterdir()) == []
