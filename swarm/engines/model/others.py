"""Others' tools beside our own: what they say reaches the model in an envelope, shortened and cleaned."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from swarm.engines.model.telling import envelope
from swarm.engines.model.tools import Bench
from swarm.engines.model.trimming import legible, trimmed
from swarm.tools.public_api import ForeignKit, Told, ToolCard


@dataclass(slots=True)
class OthersKit:
    """Implements Kit. Its cards stay what they were at the beginning, as the conversation does: a tool
    that is taken out of use says so when it is called.
    """

    bench: Bench
    foreign: ForeignKit
    cards: tuple[ToolCard, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.cards = self.foreign.cards

    async def call(self, name: str, arguments: Mapping[str, object]) -> Told:
        self.bench.may_have_changed = True  # its server works in the same tree
        told = await self.foreign.call(name, arguments)
        text = trimmed(legible(told.text.encode("utf-8", "replace")))
        return Told(envelope(f"tool {name}", text), told.failed)
