"""Trees on a host's disk: fetched once as an archive, unpacked, never changed.

Hosts share no disk with the coordinator, not even on one machine: there is one way for trees to come.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from swarm.domain.names import GoalId, TreeHash
from swarm.repository.public_api import unpack_archive

Fetch = Callable[[GoalId, TreeHash], Awaitable[bytes]]


@dataclass(slots=True)
class Trees:
    folder: Path
    fetch: Fetch
    _locks: dict[TreeHash, asyncio.Lock] = field(default_factory=dict)

    async def directory(self, goal_id: GoalId, tree: TreeHash) -> Path:
        path = self.folder / tree
        async with self._locks.setdefault(tree, asyncio.Lock()):
            if not path.exists():
                data = await self.fetch(goal_id, tree)
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                await asyncio.to_thread(unpack_archive, data, path)
        return path
