"""The time that a piece of work may take. It stands still while the work is made to wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Hourglass:
    left: float
    """Seconds, as of the last stop."""

    _stops: int = 0
    """For so many reasons it stands still."""

    _timeout: asyncio.Timeout | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Raises TimeoutError when the work inside has used it up."""
        try:
            async with asyncio.timeout(None) as self._timeout:
                self._turn(0)
                yield
        finally:
            self._timeout = None

    def stop(self) -> None:
        self._turn(1)

    def go_on(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        stood, self._stops = self._stops > 0, self._stops + by
        if self._timeout is None or self._timeout.expired():
            return
        now, end = asyncio.get_running_loop().time(), self._timeout.when()
        if self._stops > 0:
            self.left = end - now if end is not None and not stood else self.left
            self._timeout.reschedule(None)
        elif end is None:
            self._timeout.reschedule(now + self.left)
