"""What a set of tools is to whoever uses them, ours and others' alike: MCP's own form, without its wire.

A tool is a name, words, and a JSON schema; calling it comes to text that may be a failure. Our own tools
are called directly and others' through their server, and nobody who calls sees a difference.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from swarm.domain.frozen import Frozen
from swarm.domain.names import Digest


class ToolCard(Frozen):
    """What is told of a tool. Of others' tools every word may be an enemy's."""

    name: str
    description: str
    parameters: dict[str, object]
    """JSON Schema of the arguments."""

    @property
    def digest(self) -> Digest:
        """Of all that a model would be told."""
        told = [self.name, self.description, self.parameters]
        plain = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return Digest(hashlib.sha256(plain.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a call."""

    text: str
    failed: bool = False


class Kit(Protocol):
    @property
    def cards(self) -> tuple[ToolCard, ...]: ...
    async def call(self, name: str, arguments: Mapping[str, object]) -> Told:
        """Raises nothing for what a tool, its server or its arguments do: that is told."""
        ...
