"""The supervisor's end of a sandbox that is half made (`swarm.sandbox.spares`), and its control group.

A process that is born into a group need not be moved there, which takes as long as all processors need
to come to a quiet moment. So the group is made before the process that makes itself its first member.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

from swarm.domain.errors import Rejected
from swarm.sandbox.groups import Group
from swarm.sandbox.port import Limits

_PAUSE_SECONDS = 0.015
"""After a sandbox was made its first commands run. To make half of the next one beside them takes them
twice as long.
"""


@dataclass(frozen=True, slots=True)
class Half:
    """One that was asked for. Only the zygote knows whether it still is there."""

    number: int
    group: Group | None
    kind: Mapping[str, Any]
    """As `spares.kind_of`."""

    def fits(self, kind: Mapping[str, Any] | None, limits: Limits) -> bool:
        """It can become such a sandbox."""
        return self.kind == kind and (self.group is None or self.group.fits(limits))

    def end(self) -> None:
        """Nobody will be in the group."""
        if self.group is not None:
            self.group.end()


class Ahead:
    """At most one; asked for in a thread of its own, so that nobody waits for it."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._half: Half | None = None
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._asking: Future[None] | None = None
        self._stopping = threading.Event()

    def take(self) -> Half | None:
        """It is the caller's now, and its group to be ended."""
        half, self._half = self._half, None
        return half

    def begin(
        self,
        kind: Mapping[str, Any],
        reserve: Callable[[], Group | None],
        ask: Callable[[Half], None],
    ) -> None:
        """Ask for one unless that was done."""
        if self._half is None and (self._asking is None or self._asking.done()):
            self._asking = self._thread.submit(self._make, kind, reserve, ask)

    def stop(self) -> None:
        """Return when nothing is being asked for."""
        self._stopping.set()
        if self._asking is not None:
            self._asking.result()
        self._stopping.clear()

    def end(self) -> None:
        """Of the last one nothing is to be left."""
        half = self.take()
        if half is not None:
            half.end()

    def _make(
        self,
        kind: Mapping[str, Any],
        reserve: Callable[[], Group | None],
        ask: Callable[[Half], None],
    ) -> None:
        if self._stopping.wait(_PAUSE_SECONDS):
            return
        half = Half(next(self._numbers), reserve(), kind)
        with suppress(Rejected):  # the zygote has died: the next sandbox gets another
            ask(half)
        self._half = half
