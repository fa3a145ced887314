"""Who we are there, and whether somebody may write in a repository. GitHub is asked; what a comment says of its author is not
believed.
"""

import asyncio

from swarm.forge.github.reading import Who, read
from swarm.forge.github.wire import Missing, Wire

WRITERS = frozenset({"write", "maintain", "admin"})


async def me(wire: Wire) -> Who:
    """An App's token does not say whose it is; the App does."""
    if wire.login is None:
        return read(Who, await wire.ask("me", {}))
    login = await asyncio.to_thread(wire.login)
    return read(Who, await wire.ask("user", {"login": login}))


async def may_write(wire: Wire, repository: str, who: Who) -> bool:
    try:
        answer = await wire.ask("permission", {"repository": repository, "login": who.login})
    except Missing:
        return False
    return isinstance(answer, dict) and answer.get("permission") in WRITERS
