"""How much a writer has to read for a task: what decides whether it fits into a model's window.

Counted are the task's own words and the files that they name, as far as one look at a file goes. Nobody is
asked to count tokens before a bid; three characters are taken for one.
"""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

from swarm.domain.tasks import Contract

CHARACTERS = 3
"""Of one token: a little fewer than code has."""

MOST_LOOKED_AT = 12_000
"""Characters of a file that one look shows."""

MOST_NAMED = 40
_PATH = re.compile(r"[\w@.+-]+(?:/[\w@.+-]+)*")


async def measured(contracts: tuple[Contract, ...], directory: Path) -> tuple[Contract, ...]:
    """With `context_tokens`. `directory`: the tree's files."""
    return await asyncio.to_thread(
        lambda: tuple(_measured(contract, directory) for contract in contracts)
    )


def _measured(contract: Contract, directory: Path) -> Contract:
    files = named(contract, directory)
    words = len(contract.title) + len(contract.description) + sum(map(len, contract.targets))
    read = sum(min(file.stat().st_size, MOST_LOOKED_AT) for file in files)
    found = {"context_tokens": (words + read) // CHARACTERS}
    return contract.model_copy(update={"features": contract.features | found})


def named(contract: Contract, directory: Path) -> Iterator[Path]:
    """Files of the tree that the contract names; none outside of it."""
    words = " ".join((contract.title, contract.description, *contract.touch, *contract.targets))
    found = 0
    for name in dict.fromkeys(each.strip(".") for each in _PATH.findall(words)):
        path = directory / name
        if found < MOST_NAMED and name and _is_inside(path, directory):
            found += 1
            yield path


def _is_inside(path: Path, directory: Path) -> bool:
    try:
        return path.is_file() and path.resolve().is_relative_to(directory.resolve())
    except (OSError, ValueError):
        return False
