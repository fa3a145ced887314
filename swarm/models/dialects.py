"""The protocols that the gateway speaks, each as four things that it needs of one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from swarm.models import completions, generating, messages, reckoned, responses
from swarm.models.conversation import Answer, Ask
from swarm.models.events import ServerEvent
from swarm.models.routes import Speech


class Assembly(Protocol):
    """Puts an answer together from its events."""

    done: bool

    def feed(self, event: ServerEvent) -> bool:
        """True when it carried content. Raises Trouble."""
        ...

    def answer(self) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    path: str
    """Below the route's address; `{model}` in it stands for the model."""

    headers: Callable[[str], dict[str, str]]
    """Of a key."""

    encode: Callable[[Ask, str], bytes]
    assembly: Callable[[], Assembly]


DIALECTS: dict[Speech, Dialect] = {
    "anthropic": Dialect(messages.PATH, messages.headers, messages.encode, messages.Assembly),
    "openai": Dialect(
        completions.PATH, completions.headers, completions.encode, completions.Assembly
    ),
    "responses": Dialect(responses.PATH, responses.headers, reckoned.encode, responses.Assembly),
    "gemini": Dialect(generating.PATH, generating.headers, reckoned.encode, generating.Assembly),
}
