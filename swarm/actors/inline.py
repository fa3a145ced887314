"""Everything in one process: for tests, debugging, and machines where Ray does not start."""

import asyncio
from collections.abc import Callable

from swarm.actors.assembly import HostFolders, host_of
from swarm.actors.clock import Clock
from swarm.actors.coordinator import Coordinator
from swarm.actors.crew import Cast
from swarm.actors.headquarters import coordinator_of
from swarm.actors.minds import minds_of
from swarm.actors.places import Places
from swarm.actors.ports import HOSTS
from swarm.actors.publishing import publisher_of
from swarm.actors.registry import Registry
from swarm.journal.public_api import Journal
from swarm.settings.public_api import Settings


async def run_inline(
    places: Places,
    settings: Settings,
    journal: Journal,
    clock: Clock,
    *,
    forever: bool,
    cast: Cast | None = None,
    awaited: Callable[[], bool] = lambda: False,
) -> Coordinator:
    """Work until no goal is open; returns the coordinator as it is then.

    `cast` replaces the agents that come with swarm. While `awaited`, paused goals count as open.
    """
    registry = Registry(clock)
    coordinator = coordinator_of(
        places,
        settings,
        journal,
        registry,
        publisher_of(places, settings),
        clock,
        "inline",
        frozenset(HOSTS),
    )
    coordinator.rebuild()
    folders = HostFolders(places.keys, places.work)
    async with (
        minds_of(places, clock, settings.tool_servers) as minds,
        asyncio.TaskGroup() as group,
    ):
        hosts = (
            host_of(
                name, "here", folders, settings, coordinator, registry, clock, cast, minds=minds
            )
            for name in HOSTS
        )
        tasks = [group.create_task(host.run()) for host in hosts]
        await coordinator.run(forever=forever, awaited=awaited)
        for task in tasks:
            task.cancel()
    return coordinator
