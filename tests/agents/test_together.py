"""Several runs at the same time."""

import asyncio

import pytest

from swarm.agents.checks.together import AT_ONCE, together
from swarm.domain.errors import Transient


def test_answers_come_in_the_order_of_the_questions() -> None:
    first, second = asyncio.Event(), asyncio.Event()

    async def run(mine: tuple[asyncio.Event, asyncio.Event | None]) -> str:
        """The earlier one ends only after the later one has."""
        told, awaited = mine
        if awaited is not None:
            await awaited.wait()
        told.set()
        return "waited" if awaited else "at once"

    answers = asyncio.run(together(run, [(first, second), (second, None)]))
    assert answers == ("waited", "at once")


def test_no_more_run_at_the_same_time_than_was_said() -> None:
    running: set[int] = set()
    most: list[int] = []

    async def run(number: int) -> None:
        running.add(number)
        most.append(len(running))
        await asyncio.sleep(0)
        running.remove(number)

    asyncio.run(together(run, range(9)))
    assert max(most) == AT_ONCE


def test_the_first_error_ends_the_others_and_is_raised_as_it_is() -> None:
    ended: list[str] = []

    async def run(what: str) -> None:
        if what == "fails":
            raise Transient("the sandbox died")
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(what)

    with pytest.raises(Transient, match="the sandbox died"):
        asyncio.run(together(run, ["waits", "fails"]))
    assert ended == ["waits"]
