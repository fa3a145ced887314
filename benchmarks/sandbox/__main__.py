"""`python -m benchmarks.sandbox [--rounds N] [--json] [--short]`."""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from benchmarks.sandbox import goals, worlds
from benchmarks.sandbox.figures import TOGETHER, Bench
from benchmarks.sandbox.stopwatch import Stopwatch
from swarm.sandbox.public_api import open_host

SLOW_ROUNDS = 3
MEGABYTES = 100


async def measure(folder: Path, rounds: int, *, short: bool) -> tuple[Stopwatch, dict[str, str]]:
    """`short`: without what takes most of the time, which is git and the database."""
    watch, notes = Stopwatch(), dict[str, str]()
    few, many = worlds.made(folder, goals.FEW), worlds.made(folder, goals.MANY)
    host = open_host(folder / "scratch", "namespaces")
    try:
        await Bench(host, folder, Stopwatch()).life(few)  # starts the zygote, fills caches
        bench = Bench(host, folder, watch)
        for _ in range(rounds):
            await bench.life(few)
        for _ in range(SLOW_ROUNDS):
            await bench.depths(few)
        for each in (worlds.made(folder, 1_000), many):
            for _ in range(rounds):
                await bench.differences(each)
        await bench.memory(few)
        name = f"{TOGETHER} sandboxes of {MEGABYTES} MB at once"
        notes[name] = await bench.together(MEGABYTES)
        if not short:
            for each in (few, many):
                bench.git(each, SLOW_ROUNDS)
            if why := await bench.postgres(SLOW_ROUNDS):
                notes["PostgreSQL"] = f"not measured: {why}"
    finally:
        await host.close()
    return watch, notes


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--short", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        watch, notes = asyncio.run(measure(folder, given.rounds, short=given.short))
    show = json.dumps(goals.document(watch, notes)) if given.json else goals.table(watch, notes)
    print(show)


if __name__ == "__main__":
    main()
