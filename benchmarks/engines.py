"""What the loop around a model costs by itself, measured from the model's side of the wire.

A scripted server answers at once with one shell command a turn, as the peers were measured: so the time
between an answer and the next request is all ours - the command in its sandbox, the step in the journal
on the disk, the checkpoint, the next request. The first request counts from the start of `swarm run`. The
map of a repository is drawn of a made-up one.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.engines_crowd import WRITERS
from swarm.engines.public_api import Atlas, SandboxScanner, readers
from swarm.testing.engine import an_assignment
from swarm.testing.git import a_repository
from swarm.testing.outside import Outside, descendants
from swarm.testing.sandbox import a_sandbox
from swarm.testing.wire import Heard, Reply, Say, Use, a_model
from swarm.tools.public_api import readonly_paths

STEPS = 25
FILES = {"app.py": "x = 1\n", "test_app.py": "from app import x\n\n\ndef test_x():\n    assert x\n"}
MOST_MS = 25.0
MOST_FIRST = {"inline": 2.0, "ray": 6.0}
MOST_COLD, MOST_NEW_MS = 20.0, 50.0
MAPPED = 2_500
LEAST_CACHED = 0.85
MOST_CROWD_MB = 600


@dataclass
class Timed:
    """A brain that notes when it was asked, and how much memory everything had in the middle: with the
    command that a person watches, and without it.
    """

    process: int = 0
    answered: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    memory: int = 0
    watching: int = 0
    worked: list[float] = field(default_factory=list)
    """Processor seconds of everything that was started, at each request."""

    def __call__(self, heard: Heard) -> Reply:
        self.asked.append(heard.at)
        self.worked.append(
            sum(seconds(each) for each in (self.process, *descendants(self.process)))
        )
        if heard.answered == STEPS // 2:
            self.memory = sum(pss(each) for each in descendants(self.process))
            self.watching = pss(self.process)
        self.answered.append(time.monotonic())
        if heard.answered >= STEPS:
            return Say("", (Use("give_up", {"reason": "measured"}),))
        return Say("", (Use("run", {"command": f"echo {heard.answered} > out.txt; cat out.txt"}),))


def pss(process: int) -> int:
    """Proportional set size in bytes; nothing of a process that has gone."""
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    line = next(line for line in told.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024


def seconds(process: int) -> float:
    """Processor time of a process and of those it has waited for; does not swing with the load."""
    try:
        told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, told[11:15])) / os.sysconf("SC_CLK_TCK")


def measure(runtime: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as name:
        folder, timed = Path(name), Timed()
        a_repository(folder / "project", FILES)
        user = Outside(folder / "home", environ={"ANTHROPIC_API_KEY": "none"})
        with a_model(timed) as server:
            began = time.monotonic()
            process = user.start(
                "run", "measure yourself", "--repo", folder / "project", "--runtime", runtime,
                "--engine", "claude", "--base-url", server.url, "--json",
            )  # fmt: skip
            timed.process = process.pid
            out, err = process.communicate(timeout=600)
        if len(timed.asked) < STEPS:
            raise SystemExit(f"only {len(timed.asked)} requests came\n{out}\n{err}")
        return figures(timed, began, server.heard)


def figures(timed: Timed, began: float, heard: list[Heard]) -> dict[str, float]:
    own = [
        (later - earlier) * 1000
        for earlier, later in zip(timed.answered, timed.asked[1:], strict=False)
    ]
    sent = sum(len(json.dumps(dict(each.body))) for each in heard)
    again = sum(len(json.dumps(dict(each.body))) for each in heard[:-1])
    return {
        "first request s": round(timed.asked[0] - began, 2),
        "own time per step ms, median": round(statistics.median(own), 1),
        "own time per step ms, best": round(min(own), 1),
        "processor time per step ms": round(
            (timed.worked[-1] - timed.worked[1]) * 1000 / (len(timed.worked) - 2), 1
        ),
        "memory MB": round(timed.memory / 1e6),
        "the watching command's MB": round(timed.watching / 1e6),
        "sent before, share": round(again / sent, 3),
    }


def project(files: int) -> dict[str, str | bytes]:
    """Modules that import each other, each with a dozen functions."""
    functions = "\n\n".join(f"def f{n}(a):\n    return a + {n}" for n in range(12))
    return {
        f"p{k % 50}/m{k}.py": f"from p{k * 7 % 50} import m{k * 7 % files}\n\n{functions}\n"
        for k in range(files)
    }


async def mapped(folder: Path) -> dict[str, float]:
    """Reading the whole, and then what is new."""
    environment = an_assignment(mount_point=str(folder)).environment
    shown = await readonly_paths(environment)
    readonly = tuple(dict.fromkeys((*shown, *readers())))
    async with a_sandbox(folder, project(MAPPED), mode="namespaces", readonly=readonly) as sandbox:
        atlas = Atlas(SandboxScanner(sandbox))
        began = time.monotonic()
        await atlas.refresh(await sandbox.diff())
        cold = time.monotonic() - began
        news = []
        for number in range(9):
            code = f"def brand_new_{number}():\n    pass\n".encode()
            await sandbox.write(sandbox.root / f"p1/new{number}.py", code)
            began = time.monotonic()
            await atlas.refresh(await sandbox.diff())
            news.append((time.monotonic() - began) * 1000)
            assert atlas.find(f"brand_new_{number}")
    return {
        f"map of {MAPPED} files s": round(cold, 2),
        "new names ms, median": round(statistics.median(news), 1),
    }


def crowded() -> dict[str, float]:
    """The most that twenty writers in one process take, and everything that they started."""
    timed, most, alone = Timed(), 0, 0
    with a_model(timed) as server:
        argv = (sys.executable, "-m", "benchmarks.engines_crowd", server.url)
        with subprocess.Popen(argv) as process:
            while process.poll() is None:
                own = pss(process.pid)
                every = own + sum(pss(each) for each in descendants(process.pid))
                most, alone = max(most, every), max(alone, own)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.2)
    if process.returncode or len(timed.asked) < WRITERS * STEPS:
        raise SystemExit(f"only {len(timed.asked)} requests of twenty writers came")
    return {
        f"{WRITERS} writers, one process MB": round(alone / 1e6),
        f"{WRITERS} writers, with sandboxes MB": round(most / 1e6),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", choices=("inline", "ray"), default="inline")
    asked = parser.parse_args()
    found = measure(asked.runtime)
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as name:
        found |= asyncio.run(mapped(Path(name)))
    found |= crowded()
    load = os.getloadavg()[0]
    for name, value in found.items():
        print(f"{name:32} {value:10}")
    print(f"{'load of the machine':32} {load:10.1f}  ({os.cpu_count()} processors)")
    good = (
        found["own time per step ms, median"] <= MOST_MS,
        found["first request s"] <= MOST_FIRST[asked.runtime],
        found["sent before, share"] >= LEAST_CACHED,
        found[f"map of {MAPPED} files s"] <= MOST_COLD,
        found["new names ms, median"] <= MOST_NEW_MS,
        found[f"{WRITERS} writers, with sandboxes MB"] <= MOST_CROWD_MB,
    )
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
