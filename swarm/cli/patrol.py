"""Canaries in unattended running: of so many checks one is about a change that is known to be right or wrong.

Asked by a process of its own with a repository of its own, through the same door as `swarm check`: the checks
are told nothing that would give it away, and nothing of it reaches a goal, the journal or a forge. What was
answered is a line in the state folder, which the coordinator reads.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from swarm.cli.session import Session
from swarm.cli.watching import Watch

LOOK_SECONDS = 5.0
STOP_SECONDS = 10.0


def due(reports: int, asked: int, every: int) -> bool:
    """Whether another canary is to be asked about, after so many reports of checks."""
    return every > 0 and reports // every > asked


@contextmanager
def patrolled(session: Session) -> Iterator[None]:
    """Canaries are asked about as long as the block runs; one that is under way is ended with it."""
    if session.settings.canary_every == 0:
        yield
        return
    end = threading.Event()
    thread = threading.Thread(target=_patrol, args=(session, end), name="canaries", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(STOP_SECONDS)


def _patrol(session: Session, end: threading.Event) -> None:
    watch = Watch(session.places)
    try:
        before = reports_of(watch.catch_up())
        go_round(
            lambda: reports_of(watch.catch_up()) - before,
            lambda: _ask(session, end),
            session.settings.canary_every,
            lambda: end.wait(LOOK_SECONDS),
        )
    finally:
        watch.close()


def go_round(
    reports: Callable[[], int], ask: Callable[[], None], every: int, ended: Callable[[], bool]
) -> None:
    """Ask whenever one is due, one after the other; `ended` waits for a while."""
    asked = 0
    while not ended():
        if due(reports(), asked, every):
            asked += 1
            ask()


def reports_of(watch: Watch) -> int:
    """So many checks of goals have been answered."""
    return sum(
        attempt.report is not None
        for state in watch.goals.values()
        for attempt in state.attempts.values()
    )


def _ask(session: Session, end: threading.Event) -> None:
    """Work comes first: it runs with the least right to the processor."""
    argv = [sys.executable, "-m", "swarm.cli", "market", "canaries", "--next", "--json"]
    environment = {**os.environ, "SWARM_HOME": str(session.places.home)}
    with subprocess.Popen(
        argv,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_yielding,
    ) as asking:
        while asking.poll() is None:
            if end.wait(0.5):
                asking.terminate()


def _yielding() -> None:
    os.nice(10)
