"""Builders for tests around models: asks, routes, and a gateway with a clock that nobody waits for."""

import asyncio
import random
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from swarm.models.conversation import Answer, Ask, Models, Text, Turn
from swarm.models.gateway import ModelGateway, Surroundings
from swarm.models.patience import Patience
from swarm.models.prices import Price
from swarm.models.routes import Route
from swarm.testing.wire import ModelServer

KEY = "sk-ant-canary-3f9a1c77"
"""What must never be found where agents, journals and logs are."""

TEN_A_TOKEN = Price(
    input=10_000_000, output=10_000_000, cache_read=1_000_000, cache_write=10_000_000
)
"""Ten micro-USD a token."""


def an_ask(text: str = "hello", **given: object) -> Ask:
    fields: dict[str, object] = {
        "engine": "claude",
        "purpose": "work",
        "account": "g-000001.t1",
        "cap": 10**9,
        "limit": 10**9,
        "system": "You are asked.",
        "turns": (Turn(speaker="user", blocks=(Text(text=text),)),),
        "max_tokens": 100,
    }
    return Ask.model_validate(fields | given)


def a_route(server: ModelServer, **given: object) -> Route:
    fields: dict[str, object] = {
        "name": "claude",
        "protocol": "anthropic",
        "model": "fake-model",
        "base_url": server.url,
        "key": SecretStr(KEY),
        "price": TEN_A_TOKEN,
    }
    if given.get("protocol") == "openai":
        fields["base_url"] = server.openai_url
    return Route.model_validate(fields | given)


@dataclass
class Rests:
    """A clock that jumps when somebody rests. Milliseconds since 1970, from a day in 2026."""

    at: int = 1_790_000_000_000
    rested: list[float] = field(default_factory=list)

    async def rest(self, seconds: float) -> None:
        self.rested.append(seconds)
        self.at += int(seconds * 1000) + 1
        await asyncio.sleep(0)

    def surroundings(self) -> Surroundings:
        return Surroundings(
            clock=lambda: self.at / 1000,
            now=lambda: self.at,
            rest=self.rest,
            chance=random.Random(1),
        )


def a_gateway(
    folder: Path,
    *routes: Route,
    patience: Patience | None = None,
    rests: Rests | None = None,
) -> ModelGateway:
    world = Surroundings() if rests is None else rests.surroundings()
    return ModelGateway(routes, folder, patience=patience, surroundings=world)


def asked(gateway: ModelGateway, *asks: Ask) -> list[Answer]:
    """The answers, one after the other; the gateway is closed at the end."""

    async def ask_all() -> list[Answer]:
        try:
            return [await gateway.ask(each) for each in asks]
        finally:
            await gateway.close()

    return asyncio.run(ask_all())


@dataclass
class ScriptedModels:
    """Implements `Models` without a wire: the answers in order, then the last for ever."""

    answers: tuple[Answer, ...]
    heard: list[Ask] = field(default_factory=list)

    async def ask(self, ask: Ask) -> Answer:
        self.heard.append(ask)
        return self.answers[min(len(self.heard), len(self.answers)) - 1]


_IMPLEMENTS: type[Models] = ScriptedModels
