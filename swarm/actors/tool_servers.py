"""Others' servers of tools as the settings name them: asked what they have, each in a sandbox of its own.

Nothing of a state folder is shown in there, and no repository: what a server says of its tools it has to
say of nothing.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.errors import SwarmError
from swarm.sandbox.public_api import (
    BaseRef,
    SandboxHost,
    SandboxMode,
    SandboxSpec,
    SandboxWish,
    choose,
    open_host,
)
from swarm.settings.public_api import ToolServer
from swarm.tools.public_api import Offered, Toolset, introduce

_NO_TREE = "0" * 40


@dataclass(frozen=True, slots=True)
class Introduction:
    server: ToolServer
    offered: Offered
    trouble: str = ""
    """Why it cannot be asked; empty when it was."""


def introductions(servers: Sequence[ToolServer], wish: SandboxWish) -> tuple[Introduction, ...]:
    """One a server, in order. Raises Lacking where no sandbox can be made."""
    return asyncio.run(_introduced(servers, wish))


async def _introduced(servers: Sequence[ToolServer], wish: SandboxWish) -> tuple[Introduction, ...]:
    with tempfile.TemporaryDirectory(prefix="swarm-tools-") as name:
        folder = Path(name)
        mode = choose(folder, wish)
        for each in ("boxes", "empty"):
            (folder / each).mkdir(mode=0o700)
        host = open_host(folder / "boxes", mode)
        try:
            return tuple([await _asked(host, mode, folder, server) for server in servers])
        finally:
            await host.close()


async def _asked(
    host: SandboxHost, mode: SandboxMode, folder: Path, server: ToolServer
) -> Introduction:
    shown = Toolset((server,))
    readonly = dict.fromkeys((*shown.shows("writer"), *shown.shows("reviewer")))
    spec = SandboxSpec(folder / "repository", tuple(readonly), require=mode)
    sandbox = await host.create(spec, BaseRef(folder / "empty", _NO_TREE))
    try:
        return Introduction(server, await introduce(server, sandbox))
    except SwarmError as error:
        return Introduction(server, Offered({}, {}), f"{error}. {error.advice}".strip(" ."))
    finally:
        await sandbox.destroy()
