"""Forces checkpoints to disk some seconds after they were taken, so that none waits for it.

Until then they survive the death of every process, and not the loss of power: see `checkpoints`.
"""

import threading
from contextlib import suppress

from swarm.sandbox.checkpoints import Store

_PAUSE_SECONDS = 5.0
"""What is taken meanwhile is forced at once: it costs what the whole disk has to write."""


class Settler:
    """A thread of its own, from the first checkpoint on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._taken = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def note(self) -> None:
        """A checkpoint was taken. May be told from any thread."""
        self._taken.set()
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Settle what is left, and end."""
        if self._thread is None:
            return
        self._closing.set()
        self._taken.set()
        self._thread.join()
        self._thread = None
        self._closing.clear()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._taken.wait()
            self._closing.wait(_PAUSE_SECONDS)
            self._taken.clear()
            with suppress(OSError):  # they stay unsettled, and say so when they are restored
                self._store.settle()
