"""The tests' end of the report pipe.

Every line begins with the nonce. Only the process that opened the channel may speak: a test that
forks and lets its child run on would otherwise report everything twice.
"""

from __future__ import annotations

import json
import os
from typing import Any

TEXT = 2_000
"""Characters kept of one failure: its end, where the error is."""


class Channel:
    def __init__(self, fd: int, nonce: str) -> None:
        self._fd, self._nonce, self._pid = fd, nonce, os.getpid()
        os.set_inheritable(fd, False)

    def collected(self, ids: list[str], errors: dict[str, str]) -> None:
        short = {test: text[-TEXT:] for test, text in errors.items()}
        self._say({"is": "collected", "ids": ids, "errors": short})

    def start(self, test: str) -> None:
        self._say({"is": "start", "id": test})

    def done(self, test: str, outcome: str, seconds: float, text: str) -> None:
        ms = int(seconds * 1000)
        self._say({"is": "done", "id": test, "outcome": outcome, "ms": ms, "text": text[-TEXT:]})

    def canary(self, outcome: str) -> None:
        self._say({"is": "canary", "outcome": outcome})

    def extra(self, data: object) -> None:
        self._say({"is": "extra", "data": data})

    def finish(self, status: int) -> None:
        self._say({"is": "finish", "status": status})

    def _say(self, event: dict[str, Any]) -> None:
        if os.getpid() != self._pid:
            return
        line = f"{self._nonce} {json.dumps(event)}\n".encode("utf-8", "surrogatepass")
        while line:
            line = line[os.write(self._fd, line) :]
