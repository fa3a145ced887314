import asyncio

import pytest

from swarm.actors.hourglass import Hourglass


async def _for_ever() -> None:
    await asyncio.Event().wait()


def test_work_that_takes_longer_than_it_may_is_ended() -> None:
    async def play() -> None:
        async with Hourglass(0.01).running():
            await _for_ever()

    with pytest.raises(TimeoutError):
        asyncio.run(play())


def test_it_stands_still_until_every_reason_to_wait_is_gone() -> None:
    async def play() -> list[bool]:
        glass, seen = Hourglass(0.01), list[bool]()
        async with glass.running():
            glass.stop()
            glass.stop()
            glass.go_on()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await _for_ever()
            seen.append(True)
            glass.go_on()
            await _for_ever()
        return seen

    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(play(), 5))


def test_what_is_stopped_before_it_begins_does_not_run() -> None:
    async def play() -> bool:
        glass = Hourglass(0.01)
        glass.stop()
        async with glass.running():
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await _for_ever()
        return True

    assert asyncio.run(play())
