"""What swarm itself costs: a goal whose thinking is scripted, and the command line's own start.

`python -m benchmarks.overhead [--ray]`. Planning, writing and checking are scripted and cost nothing;
journal, git, keys, signatures, sandboxes and the market are the real ones.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from swarm.actors.public_api import Places, leave
from swarm.actors.working_api import Cast
from swarm.coordination.public_api import SubmitGoal
from swarm.domain.errors import Rejected, Transient
from swarm.domain.names import CommandId
from swarm.engines.public_api import Assignment, StepTaken, Submission
from swarm.journal.public_api import open_journal, read_only
from swarm.settings.public_api import Settings
from swarm.testing.crew import a_cast, a_goal, carry_out, write
from swarm.testing.engine import ScriptedEngine
from swarm.testing.git import a_repository

FILES = {"one.py": "broken = True\n", "two.py": "broken = True\n"}
ROUNDS = 3


def _script(assignment: Assignment) -> list[StepTaken | Submission]:
    changes = write(assignment.contract.touch[0], "broken = False\n")
    return [
        StepTaken("changed", b"1", cost=10, seconds=0.0, changes=changes),
        Submission(changes, "Mend", "It was broken."),
    ]


def scripted_cast(_: Settings) -> Cast:
    return a_cast(tuple(FILES), (ScriptedEngine(_script),))


def _prepared(folder: Path, goal_id: str) -> tuple[Places, SubmitGoal]:
    repository = folder / "repository"
    if not repository.exists():
        a_repository(repository, FILES)
    places = Places(folder / "home")
    places.make()
    return places, SubmitGoal(command_id=CommandId(goal_id), goal=a_goal(repository, goal_id))


def inline_seconds() -> float:
    """Wall time from the submission to the open pull request, in one process."""
    with tempfile.TemporaryDirectory() as name:
        places, command = _prepared(Path(name), "g-000001")
        settings, journal = Settings(home=places.home), open_journal(places.journal)
        leave(places.inbox, command)
        carry_out(places, settings, journal, scripted_cast(settings))
        return _lasted(places, "g-000001")


def ray_seconds() -> list[float]:
    """The same for goals one after the other on a Ray that is up."""
    with tempfile.TemporaryDirectory() as name:
        places, _ = _prepared(Path(name), "g-000000")
        from swarm.actors.rayenv import prepare_environment

        prepare_environment(places.home)
        from swarm.actors.ray import assemble, connected

        with connected(None):
            troupe = assemble(places.home, Settings(home=places.home), cast=scripted_cast)
            troupe.coordinator.run.remote(True)
            return [_one_on_ray(Path(name), number) for number in range(ROUNDS + 1)][1:]


def _one_on_ray(folder: Path, number: int) -> float:
    goal_id = f"g-{number:06d}"
    places, command = _prepared(folder, goal_id)
    leave(places.inbox, command)
    pause = threading.Event()
    while not _has_ended(places, goal_id):
        pause.wait(0.05)
    return _lasted(places, goal_id)


def _has_ended(places: Places, goal_id: str) -> bool:
    try:
        events = [record.event for record in read_only(places.journal).read()]
    except (Rejected, Transient):
        return False  # not there yet
    return any(event.type == "goal.ended" and event.goal_id == goal_id for event in events)


def _lasted(places: Places, goal_id: str) -> float:
    times = [
        record.event.at
        for record in read_only(places.journal).read()
        if record.event.goal_id == goal_id
    ]
    return (times[-1] - times[0]) / 1000


def help_cpu_seconds() -> float:
    before = _children_cpu()
    subprocess.run([sys.executable, "-m", "swarm", "--help"], check=True, capture_output=True)
    return _children_cpu() - before


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(*, with_ray: bool) -> dict[str, object]:
    start = time.perf_counter()
    figures: dict[str, object] = {
        "swarm --help, CPU s": round(min(help_cpu_seconds() for _ in range(ROUNDS)), 3),
        "one goal inline, own seconds": sorted(round(inline_seconds(), 2) for _ in range(ROUNDS)),
        "load": os.getloadavg()[0],
    }
    if with_ray:
        figures["one goal on Ray, own seconds"] = sorted(round(s, 2) for s in ray_seconds())
    figures["measured in s"] = round(time.perf_counter() - start, 1)
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ray", action="store_true")
    print(json.dumps(main(with_ray=parser.parse_args().ray), indent=2))
