"""Work in a child of the test's process, which may be killed without harm to the test."""

import os
import traceback
from collections.abc import Callable
from typing import TypeVar

Point = TypeVar("Point")


def started(work: Callable[[], None]) -> int:
    """Run in a child process; its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - a forked test must not go on as a second pytest
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def ended(running: dict[int, Point]) -> tuple[Point, int]:
    """Wait for the first of these children to end, take it out, and return what it stands for, with
    what waitpid says of it. Orphans of others that this process may have adopted are passed over.
    """
    while True:
        child, status = os.wait()
        if child in running:
            return running.pop(child), status


def forked(work: Callable[[], None]) -> int:
    """Run in a child; returns what waitpid says of it."""
    return os.waitpid(started(work), 0)[1]
