import asyncio

from swarm.actors.ports import Entry
from swarm.actors.registry import PATIENCE_SECONDS, Registry
from swarm.domain.names import HostId
from swarm.testing.clock import ManualClock


def an_entry(host: str = "writing#1") -> Entry:
    return Entry(HostId(host), host.split("#")[0], "here", ())


def _seen(registry: Registry, version: int = 0) -> list[str]:
    return [entry.host for entry in asyncio.run(registry.watch(version))[1]]


def test_who_announces_itself_is_seen() -> None:
    registry = Registry(ManualClock())
    asyncio.run(registry.announce(an_entry()))
    assert _seen(registry) == ["writing#1"]


def test_who_is_silent_for_too_long_is_forgotten() -> None:
    clock = ManualClock()
    registry = Registry(clock)
    asyncio.run(registry.announce(an_entry("writing#1")))
    clock.advance(PATIENCE_SECONDS - 1)
    asyncio.run(registry.announce(an_entry("planning#1")))
    clock.advance(2)
    assert _seen(registry) == ["planning#1"]


def test_a_host_that_was_started_anew_takes_the_place_of_its_former_self() -> None:
    registry = Registry(ManualClock())
    asyncio.run(registry.announce(an_entry("writing#1")))
    asyncio.run(registry.announce(an_entry("writing#2")))
    assert _seen(registry) == ["writing#2"]


def test_a_watcher_who_knows_the_picture_hears_of_the_next_change() -> None:
    async def watch_and_change() -> list[str]:
        registry = Registry(ManualClock())
        version, _ = await registry.watch(0)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(registry.watch(version))
            await asyncio.sleep(0)
            await registry.announce(an_entry())
        return [entry.host for entry in watching.result()[1]]

    assert asyncio.run(watch_and_change()) == ["writing#1"]


def test_a_heartbeat_that_says_nothing_new_is_no_change() -> None:
    registry = Registry(ManualClock())
    asyncio.run(registry.announce(an_entry()))
    before, _ = asyncio.run(registry.watch(0))
    asyncio.run(registry.announce(an_entry()))
    assert asyncio.run(registry.watch(0))[0] == before
