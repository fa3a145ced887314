"""The routes to models, with their keys: one file in the state folder.

Written by the command line from the user's environment, read by whoever builds the gateway, and removed
when no goal is open any more. Little is imported here: the gateway's process, and the one that starts the
others, need no more.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from swarm.actors.clock import Clock
    from swarm.actors.places import Places
    from swarm.models.public_api import ModelGateway, RouteView


def views_of(places: Places, clock: Clock) -> tuple[RouteView, ...]:
    """What agents may know of the routes; none without a file. Raises for one that cannot be used."""
    from swarm.models.public_api import read_routes, views

    today = datetime.fromtimestamp(clock.now() / 1000, UTC).date()
    return views(read_routes(places.routes), today)


def gateway_of(places: Places) -> ModelGateway:
    """The one object that reads the keys."""
    from swarm.models.public_api import ModelGateway, read_routes

    return ModelGateway(read_routes(places.routes), places.models)


class Routes:
    """The files of routes and agents as they were at the beginning: removed when every goal has ended,
    unless they are others by then.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._seen = {path: _content(path) for path in (places.routes, places.own_agents)}

    def forget(self) -> None:
        """Goals that wait for a human still need them when they go on."""
        old = [path for path, seen in self._seen.items() if seen and _content(path) == seen]
        if old and self._is_over():
            for path in old:
                path.unlink(missing_ok=True)

    def _is_over(self) -> bool:
        from swarm.coordination.public_api import rebuild
        from swarm.journal.public_api import read_only

        goals = rebuild(record.event for record in read_only(self._places.journal).read())
        return all(state.status.is_final for state in goals.values())


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
