"""One conversation with an agent over its pipes: we ask, it tells, it asks back, it answers.

Bounded in every direction, as everything that an agent says: lines, silence, and what is waited for.
"""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from swarm.engines.acp import policy, updates
from swarm.engines.cli.lines import LineReader
from swarm.engines.cli.running import heard
from swarm.engines.cli.sightings import Sighting
from swarm.sandbox.public_api import Process, Sandbox

_NO_METHOD = -32601


class Over(Exception):
    """It closed its output."""


@dataclass(slots=True)
class Client:
    sandbox: Sandbox
    process: Process
    idle_seconds: float
    reader: LineReader = field(default_factory=LineReader)
    seen: dict[str, str] = field(default_factory=dict)
    result: Mapping[str, object] = field(default_factory=dict)
    """Of the last call that was answered."""

    error: tuple[int, str] | None = None
    """Of the last call that was refused: a code and words."""

    _number: int = 0
    _waiting: list[Mapping[str, object]] = field(default_factory=list)

    async def call(self, method: str, params: object) -> AsyncIterator[Sighting]:
        """What is told until the answer is there. Raises Over, Overflow, TimeoutError, Rejected."""
        self._number += 1
        self.result, self.error = {}, None
        await self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = await self._next()
            if message.get("id") == self._number and "method" not in message:
                self._answered(message)
                return
            async for sighting in self._heed(message):
                yield sighting

    def _answered(self, message: Mapping[str, object]) -> None:
        error = message.get("error")
        if isinstance(error, Mapping):
            code, words = error.get("code"), error.get("message")
            data = error.get("data")
            told = f"{words} {data if isinstance(data, str) else json.dumps(data) if data else ''}"
            self.error = (code if isinstance(code, int) else 0, told.strip()[:4_000])
        elif isinstance(result := message.get("result"), Mapping):
            self.result = result

    async def _heed(self, message: Mapping[str, object]) -> AsyncIterator[Sighting]:
        params = message.get("params")
        known = params if isinstance(params, Mapping) else {}
        if "id" not in message:
            if message.get("method") == "session/update":
                for sighting in updates.read(known, self.seen):
                    yield sighting
        elif message.get("method") == "session/request_permission":
            await self._send({"id": message["id"], "result": policy.answer(known)})
        elif "method" in message:
            error = {"code": _NO_METHOD, "message": "not offered: use what the machine has"}
            await self._send({"id": message["id"], "error": error})

    async def _next(self) -> Mapping[str, object]:
        while not self._waiting:
            piece = await heard(self.sandbox, self.process, self.idle_seconds)
            if not piece:
                raise Over
            self._waiting += self.reader.feed(piece)
        return self._waiting.pop(0)

    async def _send(self, message: Mapping[str, object]) -> None:
        await self.process.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
