"""Who is there: soft state, rebuilt from heartbeats. The journal holds the truth, not this."""

import asyncio
from dataclasses import dataclass, field

from swarm.actors.clock import Clock
from swarm.actors.ports import Entry
from swarm.domain.names import HostId

PATIENCE_SECONDS = 15.0
"""Who is silent for longer is forgotten."""

POLL_SECONDS = 1.0


@dataclass(slots=True)
class Registry:
    clock: Clock
    _entries: dict[HostId, Entry] = field(default_factory=dict)
    _heard: dict[HostId, float] = field(default_factory=dict)
    _version: int = 1
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def announce(self, entry: Entry) -> None:
        """A later start of the same host replaces the earlier one."""
        for host, known in tuple(self._entries.items()):
            if known.name == entry.name and host != entry.host:
                self._forget(host)
        if self._entries.get(entry.host) != entry:
            self._entries[entry.host] = entry
            self._change()
        self._heard[entry.host] = self.clock.elapsed()

    async def watch(self, seen: int) -> tuple[int, tuple[Entry, ...]]:
        self._forget_silent()
        if seen == self._version:
            changed = self._changed
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await changed.wait()
            except TimeoutError:
                self._forget_silent()
        return self._version, tuple(self._entries.values())

    def _forget_silent(self) -> None:
        limit = self.clock.elapsed() - PATIENCE_SECONDS
        for host, heard in tuple(self._heard.items()):
            if heard < limit:
                self._forget(host)

    def _forget(self, host: HostId) -> None:
        self._heard.pop(host, None)
        if self._entries.pop(host, None) is not None:
            self._change()

    def _change(self) -> None:
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()
