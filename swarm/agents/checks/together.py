"""Runs that need nothing of each other, a few at the same time.

Each has a sandbox of its own, and a large part of its time is the start of an interpreter. What they
cost is the processor's time, which stays the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")

AT_ONCE = 2


async def together(
    run: Callable[[Asked], Awaitable[Told]], questions: Sequence[Asked]
) -> tuple[Told, ...]:
    """The answers, in the order of the questions. The first error ends the others and is raised."""
    places = asyncio.Semaphore(AT_ONCE)

    async def answer(question: Asked) -> Told:
        async with places:
            return await run(question)

    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(answer(each)) for each in questions]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    return tuple(each.result() for each in running)
