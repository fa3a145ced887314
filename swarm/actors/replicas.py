"""The replicas of facts that one process holds, and how they meet those of others.

Nobody is told who its peers are: whoever holds facts says in the registry how to reach them, so a replica that
comes late is met when it is seen there, and one that died is left out when it is no longer seen. They exchange
by state vector and are compared by content, because equal vectors do not prove equal content; where the
contents still differ, the facts themselves change hands.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from swarm.actors.ports import Entry, FactsPort, News, RegistryPort
from swarm.domain.errors import SwarmError, Transient
from swarm.domain.facts import SignedFact
from swarm.domain.names import HostId
from swarm.memory.public_api import Replica, exchange_once, take_all

PEER_SECONDS = 3.0
"""A peer that does not answer for so long is passed over; it is met again when work calls for it."""


@dataclass(slots=True)
class Replicas:
    """One for each repository. Implements `FactsPort` for the others."""

    opened: Callable[[str], Replica]
    keep: Callable[[str, bytes], Awaitable[None]]
    """Saves what a changed replica holds now."""

    _held: dict[str, Replica] = field(default_factory=dict)
    _saving: asyncio.Lock = field(default_factory=asyncio.Lock)

    def of(self, repository: str) -> Replica:
        if repository not in self._held:
            self._held[repository] = self.opened(repository)
        return self._held[repository]

    @property
    def repositories(self) -> tuple[str, ...]:
        return tuple(self._held)

    async def add(self, repository: str, facts: Iterable[SignedFact]) -> None:
        """Raises Rejected for a fact that may not be here."""
        replica = self.of(repository)
        if sum(replica.add(signed) for signed in facts):
            await self._save(repository)

    async def exchange_facts(self, repository: str, vector: bytes, update: bytes) -> News:
        replica = self.of(repository)
        before = replica.content_hash()
        answer, ours = exchange_once(replica, vector, update)
        if (content := replica.content_hash()) != before:
            await self._save(repository)
        return News(answer, ours, content)

    async def hand_over(
        self, repository: str, facts: tuple[SignedFact, ...]
    ) -> tuple[SignedFact, ...]:
        replica = self.of(repository)
        if take_all(replica, facts):
            await self._save(repository)
        return replica.facts()

    async def meet(self, repository: str, peer: FactsPort) -> bool:
        """Whether both hold the same afterwards. Others may meet either of them meanwhile."""
        replica = self.of(repository)
        before = replica.content_hash()
        news = await peer.exchange_facts(repository, replica.state_vector(), b"")
        replica.merge(news.update)
        ours = replica.update_since(news.vector)
        after = await peer.exchange_facts(repository, replica.state_vector(), ours)
        replica.merge(after.update)
        agree = after.content == replica.content_hash()
        if not agree:
            take_all(replica, await peer.hand_over(repository, replica.facts()))
        if replica.content_hash() != before:
            await self._save(repository)
        return agree

    async def _save(self, repository: str) -> None:
        async with self._saving:  # one draft at a time
            await self.keep(repository, self.of(repository).save())


async def kept_nowhere(repository: str, data: bytes) -> None:
    """For a replica whose facts others keep."""


@dataclass(slots=True)
class Circle:
    """One process's replicas among those of its peers."""

    own: HostId
    registry: RegistryPort
    replicas: Replicas
    patience: float = PEER_SECONDS
    _known: tuple[Entry, ...] = ()

    async def attend(self) -> None:
        """Meet whoever comes, as soon as it is seen in the registry."""
        version, met = 0, frozenset[HostId]()
        while True:
            seen = version
            try:
                version, self._known = await self.registry.watch(seen)
            except Transient:
                await asyncio.sleep(self.patience)
                continue
            peers = {entry.host: entry for entry in self._peers()}
            for repository in self.replicas.repositories:
                await self._meet(repository, [peers[host] for host in peers.keys() - met])
            met = frozenset(peers)

    async def synchronise(self, repository: str) -> tuple[HostId, ...]:
        """Meet everybody who is in the registry now. Returns those with whom this replica agrees."""
        with suppress(Transient):  # the last picture has to do
            _, self._known = await self.registry.watch(0)
        return await self._meet(repository, self._peers())

    def _peers(self) -> Iterator[Entry]:
        return (each for each in self._known if each.facts is not None and each.host != self.own)

    async def _meet(self, repository: str, peers: Iterable[Entry]) -> tuple[HostId, ...]:
        async with asyncio.TaskGroup() as group:
            meetings = {
                peer.host: group.create_task(self._agrees(repository, peer)) for peer in peers
            }
        return tuple(host for host, meeting in meetings.items() if meeting.result())

    async def _agrees(self, repository: str, peer: Entry) -> bool:
        """False for a peer that is away, or says what may not be: that stops nobody's work."""
        assert peer.facts is not None
        try:
            async with asyncio.timeout(self.patience):
                return await self.replicas.meet(repository, peer.facts)
        except (SwarmError, TimeoutError):
            return False
