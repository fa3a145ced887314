"""Beside it what a user would take instead: mini-swe-agent, measured by the same scripted server.

    pip install mini-swe-agent                      # into an environment of its own
    python -m benchmarks.engines_peer /path/to/bin/mini

Both do the same steps, one after the other, three times in turn: so the load of the machine is the same for
both, and what holds is the ratio. mini-swe-agent runs its commands on the machine itself and keeps its record
in memory; ours run in a sandbox, with each step on the disk.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.engines import FILES, STEPS, Timed, figures, measure
from swarm.testing.git import a_repository
from swarm.testing.wire import Heard, Reply, Say, Use, a_model

ROUNDS = 3
MODEL = "anthropic/claude-sonnet-4-5"
DONE = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
SHOWN = ("first request s", "own time per step ms, median", "memory MB")


class Asked(Timed):
    """The same brain, in the words of that program's only tool."""

    def __call__(self, heard: Heard) -> Reply:
        reply = super().__call__(heard)
        assert isinstance(reply, Say)
        (use,) = reply.uses
        command = use.arguments["command"] if use.tool == "run" else DONE
        return Say("I go on.", (Use("bash", {"command": command}),))


def peer(program: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="swarm-peer-") as name:
        folder, timed = Path(name), Asked()
        a_repository(folder / "project", FILES)
        argv = (program, "-y", "-m", MODEL, "-t", "measure yourself", "--exit-immediately")
        with a_model(timed) as server:
            told = {
                "HOME": str(folder),
                "ANTHROPIC_API_KEY": "none",
                "ANTHROPIC_API_BASE": server.url,
                "MSWEA_CONFIGURED": "true",
                "MSWEA_COST_TRACKING": "ignore_errors",
                "MSWEA_GLOBAL_CONFIG_DIR": str(folder / "config"),
            }
            began = time.monotonic()
            process = subprocess.Popen(
                argv, cwd=folder / "project", env=os.environ | told, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            timed.process = process.pid
            said, _ = process.communicate(timeout=600)
        if len(timed.asked) < STEPS:
            raise SystemExit(f"only {len(timed.asked)} requests came\n{said}")
        return figures(timed, began, server.heard)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path, help="the command `mini`")
    program = parser.parse_args().program
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(peer(program))
        ours.append(measure("inline"))
    print(f"{'medians of ' + str(ROUNDS):32} {'swarm':>10} {'mini':>10} {'ratio':>8}")
    for name in SHOWN:
        one, other = (statistics.median(each[name] for each in rows) for rows in (ours, theirs))
        print(f"{name:32} {one:10} {other:10} {one / max(other, 1e-9):8.2f}")
    print(f"{'load of the machine':32} {os.getloadavg()[0]:10.1f}  ({os.cpu_count()} processors)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
