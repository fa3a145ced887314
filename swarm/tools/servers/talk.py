"""One conversation with a server of tools over its pipes: the Model Context Protocol, as far as tools go.

The server is an enemy's until shown otherwise: each line, each answer and the whole have bounds, and so
have silence and chatter. What it asks of us (to sample a model, to list folders, to ask the user) is
refused. A server that breaks a bound is ended, not reasoned with.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version

from swarm.domain.errors import Rejected
from swarm.sandbox.public_api import Process, Sandbox

PROTOCOL = "2025-06-18"
MOST_LINE = 2 << 20
MOST_ANSWER = 8 << 20
"""Bytes that may come before one question is answered."""

MOST_MESSAGES = 1_000
MOST_PAGES = 10
START_SECONDS = 30.0
"""Programs import what they need before they say a word."""

AWAKE_SECONDS = 5.0
END_SECONDS = 5.0
_NO_METHOD = -32601


class Broken(Exception):
    """The server does not do what servers do; it is of no use any more. The words say how."""


class Declined(Exception):
    """It answered with an error; it may answer something else."""


@dataclass(slots=True)
class Talk:
    sandbox: Sandbox
    process: Process
    changed: bool = False
    """It said that its tools are others now."""

    _number: int = 0
    _rest: bytearray = field(default_factory=bytearray)
    _waiting: list[Mapping[str, object]] = field(default_factory=list)

    async def begin(self, seconds: float = START_SECONDS) -> None:
        """Raises Broken and Declined."""
        us = {"name": "swarm", "version": version("bidswarm")}
        asked = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": us}
        answer = await self.ask("initialize", asked, seconds)
        if not isinstance(answer.get("protocolVersion"), str):
            raise Broken("it speaks no version of the protocol")
        await self._send({"method": "notifications/initialized"})

    async def tools(self, seconds: float) -> list[object]:
        """Everything that it lists. Raises Broken and Declined."""
        found: list[object] = []
        self.changed, cursor = False, None
        for _ in range(MOST_PAGES):
            asked: dict[str, object] = {} if cursor is None else {"cursor": cursor}
            answer = await self.ask("tools/list", asked, seconds)
            listed = answer.get("tools")
            found += listed if isinstance(listed, list) else []
            cursor = answer.get("nextCursor")
            if not isinstance(cursor, str):
                break
        return found

    async def ask(
        self, method: str, params: Mapping[str, object], seconds: float
    ) -> Mapping[str, object]:
        """The result. Raises Declined for an error, Broken for everything that is no answer."""
        self._number += 1
        await self._send({"id": self._number, "method": method, "params": params})
        left = _Left(seconds)
        for _ in range(MOST_MESSAGES):
            message = await self._next(left)
            if message.get("id") == self._number and "method" not in message:
                return _answered(message)
            await self._heed(message)
        raise Broken(f"it sent {MOST_MESSAGES} messages and no answer")

    async def end(self) -> None:
        """Nothing of it runs afterwards."""
        with suppress(
            Rejected, TimeoutError, OSError
        ):  # its sandbox may have gone back, or be gone
            await self.process.kill()
            async with asyncio.timeout(END_SECONDS):
                await self.process.wait()

    async def _heed(self, message: Mapping[str, object]) -> None:
        method, number = message.get("method"), message.get("id")
        if method == "notifications/tools/list_changed":
            self.changed = True
        elif method == "ping" and number is not None:
            await self._send({"id": number, "result": {}})
        elif isinstance(method, str) and number is not None:
            error = {"code": _NO_METHOD, "message": "not offered here"}
            await self._send({"id": number, "error": error})

    async def _next(self, left: "_Left") -> Mapping[str, object]:
        while not self._waiting:
            piece = await self._heard(left)
            if not piece:
                raise Broken("it ended")
            left.bytes -= len(piece)
            if left.bytes < 0:
                raise Broken(f"it sent more than {MOST_ANSWER >> 20} MiB and no answer")
            self._take(piece)
        return self._waiting.pop(0)

    def _take(self, piece: bytes) -> None:
        *lines, rest = (bytes(self._rest) + piece).split(b"\n")
        self._rest = bytearray(rest)
        if len(rest) > MOST_LINE:
            raise Broken("it sent a line without an end")
        self._waiting += [told for line in lines if (told := _document(line)) is not None]

    async def _heard(self, left: "_Left") -> bytes:
        """Raises Broken after too much silence; time in which everything stood still is none."""
        while True:
            began = time.monotonic()
            with suppress(TimeoutError):
                async with asyncio.timeout(left.seconds):
                    piece = await self.process.read()
                    left.seconds = max(left.seconds - (time.monotonic() - began), 0.05)
                    return piece
            if not await self._stood_still():
                raise Broken("it did not answer in time")

    async def _stood_still(self) -> bool:
        began = time.monotonic()
        await self.sandbox.exec(("/bin/true",), wall_seconds=AWAKE_SECONDS)
        return time.monotonic() - began >= AWAKE_SECONDS

    async def _send(self, message: Mapping[str, object]) -> None:
        try:
            async with asyncio.timeout(AWAKE_SECONDS):
                line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
                await self.process.write(line)
        except (Rejected, TimeoutError) as error:
            raise Broken("it reads nothing any more") from error


@dataclass(slots=True)
class _Left:
    """For one answer."""

    seconds: float
    bytes: int = MOST_ANSWER


def _document(line: bytes) -> Mapping[str, object] | None:
    """None for what is no message; servers print other things too."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _answered(message: Mapping[str, object]) -> Mapping[str, object]:
    error, result = message.get("error"), message.get("result")
    if isinstance(error, Mapping):
        raise Declined(str(error.get("message", "no reason"))[:1_000])
    if not isinstance(result, Mapping):
        raise Broken("its answer is neither a result nor an error")
    return result
