"""What is asked of a model and what it answers, whatever the provider.

A conversation only grows at its end, so that a provider can use again what it has read before. What a
provider wants to see again exactly as it sent it (thinking) is kept as it came and never looked into.
"""

from typing import Annotated, Literal, Protocol

from pydantic import Field

from swarm.domain.frozen import Frozen
from swarm.domain.money import MicroUsd

Purpose = Literal["work", "plan", "review"]
"""What the answer is for."""

Stop = Literal[
    "end", "tools", "max-tokens", "refusal", "paused", "context-full", "stop-sequence", "unknown"
]
"""Why the model stopped, over all providers. `unknown`: a reason that did not exist yet."""


class Text(Frozen):
    type: Literal["text"] = "text"
    text: str


class Thinking(Frozen):
    """Opaque; goes back to the provider as it came."""

    type: Literal["thinking"] = "thinking"
    raw: dict[str, str]


class Call(Frozen):
    """A tool that the model wants used."""

    type: Literal["call"] = "call"
    id: str
    name: str
    arguments: dict[str, object] = Field(default_factory=dict)
    broken: str = ""
    """Why the arguments cannot be read; then nothing may be executed."""


class Result(Frozen):
    """What came of a call."""

    type: Literal["result"] = "result"
    call: str
    text: str
    failed: bool = False


Block = Annotated[Text | Thinking | Call | Result, Field(discriminator="type")]


class Turn(Frozen):
    speaker: Literal["user", "model"]
    blocks: tuple[Block, ...]


class Tool(Frozen):
    name: str
    description: str
    parameters: dict[str, object]
    """JSON Schema of the arguments."""


class Measured(Frozen):
    """An earlier request of the same conversation: its bytes, and the tokens these turned out to be.

    Whatever is added later has at most as many tokens as bytes.
    """

    size: int = 0
    tokens: int = 0


class Ask(Frozen):
    """One request, and whose money it may cost."""

    engine: str
    """Name of a route."""

    purpose: Purpose
    account: str
    """Whose money: a task's id."""

    cap: MicroUsd
    """What the account may ever come to, spent and reserved."""

    limit: MicroUsd
    """What this one call may cost at most."""

    system: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    max_tokens: int = Field(gt=0)
    measured: Measured = Measured()
    salt: str = ""
    """Asked for another reason, the same words are another question."""


class Usage(Frozen):
    """Tokens, as the provider counted them."""

    fresh: int = 0
    """Read for the full price."""

    cache_read: int = 0
    cache_written: int = 0
    output: int = 0

    @property
    def input(self) -> int:
        return self.fresh + self.cache_read + self.cache_written


class Answer(Frozen):
    blocks: tuple[Block, ...]
    stop: Stop
    usage: Usage
    model: str
    """As the provider named it: which version really answered."""

    cost: MicroUsd = 0
    size: int = 0
    """Bytes of the request."""

    replayed: bool = False

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(block for block in self.blocks if isinstance(block, Call))

    @property
    def text(self) -> str:
        return "\n".join(block.text for block in self.blocks if isinstance(block, Text))


class Models(Protocol):
    """What engines see of the gateway: no key, no address."""

    async def ask(self, ask: Ask) -> Answer:
        """Raises Exhausted when the money does not reach, Transient when it may work later, Rejected
        for what will never work, NeedsHuman for keys and bills.
        """
        ...
