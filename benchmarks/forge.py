"""What a goal of a forge costs beside its work: swarm's own seconds, the calls it takes, the calls of a night
in which nothing happens.

`python -m benchmarks.forge`. The forge is the embedded one, in a process of its own, over HTTP, with git over
HTTP; planning, writing and checking are scripted. Own seconds are the processor's, of swarm's process: git and
the forge are other processes, and what both take in time is theirs. Calls are counted by the forge.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from swarm.actors.public_api import Places, SystemClock, leave
from swarm.actors.working_api import clone_of, keep_token, run_inline, wire_to
from swarm.coordination.public_api import GoalState, SubmitGoal
from swarm.domain.goals import Goal
from swarm.domain.names import CommandId
from swarm.engines.public_api import Assignment, StepTaken, Submission
from swarm.forge.public_api import Wire, approved_issue, open_issues
from swarm.journal.public_api import open_journal
from swarm.settings.public_api import Settings
from swarm.testing.crew import a_cast, a_goal, goals_of, write
from swarm.testing.engine import ScriptedEngine
from swarm.testing.forge import PEOPLE, REPOSITORY, Served, a_forge, token_of
from swarm.testing.forge_faults import App, Receive, Scope, Send
from swarm.testing.forking import started
from swarm.testing.git import a_repository
from swarm.testing.outside import wait_until

ROUNDS = 3
REPOSITORIES = 10
LOOKS_AN_HOUR = 60
MOST_OWN, MOST_CALLS, MOST_IDLE = 1.0, 40, 60
LONG = 300.0


def _script(assignment: Assignment) -> list[StepTaken | Submission]:
    changes = write("one.py", "broken = False\n")
    return [StepTaken("looked", b"1", cost=10, seconds=0.0), Submission(changes, "Mend", "Broken.")]


# A forge in a process of its own ----------------------------------------------------------------


def _serve(folder: Path, counted: Any) -> None:
    """Until it is killed; counts what swarm's account asks and what is not answered by "nothing new"."""
    ours = token_of("swarm-bot").encode()

    def counting(app: App) -> App:
        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            async def told(message: Any) -> None:
                who = dict(scope["headers"]).get(b"authorization", b"")
                if message.get("status", 304) != 304 and who.endswith(ours):
                    counted.value += 1
                await send(message)

            await app(scope, receive, told)

        return call

    with a_forge(folder, folder / "source", counting) as served:
        (folder / "draft").write_text(served.url)
        (folder / "draft").replace(folder / "url")
        threading.Event().wait()


@contextmanager
def a_far_forge(folder: Path) -> Iterator[tuple[Served, Any]]:
    a_repository(folder / "source", {"one.py": "broken = True\n"})
    counted = multiprocessing.Value("i", 0)
    process = started(lambda: _serve(folder, counted))
    try:
        wait_until((folder / "url").exists)
        yield Served(None, (folder / "url").read_text()), counted  # type: ignore[arg-type]
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


# Goals ------------------------------------------------------------------------------------------


@contextmanager
def swarm_running(places: Places) -> Iterator[None]:
    """In a thread, for ever."""
    ready, held = threading.Event(), dict[str, Any]()

    async def run() -> None:
        journal = open_journal(places.journal)
        cast = a_cast(("one.py",), (ScriptedEngine(_script, strategy="scripted"),))
        settings = Settings(home=places.home, forge_seconds=2)
        held["loop"] = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            working = run_inline(places, settings, journal, SystemClock(), forever=True, cast=cast)
            held["task"] = group.create_task(working)
            ready.set()
        journal.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        held["loop"].call_soon_threadsafe(held["task"].cancel)
        thread.join()


def _submit(places: Places, goal: Goal) -> None:
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))


def _wait(places: Places, holds: Callable[[GoalState], bool]) -> None:
    wait_until(lambda: any(holds(state) for state in goals_of(places).values()), LONG)


