"""What of its model's window is left for a task, when the user's own agent has told itself what it is.

Such a program brings long instructions and many tools, and asks for long answers; what remains is less than the
window, in a small one nothing. It shortens its conversation by itself, but the task's own words and files have to
fit. What does not is not bid for, as with our own loop (`swarm.engines.model.room`).
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from pydantic import Field

from swarm.domain.bids import Decline, declines_beyond
from swarm.domain.frozen import Frozen
from swarm.models.public_api import known_window

TOLD = 3_000
"""Tokens of the contract's form around the task, and of what the agent says of the place it is in."""

INSTRUCTIONS, ANSWER, USUAL = 25_000, 8_192, 200_000
"""Assumed of an agent that no row names: what it brings, how long it answers, how much its model reads."""


class Demand(Frozen):
    name: str
    version: str
    seen: date
    provider: str
    """Whose models it asks where it has the user's login."""

    instructions: int = Field(ge=0)
    answer: int = Field(ge=0)
    tokens: int = Field(gt=0)


@cache
def demands() -> dict[str, Demand]:
    file = resources.files("swarm.engines.cli").joinpath("windows.toml")
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["agent"]
    return {each.name: each for each in map(Demand.model_validate, rows)}


@dataclass(frozen=True, slots=True)
class Room:
    title: str
    """Of the agent, for people."""

    model: str
    """Empty: nobody said which."""

    window: int
    taken: int

    @property
    def for_tasks(self) -> int:
        return self.window - self.taken - TOLD

    def declines(self) -> tuple[Decline, ...]:
        """What is not bid for."""
        whose = self.model or self.title
        return declines_beyond(
            self.for_tasks,
            nothing=f"{self.title}'s own instructions, its tools and an answer take {self.taken + TOLD:,} "
            f"tokens, {whose} has {self.window:,}",
            large=f"more than {self.for_tasks:,} tokens of task and files, which is what {self.title} leaves "
            f"of the {self.window:,} of {whose}",
        )


def room_of(name: str, title: str, model: str, window: int, on: date) -> Room:
    """`window`: as the user says, or as the gateway's route does; 0: nobody does, and then the table says
    it of the model, or of the agent.
    """
    demand = demands().get(name)
    if demand is None:
        return Room(title, model, window or USUAL, INSTRUCTIONS + ANSWER)
    plain = model.rpartition("/")[2]
    known = known_window(demand.provider, plain, on) if plain else None
    return Room(title, model, window or known or demand.tokens, demand.instructions + demand.answer)
