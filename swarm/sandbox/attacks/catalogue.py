"""All attacks, by number."""

from swarm.sandbox.attacks import (
    bounds,
    files,
    kernelside,
    lasting,
    networks,
    processes,
    proxying,
    takings,
)
from swarm.sandbox.attacks.definition import Attack

_CHAPTERS = (
    files.ALL,
    processes.ALL,
    kernelside.ALL,
    networks.ALL,
    takings.ALL,
    bounds.ALL,
    lasting.ALL,
    proxying.ALL,
)

ATTACKS: tuple[Attack, ...] = tuple(
    sorted((each for chapter in _CHAPTERS for each in chapter), key=lambda each: each.number)
)
