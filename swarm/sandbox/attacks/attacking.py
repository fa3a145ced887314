"""Attacks in one call: an arena, and all that is tried in it."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from swarm.sandbox.attacks.arena import arena
from swarm.sandbox.attacks.definition import Attack, Result
from swarm.sandbox.attacks.trial import try_all
from swarm.sandbox.port import SandboxMode


async def try_attacks(
    mode: SandboxMode,
    attacks: Iterable[Attack],
    scratch: Path | None = None,
    also_shown: tuple[Path, ...] = (),
) -> AsyncIterator[Result]:
    """Make a sandbox of that mode, and attack it. Harmless, should it not hold.

    `scratch`: where the sandboxes are, by default a temporary folder. `also_shown`: a hole in the
    wall, made on purpose. Raises Lacking where there can be no such sandbox.
    """
    async with arena(mode, scratch, also_shown) as made:
        async for result in try_all(made, attacks):
            yield result
