"""Whether somebody may write in a repository. GitHub is asked; what a comment says of its author is not
believed.
"""

from swarm.forge.github.reading import Who
from swarm.forge.github.wire import Missing, Wire

WRITERS = frozenset({"write", "maintain", "admin"})


async def may_write(wire: Wire, repository: str, who: Who) -> bool:
    try:
        answer = await wire.ask("permission", {"repository": repository, "login": who.login})
    except Missing:
        return False
    return isinstance(answer, dict) and answer.get("permission") in WRITERS
