"""What the tests of the command line share: states folded from stories, and what a terminal shows."""

import io
from collections.abc import Sequence

from rich.console import Console, RenderableType

from swarm.coordination.public_api import GoalState, fold
from swarm.domain.events import EVENT, Event
from swarm.domain.names import GoalId

NOW = 1_760_000_060_000


def folded(*stories: Sequence[Event]) -> dict[GoalId, GoalState]:
    """The events as the journal gives them back, folded."""
    goals: dict[GoalId, GoalState] = {}
    for story in stories:
        for event in story:
            fold(goals, EVENT.validate_json(EVENT.dump_json(event)))
    return goals


def state_of(story: Sequence[Event]) -> GoalState:
    (state,) = folded(story).values()
    return state


def shown(view: RenderableType, *, width: int = 120) -> str:
    """What is seen, without colours."""
    console = Console(file=io.StringIO(), record=True, width=width, markup=False, emoji=False)
    console.print(view)
    return console.export_text()