def a_goal_at_the_forge(folder: Path) -> tuple[float, int]:
    """Seconds of swarm's own, and calls that counted: from the approval to the settled goal."""
    with a_far_forge(folder) as (served, counted):
        number = served.open_issue()
        served.done("ann", "POST", f"/issues/{number}/labels", {"labels": ["approved"]})
        places = Places(folder / "home")
        places.make()
        keep_token(places, served.url, token_of("swarm-bot"))
        begun = time.process_time()
        with swarm_running(places):
            _live(places, served, number)
        return time.process_time() - begun, counted.value


def _live(places: Places, served: Served, number: int) -> None:
    wire = wire_to(places, served.url, REPOSITORY)
    asyncio.run(open_issues(wire, REPOSITORY))
    found = asyncio.run(approved_issue(wire, REPOSITORY, number))
    _submit(places, a_goal(clone_of(places, found), found.goal_id, tracker=found.tracker))
    _wait(places, lambda state: state.published is not None)
    (pull,) = served.done("eve", "GET", "/pulls")
    run = {"name": "ci", "head_sha": pull["head"]["sha"], "conclusion": "success"}
    served.done("bob", "POST", "/check-runs", run)
    wait_until(lambda: not served.done("eve", "GET", "/pulls")[0]["draft"], LONG)
    served.merge_by_hand(places.home.parent, pull["head"]["ref"])
    _wait(places, lambda state: state.landed == "merged")
    labels = f"/issues/{number}/labels"
    wait_until(
        lambda: "swarm:settled" in str(served.done("eve", "GET", labels[: -len("/labels")])), LONG
    )


def a_goal_at_home(folder: Path) -> float:
    """The same without a forge, to the pull request."""
    a_repository(folder / "source", {"one.py": "broken = True\n"})
    places = Places(folder / "home")
    places.make()
    begun = time.process_time()
    with swarm_running(places):
        _submit(places, a_goal(folder / "source", "g-000001"))
        _wait(places, lambda state: state.published is not None)
    return time.process_time() - begun


def idle_calls(folder: Path) -> int:
    """Of an hour in which nothing happens in ten repositories, as the forge counts them."""
    a_repository(folder / "source")
    names = [REPOSITORY, *(f"ann/number{each}" for each in range(REPOSITORIES - 1))]
    with a_forge(folder, folder / "source") as served:
        for name in names[1:]:
            served.world.add_repository(name, source=folder / "source", roles=dict(PEOPLE))  # type: ignore[arg-type]
        places = Places(folder / "home")
        places.make()
        keep_token(places, served.url, token_of("swarm-bot"))
        wires = [(name, wire_to(places, served.url, name)) for name in names]
        _looked(wires)
        before = served.world.meter.ever["swarm-bot"]
        for _ in range(LOOKS_AN_HOUR):
            _looked(wires)
        return served.world.meter.ever["swarm-bot"] - before


def _looked(wires: list[tuple[str, Wire]]) -> None:
    for name, wire in wires:
        asyncio.run(open_issues(wire, name))


def main() -> dict[str, object]:
    goals, home = [], []
    # The first of each pays for what is imported; it is not counted.
    for _ in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as name:
            goals.append(a_goal_at_the_forge(Path(name)))
        with tempfile.TemporaryDirectory() as name:
            home.append(a_goal_at_home(Path(name)))
    with tempfile.TemporaryDirectory() as name:
        idle = idle_calls(Path(name))
    own = sorted(each[0] for each in goals[1:])
    beside = own[ROUNDS // 2] - sorted(home[1:])[ROUNDS // 2]
    calls = max(each[1] for each in goals)
    return {
        "a goal at the forge, own seconds": [round(each, 2) for each in own],
        "the same without a forge": [round(each, 2) for each in sorted(home[1:])],
        f"the forge's part of that, at most {MOST_OWN}": round(beside, 2),
        f"calls a goal, at most {MOST_CALLS}": calls,
        f"idle calls an hour, ten repositories, at most {MOST_IDLE}": idle,
        "load": round(os.getloadavg()[0], 1),
        "met": beside <= MOST_OWN and calls <= MOST_CALLS and idle <= MOST_IDLE,
    }


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
