"""Asking a server what it has, before anybody has approved anything of it."""

from swarm.domain.errors import Rejected
from swarm.sandbox.public_api import Sandbox
from swarm.settings.public_api import ToolServer
from swarm.tools.servers.foreign import ENVIRONMENT
from swarm.tools.servers.reading import Offered, offered
from swarm.tools.servers.talk import Broken, Declined, Talk


async def introduce(server: ToolServer, sandbox: Sandbox) -> Offered:
    """Everything that it lists. Raises Rejected when it is no server of tools."""
    talk = Talk(sandbox, await sandbox.spawn(server.command, env=ENVIRONMENT))
    try:
        await talk.begin()
        return offered(server.name, await talk.tools(server.seconds))
    except (Broken, Declined) as error:
        raise Rejected(
            f"the server `{server.name}` cannot be used: {error}",
            advice=f"try it by hand: {' '.join(server.command)[:200]}",
        ) from error
    finally:
        await talk.end()
