"""What an agent with a mind of its own asks of a model through the gateway: passed on within bounds.

Such an agent speaks the provider's protocol by itself and knows no key. Its request is kept as it is but for
what would get around the bounds: the model is the route's, the answer has a limit, and it comes as a stream,
because that is what is read and reckoned here.
"""

import json
from collections.abc import Mapping
from typing import Protocol

from swarm.domain.errors import Rejected
from swarm.domain.frozen import Frozen
from swarm.models.conversation import Models
from swarm.models.routes import Speech

MOST_TOKENS = 16_384
"""Of one answer."""

_LIMITS = {
    "anthropic": "max_tokens",
    "openai": "max_completion_tokens",
    "responses": "max_output_tokens",
}
_HEADERS = frozenset({"anthropic-beta"})


class Passing(Frozen):
    engine: str
    account: str
    cap: int
    """Micro-USD that the account may come to."""

    limit: int
    """Micro-USD that this call may cost."""

    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Passed(Frozen):
    stream: bytes
    """The answer's events, as they came."""

    cost: int
    read: int
    """Tokens, as the provider told them."""

    cached: int
    written: int


class Passages(Protocol):
    async def pass_on(self, passing: Passing) -> Passed:
        """Raises as `Models.ask` does."""
        ...


class Minded(Models, Passages, Protocol):
    """A gateway, or who reaches one."""


def bounded(body: bytes, model: str, protocol: Speech = "anthropic") -> tuple[bytes, int]:
    """The request within its bounds, and the most tokens of its answer. Raises Rejected."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Rejected("that is no request to a model") from error
    if not isinstance(told, dict):
        raise Rejected("that is no request to a model")
    if protocol == "gemini":
        return _bounded_config(told)
    name = _LIMITS[protocol]
    wanted = told.get(name)
    most = wanted if isinstance(wanted, int) and 0 < wanted < MOST_TOKENS else MOST_TOKENS
    told |= {"model": model, "stream": True, name: most}
    thinking = told.get("thinking")
    if isinstance(thinking, dict) and isinstance(budget := thinking.get("budget_tokens"), int):
        told["thinking"] = {**thinking, "budget_tokens": min(budget, most // 2)}
    return json.dumps(told).encode(), most


def _bounded_config(told: dict[str, object]) -> tuple[bytes, int]:
    """Where bounds stand in a table of their own, and the model in the path."""
    given = told.get("generationConfig")
    config = dict(given) if isinstance(given, dict) else {}
    wanted = config.get("maxOutputTokens")
    most = wanted if isinstance(wanted, int) and 0 < wanted < MOST_TOKENS else MOST_TOKENS
    config |= {"maxOutputTokens": most, "candidateCount": 1}
    thinking = config.get("thinkingConfig")
    if isinstance(thinking, dict) and isinstance(budget := thinking.get("thinkingBudget"), int):
        config["thinkingConfig"] = {**thinking, "thinkingBudget": min(budget, most // 2)}
    return json.dumps({**told, "generationConfig": config}).encode(), most


def kept_headers(headers: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Those that a provider reads and that hold no secret."""
    return {
        name: value
        for name, value in headers
        if name in _HEADERS and value.isascii() and value.isprintable() and len(value) < 2_000
    }
