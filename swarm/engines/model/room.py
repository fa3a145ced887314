"""What of a model's window is taken before work begins, and what is left for the task and the conversation.

In tokens, reckoned as three characters each: code comes to a little more, and no model is asked to count
before it bids. A task that does not fit is not bid for: its work would end at the first long answer, and be
paid for.
"""

from dataclasses import dataclass

from swarm.domain.bids import Decline, declines_beyond
from swarm.engines.model import telling, toolbox
from swarm.engines.model.transcript import KEPT_TURNS, MOST
from swarm.engines.model.trimming import MOST as MOST_RESULT

CHARACTERS = 3
"""Of one token."""

ANSWER = 8_192
"""Tokens of one answer, at most."""

OPENING = 12_000
"""Tokens of an opening beside the task itself: files, map, tests, guides, each as long as it may be."""

FOREIGN = 400
"""Tokens that another's tool is described with, about."""


@dataclass(frozen=True, slots=True)
class Room:
    """Of one model with so many tools of others beside ours."""

    model: str
    window: int
    foreign: int = 0

    @property
    def fixed(self) -> int:
        """Tokens of every request that no task can do without: rules, tools, and space for the answer."""
        tools = sum(len(tool.model_dump_json()) for tool in toolbox.offered("writer"))
        return (len(telling.system()) + tools) // CHARACTERS + FOREIGN * self.foreign + ANSWER

    @property
    def for_tasks(self) -> int:
        """Tokens that a task's own words and files may have."""
        return self.window - self.fixed - OPENING

    @property
    def conversation(self) -> int:
        """Characters from which on a conversation is shortened; until the next time it grows by half."""
        return min(MOST, max(0, self.window - self.fixed) * CHARACTERS * 2 // 3)

    @property
    def kept(self) -> int:
        """So many of the last turns stay whole; where there is little room, those that surely fit."""
        if self.conversation == MOST:
            return KEPT_TURNS
        return max(1, min(KEPT_TURNS, self.conversation // (2 * MOST_RESULT)))

    def declines(self) -> tuple[Decline, ...]:
        """What is not bid for."""
        return declines_beyond(
            self.for_tasks,
            nothing=f"rules, tools, an answer and a map take {self.fixed + OPENING:,} tokens, "
            f"{self.model} has {self.window:,}",
            large=f"more than {self.for_tasks:,} tokens of task and files, "
            f"which is what the {self.window:,} of {self.model} leave",
        )


AMPLE = Room("", 1_000_000)
"""For who knows of no limit."""
